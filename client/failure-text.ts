import type { FailureData } from "../server/protocol.js";
import type { Translate } from "./translate.js";

/** What a message box has room for: what went wrong and what to do. The rest is in the log. */
export function failureMessage({ message, fix }: FailureData, t: Translate): string {
  const what = asSentence(message);
  return fix === undefined ? what : t("{0} What to do: {1}", what, asSentence(fix));
}

/** Everything that is known, one line each, for the log. It is not translated. */
export function failureDetails({ code, message, why, fix, place }: FailureData): string {
  return [
    `error[${code}]: ${message}`,
    ...(place === undefined ? [] : [`  at: ${place}`]),
    ...(why === undefined ? [] : [`  why: ${why}`]),
    ...(fix === undefined ? [] : [`  what to do: ${fix}`]),
  ].join("\n");
}

export interface FilePlace {
  readonly path: string;
  /** From zero. */
  readonly line: number;
  readonly character: number;
}

/** `/a/b.reprod:3:7` as a place to go to; undefined for a place that is no line of a file. */
export function filePlace(place: string | undefined): FilePlace | undefined {
  const [, path, line, column = "1"] = /^(.+?):(\d+)(?::(\d+))?$/.exec(place ?? "") ?? [];
  if (path === undefined || line === undefined) return undefined;
  return { path, line: Math.max(0, Number(line) - 1), character: Math.max(0, Number(column) - 1) };
}

/** The engine's messages go on after `error[code]:`; here each stands for itself. */
export function asSentence(text: string): string {
  // A name stays as it is: `reprod.json: "}" is missing`.
  const trimmed = text.trim().replace(/^[a-z](?=[a-z]*(?:[\s,:;!?]|\.?$))/, (letter) => letter.toUpperCase());
  return /[.!?:…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

export function isFailureData(data: unknown): data is FailureData {
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    "message" in data &&
    typeof data.message === "string"
  );
}
