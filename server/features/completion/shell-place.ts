/**
 * Where a place in a shell script stands: among words, within double quotes (or arithmetic, or a here-document), where
 * a variable needs no quotes of its own, or where the shell replaces nothing.
 */
export type ShellPlace = "plain" | "quoted" | "literal";

/** Levels of `$(…)` and quotes that are told apart. */
const DEEPEST = 100;

/** Of the end of `script`. One pass; it is a scanner, not a shell, and in doubt says `plain`. */
export function shellPlace(script: string): ShellPlace {
  /** What is open: `"`, the bracket that ends a substitution, or `))` of arithmetic. */
  const open: ('"' | ")" | "}" | "))")[] = [];
  const documents: { readonly end: string; readonly quoted: boolean }[] = [];
  let at = 0;
  while (at < script.length) {
    const character = script[at];
    const top = open.at(-1);
    if (character === "\\") {
      at += 2;
    } else if (character === '"') {
      if (top === '"') open.pop();
      else if (open.length < DEEPEST) open.push('"');
      at++;
    } else if (character === "'" && top !== '"' && top !== "))") {
      const end = script.indexOf("'", at + 1);
      if (end < 0) return "literal";
      at = end + 1;
    } else if (script.startsWith("$((", at)) {
      if (open.length < DEEPEST) open.push("))");
      at += 3;
    } else if (script.startsWith("$(", at)) {
      if (open.length < DEEPEST) open.push(")");
      at += 2;
    } else if (script.startsWith("${", at)) {
      if (open.length < DEEPEST) open.push("}");
      at += 2;
    } else if (top === "))" && script.startsWith("))", at)) {
      open.pop();
      at += 2;
    } else if (top !== undefined && top !== '"' && character === top) {
      open.pop();
      at++;
    } else if (
      character === "#" &&
      top !== '"' &&
      top !== "}" &&
      /(?:^|[\s;&|(])$/.test(script.slice(at - 1, at))
    ) {
      const end = script.indexOf("\n", at);
      if (end < 0) return "literal";
      at = end;
    } else if (character === "\n" && documents.length > 0) {
      at++;
      for (const document of documents.splice(0)) {
        const end = endOfDocument(script, at, document.end);
        if (end === undefined) return document.quoted ? "literal" : "quoted";
        at = end;
      }
    } else if (top !== '"' && script.startsWith("<<", at) && script[at + 2] !== "<") {
      const match = /^<<-?[ \t]*(['"\\]?)([\w.-]+)/.exec(script.slice(at, at + 200));
      if (match?.[2] !== undefined) documents.push({ end: match[2], quoted: match[1] !== "" });
      at += match?.[0].length ?? 2;
    } else {
      at++;
    }
  }
  // `${` that is being typed belongs to what stands around it.
  while (open.at(-1) === "}") open.pop();
  return open.at(-1) === '"' || open.at(-1) === "))" ? "quoted" : "plain";
}

/** Behind the line that ends a here-document. */
function endOfDocument(script: string, from: number, end: string): number | undefined {
  for (let line = from; line < script.length; ) {
    const newline = script.indexOf("\n", line);
    const text = script.slice(line, newline < 0 ? script.length : newline).trim();
    if (newline >= 0 && text === end) return newline + 1;
    if (newline < 0) return undefined;
    line = newline + 1;
  }
  return undefined;
}
