/** What an officer saw of a plan, set beside what it is now. Pure. */

import type { Text, WaitingLine, WaitingPlan } from '../live';

/** People on a line, by any measure. */
export function peopleOf({ line }: WaitingLine): number {
  return Object.values(line.price.affected).reduce((sum, people) => sum + people, 0);
}

/** A line that asks for more than the officer saw. */
export interface Worse {
  key: string;
  title: Text;
  /** It was not there before. */
  joined: boolean;
  people: { was: number; is: number };
  days: { was: number; is: number };
}

/** Lines that joined or ask for more people or days since the picture that the officer saw. */
export function grewWorse(seen: WaitingPlan, newest: WaitingPlan): Worse[] {
  const before = new Map(seen.lines.map((waiting) => [waiting.line.key, waiting]));
  const worse: Worse[] = [];
  for (const now of newest.lines) {
    const was = before.get(now.line.key);
    const people = { was: was ? peopleOf(was) : 0, is: peopleOf(now) };
    const days = { was: was?.line.price.person_days ?? 0, is: now.line.price.person_days };
    const joined = !was && !now.follows;
    if (joined || (was && (people.is > people.was || days.is > days.was))) {
      worse.push({ key: now.line.key, title: now.line.title, joined, people, days });
    }
  }
  return worse;
}

/** Whether anything that an officer decides on differs. */
export function differs(seen: WaitingPlan, newest: WaitingPlan): boolean {
  const essence = (plan: WaitingPlan) =>
    JSON.stringify(plan.lines.map((waiting) => [waiting.line.key, waiting.mine, waiting.said_yes.length, peopleOf(waiting), waiting.line.price.person_days]));
  return essence(seen) !== essence(newest);
}

/** The lines that somebody answers, the officer's own first; and how many come with them. */
export function answerable(plan: WaitingPlan): { lines: WaitingLine[]; following: WaitingLine[] } {
  const lines = plan.lines.filter(({ follows }) => !follows);
  return { lines: [...lines.filter(({ mine }) => mine), ...lines.filter(({ mine }) => !mine)], following: plan.lines.filter(({ follows }) => follows) };
}

/** Lines that this officer may answer, and what they cost together. */
export function mine(plan: WaitingPlan, left: ReadonlySet<string>): { keys: string[]; people: number; days: number; judged: number } {
  const chosen = plan.lines.filter((waiting) => waiting.mine && !left.has(waiting.line.key));
  return {
    keys: chosen.map(({ line }) => line.key),
    people: chosen.reduce((sum, waiting) => sum + peopleOf(waiting), 0),
    days: chosen.reduce((sum, { line }) => sum + line.price.person_days, 0),
    judged: chosen.reduce((sum, { line }) => sum + line.price.person_days_on_judgement, 0),
  };
}
