import { parse } from "../../language/parser.js";
import { t } from "../words.js";
import type { FixesOf } from "./fix.js";
import { changeTo } from "./suggestion.js";

/** `\d` is most likely a backslash that is meant as one. */
export const badEscape: FixesOf = (place) => [
  {
    title: t("Double the backslash"),
    edits: [place.insert(place.span.start, "\\")],
    preferred: true,
    safe: true,
  },
];

/** The quote belongs behind the text: before the brackets and commas that end the line, where that reads better. */
export const unclosedString: FixesOf = (place) => {
  const { declaration, text, span } = place;
  if (declaration === undefined) return [];
  const tail = /[\s)\]},]*$/.exec(text.slice(span.start + 1, span.end))?.[0] ?? "";
  const before = text.slice(declaration.offset, span.end);
  const rest = text.slice(span.end);
  let best = span.end;
  let fewest = Number.POSITIVE_INFINITY;
  for (let at = span.end - tail.length; at <= span.end; at++) {
    const closed = `${before.slice(0, at - declaration.offset)}"${before.slice(at - declaration.offset)}${rest}`;
    const { problems, length } = parse(closed).declarations[0] ?? { problems: [], length: 0 };
    // Among equals the one that leaves least outside of the string: it is the text as it was typed.
    const weight = problems.length * 1000 - Math.min(999, length);
    if (weight >= fewest) continue;
    fewest = weight;
    best = at;
  }
  return [{ title: t("Close the string"), edits: [place.insert(best, '"')], preferred: true }];
};

/** The script ends where the checker takes it to end. */
export const unclosedScript: FixesOf = (place) => {
  const run = place.around("run");
  if (run === undefined) return [];
  const { end, start } = place.absolute(run.scriptSpan);
  const ticks = place.text.slice(place.span.start, place.span.end);
  const indentation = place.indentation(place.absolute(run.span).start);
  const isNewLine = end <= start || place.text[end - 1] === "\n";
  const fence = `${isNewLine ? "" : place.newline}${indentation}${ticks}${place.newline}`;
  return [{ title: t("Close the script"), edits: [place.insert(end, fence)], preferred: true }];
};

/** An absolute path of an out begins in the working folder all the same. */
export const outPath: FixesOf = (place) => {
  const value = place.exact();
  const first = value?.kind === "string" ? value.parts[0] : undefined;
  if (first?.kind !== "text") return [];
  const written = place.source(first.span);
  const relative = written.replace(/^\/+/, "");
  if (relative === written || relative === "") return [];
  return [
    {
      title: changeTo(relative),
      edits: [place.rewrite(first.span, relative)],
      preferred: true,
    },
  ];
};

/** A staged name without its folders, or none for what is no single file. */
export const stagedName: FixesOf = (place) => {
  const clause = place.around("in");
  const staged = clause?.stagedAs;
  if (clause === undefined || staged === undefined) return [];
  const written = place.source(staged.span).slice(1, -1);
  const name = written.slice(written.lastIndexOf("/") + 1).replace(/^-+/, "");
  const type = place.absolute(clause.type.span);
  const without = {
    title: t("Stage it under its own name"),
    edits: [place.replace({ start: type.end, end: place.absolute(staged.span).end }, "")],
  };
  if (name === "" || name === written) return [without];
  return [
    {
      title: changeTo(name),
      edits: [place.rewrite(staged.span, `"${name}"`)],
      preferred: true,
    },
    without,
  ];
};
