import { showType, type Type } from "../language/types.js";

/** A text as a string of the language, in double quotes. */
export function quotedText(text: string): string {
  return `"${inString(text)}"`;
}

/** A text as it stands between the quotes of a string. */
export function inString(text: string): string {
  return text.replace(/[\\"\u0000-\u001f\u007f-\u009f\ufeff]|\$(?=\{)/g, (character) => {
    switch (character) {
      case "\n":
        return "\\n";
      case "\t":
        return "\\t";
      case "\\":
      case '"':
      case "$":
        return `\\${character}`;
      default:
        return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    }
  });
}

/** A type as it is shown. That a text is always the same is of no interest: its value stands beside it. */
export function typeText(type: Type): string {
  return type.kind === "choice" && type.choices.length === 1 ? "String" : showType(type);
}
