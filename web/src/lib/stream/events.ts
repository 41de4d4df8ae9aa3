/** Reads `text/event-stream` from chunks, as the browser's EventSource would, which cannot send a token. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** Feed it chunks of text as they come; it gives back the events that are complete. */
export class EventReader {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** Comments (`: alive`) and unknown fields are skipped. An event ends at an empty line. */
  feed(chunk: string): ServerEvent[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    const events: ServerEvent[] = [];
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') this.#finish(events);
      else this.#take(line);
    }
    return events;
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    if (field === 'data') this.#data.push(value);
  }

  #finish(events: ServerEvent[]): void {
    if (this.#data.length > 0) events.push({ name: this.#name || 'message', data: this.#data.join('\n') });
    this.#name = '';
    this.#data = [];
  }
}
