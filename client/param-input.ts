import type { Translate } from "./translate.js";

/** The choices of `"a" | "b"`, of `Bool`, or undefined for a type whose values are typed in. */
export function choicesOf(type: string): readonly string[] | undefined {
  const trimmed = type.trim();
  if (trimmed === "Bool") return ["true", "false"];
  const parts = trimmed.split("|").map((part) => part.trim());
  const texts = parts.map((part) => /^"((?:[^"\\]|\\.)*)"$/.exec(part)?.[1]);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** What is wrong with a text as a value of a type, as far as the text alone tells; the server checks the rest. */
export function problemWith(text: string, type: string, t: Translate): string | undefined {
  const trimmed = text.trim();
  switch (type.trim()) {
    case "Int":
      return /^-?\d+$/.test(trimmed) ? undefined : t("A whole number, such as 20");
    case "Float":
      return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)
        ? undefined
        : t("A number, such as 0.05");
    case "File":
    case "Dir":
      return trimmed === "" ? t("A path, relative to the workspace folder") : undefined;
    default:
      return undefined;
  }
}
