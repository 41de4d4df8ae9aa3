/** How many records of this device the office does not have yet. Written by the lane, read by whoever would open the page anew. */
class Waiting {
  records = $state(0);
}

/** One for the page. */
export const waiting = new Waiting();
