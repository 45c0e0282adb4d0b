/**
 * A node's name as people type it, in the form in which the graph writes it: `aligned["a",2]` and
 * `aligned[ "a" , 2 ]` are both `aligned["a", 2]` (language.md rule 7). Text that is no node name comes back as it is,
 * so that the answer "there is no such node" quotes what was typed.
 */
export function nodeName(text: string): string {
  const bracket = text.indexOf("[");
  if (bracket < 0 || !text.trimEnd().endsWith("]")) return text.trim();
  const family = text.slice(0, bracket).trim();
  const inside = text.slice(bracket + 1, text.lastIndexOf("]"));
  try {
    // Keys are JSON literals, so that a list of them is a JSON list; floats keep how they were written.
    const keys: unknown = JSON.parse(`[${inside}]`);
    if (!Array.isArray(keys) || keys.length === 0) return text;
  } catch {
    return text;
  }
  return `${family}[${splitKeys(inside).join(", ")}]`;
}

/** Splits at commas outside of strings. The text has parsed as a JSON list of literals before. */
function splitKeys(inside: string): string[] {
  return [...inside.matchAll(/"(?:[^"\\]|\\.)*"|[^\s,"]+/g)].map((match) => match[0]);
}

/** `filtered["a"].vcf` is node `filtered["a"]`, out `vcf`; without an out it is undefined. */
export function nodeAndOut(text: string): { readonly node: string; readonly out: string | undefined } {
  const trimmed = text.trim();
  const match = /^(.*[\]\w])\.([A-Za-z_]\w*)$/su.exec(trimmed);
  const node = match?.[1];
  return node === undefined
    ? { node: nodeName(trimmed), out: undefined }
    : { node: nodeName(node), out: match?.[2] };
}
