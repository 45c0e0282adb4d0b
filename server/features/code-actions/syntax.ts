import { t } from "../words.js";
import type { Fix, FixesOf } from "./fix.js";
import { changeTo, suggestion } from "./suggestion.js";

/** Words of other languages, comments and strings of other languages, and a sign that is missing. */
export const syntaxProblem: FixesOf = (place) => {
  const suggested = suggestion(place);
  if (suggested.length > 0) return suggested;
  const { text, span, problem } = place;
  const written = text.slice(span.start, span.end);
  if (written.startsWith("#"))
    return [changed("//", place.replace({ start: span.start, end: span.start + 1 }, "//"))];
  if (written.startsWith("/*")) {
    const inside = written.replace(/^\/\*+\s*/, "").replace(/\s*\*+\/\s*$/, "");
    return [changed("//", place.replace(span, `// ${inside}`))];
  }
  if (/^'[^'"\\]*'$/.test(written))
    return [changed(`"${written.slice(1, -1)}"`, place.replace(span, `"${written.slice(1, -1)}"`))];
  const missing = /^expected "([^"a-z]{1,2}|to|from|in)"/.exec(problem.message)?.[1];
  if (missing === undefined) return [];
  // Right behind what stands before, or before what stands there instead, with the blanks that the layout has.
  const isTight = /^[)\]},:]$/.test(missing);
  const gap = isTight ? (/[ \t]*$/.exec(text.slice(0, span.start))?.[0].length ?? 0) : 0;
  const at = span.start - gap;
  const before = isTight || /\s$/.test(text.slice(0, at)) ? "" : " ";
  const after = /^[)\]]$/.test(missing) || at === text.length || /\s/.test(text.charAt(at)) ? "" : " ";
  return [
    {
      title: t('Insert "{0}"', missing),
      edits: [place.insert(at, `${before}${missing}${after}`)],
      preferred: true,
    },
  ];
};

function changed(to: string, edit: NonNullable<Fix["edits"]>[number]): Fix {
  return { title: changeTo(to), edits: [edit], preferred: true };
}
