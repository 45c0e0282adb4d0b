import { unknownArgument } from "../../language/checks/unknown-argument.js";
import { t } from "../words.js";
import type { Fix, FixesOf } from "./fix.js";

/** What the checker itself proposes: "did you mean …?". */
export const suggestion: FixesOf = (place) => {
  const { problem } = place;
  if (problem.suggestion === undefined) return [];
  const argument = place.around("node-argument");
  // Of an argument alone the value is meant, and its name stays.
  const isValue =
    argument?.shorthand === true &&
    place.absolute(argument.span).start === problem.span.start &&
    problem.rule.code !== unknownArgument.code;
  const text = isValue ? `${argument.name.text}: ${problem.suggestion}` : problem.suggestion;
  return [suggested(place.replace(problem.span, text), text)];
};

function suggested(edit: NonNullable<Fix["edits"]>[number], text: string): Fix {
  return { title: changeTo(text.trim()), edits: [edit], preferred: true, safe: true };
}

/** A title with what stands there afterwards, in quotes unless it has some itself. */
export function changeTo(text: string): string {
  return text.includes('"') ? t("Change to {0}", text) : t('Change to "{0}"', text);
}
