import { formatTree, readTrivia, type Trivia } from "./format-tree.js";
import { FormatWriter } from "./format-writer.js";
import { commentsOf } from "./lexer.js";
import { parse } from "./parser.js";
import type { SourceFile } from "./syntax.js";

/**
 * The text in the one layout of the language: two spaces a level, one space around operators, at most one blank
 * line in a row; blocks and lists that the author broke into lines stay broken, and what is longer than a line
 * is broken at its outermost bracket. Comments and scripts keep their text, scripts move as a whole. Formatting
 * twice changes nothing more. A declaration with a syntax problem is left as it is.
 */
export function format(text: string): string {
  const before = parse(text);
  const formatted = layOut(before);
  if (formatted === text) return text;
  // In broken text, where one declaration ends can depend on the columns of the next; a formatter that changes
  // what a text means is worse than none, so the result is read again and dropped when it means something else.
  return meaning(parse(formatted)) === meaning(before) ? formatted : text;
}

const PLACES = new Set(["span", "interpreterSpan", "scriptSpan", "indentation"]);

/** Declarations and comments without their places, as text that can be compared: what formatting keeps. */
export function meaning(file: SourceFile): string {
  const statements = file.declarations.map(({ statement }) => statement);
  const withoutPlaces = JSON.stringify(statements, (key, value: unknown) =>
    PLACES.has(key) ? undefined : value,
  );
  return withoutPlaces + JSON.stringify(commentsOf(file.text).map((comment) => comment.text));
}

/** What `format` does before it looks at its own result. */
export function layOut(file: SourceFile): string {
  const { text } = file;
  const writer = new FormatWriter();
  let end = 0;
  let broken = false;
  for (const declaration of file.declarations) {
    const { offset, length, statement, problems } = declaration;
    const start = offset + statement.span.start;
    const gap = readTrivia(text, end, start, end > 0);
    const joins = end > 0 && !gap.newline;
    // What stands on the line of a broken declaration is not moved to a line of its own: that would mend it.
    broken = problems.length > 0 || (joins && broken);
    writer.trailingComment(gap.trailing);
    if (joins) writer.verbatim(text.slice(end, start));
    else writer.startLine(gap, 0);
    end = offset + length;
    if (broken) writer.verbatim(text.slice(start, end));
    else writer.item(formatTree(text, declaration), 0, 0);
  }
  const rest: Trivia = readTrivia(text, end, text.length, end > 0);
  writer.trailingComment(rest.trailing);
  writer.comments(rest, 0);
  const result = writer.finish();
  return text.charAt(text.indexOf("\n") - 1) === "\r" ? result.replaceAll("\n", "\r\n") : result;
}
