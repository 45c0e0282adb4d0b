import type { JournalLine } from "../run/events.js";
import { eventLine, type RunProgress } from "./progress.js";
import type { Output } from "./terminal.js";

/** Shows the events of a run while they come. */
export interface RunView {
  show(line: JournalLine): void;
  /** A remark of the command itself, in its place among the events. */
  note(text: string): void;
  /** Nothing more comes; what stays on the screen is whole. */
  close(): void;
}

/** A line an event, as it comes: for pipes, files and terminals without cursor movement. */
export function plainView(progress: RunProgress, output: Output, notes: Output): RunView {
  return {
    show(line) {
      const text = eventLine(line, progress, output.colours);
      progress.apply(line);
      if (text !== undefined) output.write(`${text}\n`);
    },
    note: (text) => notes.write(`${text}\n`),
    close() {},
  };
}
