import type { Rule } from "../problems.js";

export const unknownType: Rule = {
  code: "reprod/unknown-type",
  severity: "error",
  what: "A type that does not exist.",
  why: "Without its type a value cannot be checked.",
  fix: 'Use `String`, `Int`, `Float`, `Bool`, `File`, `Dir`, `Bytes`, `Duration`, `Json`, a list `[T]`, an option `T?`, or a choice `"a" | "b"`.',
};
