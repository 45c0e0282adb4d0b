import { type LogLine, readLog } from "../executors/logs.js";
import type { Output } from "./terminal.js";

/** The last lines of an attempt's log. Reads all of it, which is bounded (engine-rules.md D12). */
export async function lastLogLines(folder: string, limit: number): Promise<readonly LogLine[]> {
  const last: LogLine[] = [];
  for await (const line of readLog(folder)) {
    last.push(line);
    if (last.length > limit) last.shift();
  }
  return last;
}

/**
 * A log line's text as a terminal may have it. `readLog` has escaped all but tabs and colours; colours are taken out
 * where none are wanted, and end with the line where they are.
 */
export function logText(line: LogLine, output: Output): string {
  const coloured = line.text.includes("\u001b[");
  if (!coloured) return line.text;
  return output.colours.isColorSupported
    ? `${line.text}\u001b[0m`
    : line.text.replace(/\u001b\[[0-9;:]*m/g, "");
}
