/**
 * The first lines of a fixture that show a problem of this code, with what is drawn below them: examples in the
 * documentation are then things that tests hold to be true.
 */
export function exampleOf(code: string, fixture: string): string | undefined {
  const lines = fixture.split("\n");
  const drawn = lines.findIndex((line) => new RegExp(`~ ${code}[ :]`).test(line));
  if (drawn < 0) return undefined;
  let start = drawn;
  while (start > 0 && /^\s*~+ reprod\//.test(lines[start] ?? "")) start--;
  const squiggle = (lines[drawn] ?? "").replace(/ => .*$/, "").replace(new RegExp(`${code}( [a-z]+)?: `), "");
  const indentation = (lines[start] ?? "").length - (lines[start] ?? "").trimStart().length;
  return [lines[start] ?? "", squiggle].map((line) => line.slice(indentation)).join("\n");
}
