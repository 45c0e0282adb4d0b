import { scriptOffsets } from "../../language/script-names.js";
import { shellVariables } from "../../language/shell-variables.js";
import { t } from "../words.js";
import type { Fix, FixesOf } from "./fix.js";
import { changeTo } from "./suggestion.js";

/** The checker tells of the first use alone; all uses of the script are mended, or the next one would be told of. */
export const shellVariable: FixesOf = (place) => {
  const run = place.around("run");
  const { declaration, problem, text } = place;
  if (run === undefined || declaration === undefined || problem.suggestion === undefined) return [];
  const name = text.slice(place.span.start, place.span.end);
  const offset = scriptOffsets(run, text.slice(declaration.offset, declaration.offset + declaration.length));
  const uses = shellVariables(run.script)
    .uses.filter((use) => use.name === name)
    .map((use) => {
      const start = declaration.offset + offset(use.start);
      return { start, end: start + name.length };
    });
  const suggestion = problem.suggestion;
  const fixes: Fix[] = [
    {
      title: changeTo(suggestion),
      edits: uses.map((span) => place.replace(span, suggestion)),
      preferred: true,
      safe: true,
    },
  ];
  // `$name` and `${name}` only: what has more in it says already what happens without a value.
  const guards = uses.flatMap(({ start, end }) =>
    text[start - 1] === "$"
      ? [place.replace({ start: start - 1, end }, `\${${name}:-}`)]
      : text.slice(start - 2, start) === "${" && text[end] === "}"
        ? [place.insert(end, ":-")]
        : [],
  );
  if (guards.length === uses.length)
    fixes.push({ title: t('Let it be empty where it is not set: "{0}"', `\${${name}:-}`), edits: guards });
  return fixes;
};

/** Lists are what bash has and sh has not. */
export const shList: FixesOf = (place) => {
  const transform = place.around("transform");
  const run = transform?.items.find((item) => item.kind === "run");
  if (run?.kind !== "run") return [];
  return [
    {
      title: changeTo("run bash"),
      edits: [place.rewrite(run.interpreterSpan, "bash")],
      preferred: true,
    },
  ];
};
