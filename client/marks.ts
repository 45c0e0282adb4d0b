import type { ShownState, StateMark } from "../server/protocol.js";

/** The signs of a document, as of a version of its text. */
export interface Marks {
  readonly version: number;
  readonly marks: readonly StateMark[];
}

/** Whether what comes may replace what is shown: an answer about older text must not move signs back. */
export function isNewer(shown: Marks | undefined, next: Marks): boolean {
  return shown === undefined || next.version >= shown.version;
}

export function byState(marks: readonly StateMark[]): ReadonlyMap<ShownState, readonly StateMark[]> {
  const groups = new Map<ShownState, StateMark[]>();
  for (const mark of marks) {
    const group = groups.get(mark.state);
    if (group === undefined) groups.set(mark.state, [mark]);
    else group.push(mark);
  }
  return groups;
}

/** The node statement that a line is in: the innermost, should they ever lie in each other. */
export function markAt(marks: readonly StateMark[], line: number): StateMark | undefined {
  return marks
    .filter(({ range }) => range.start.line <= line && line <= range.end.line)
    .sort((a, b) => b.range.start.line - a.range.start.line)[0];
}
