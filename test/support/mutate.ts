/** Numbers in [0, 1) from a seed, so that a failing case can be repeated (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What people and editors put into a pipeline file, whole, half, and in the wrong place. */
const SNIPPETS = [
  ..."{}[]()\"`'\\,:=.?*/+-<>!&|#$@ \n\t\r\u00e9\u{1F33B}",
  "//",
  "///",
  "/* ",
  "```\n",
  "\n```\n",
  "````",
  "${",
  "\\u{",
  "?.",
  "??",
  "==",
  "&&",
  "node ",
  "let ",
  "for ",
  "for x in xs {",
  "if ",
  "if true {",
  "else ",
  "} else {",
  "in ",
  "and ",
  "not ",
  "true",
  "null",
  "param ",
  "input ",
  "table ",
  "check ",
  "transform ",
  "transform T {\n",
  "target ",
  "publish ",
  "import { ",
  "pipeline ",
  "run bash ",
  "out ",
  "image ",
  "tools ",
  "retry { memory: x2 }",
  "x2",
  "12 GiB",
  "1e",
  "\n\n",
  "\nnode a = B { c }\n",
  "\nparam p: Int = 1\n",
  "\n}\n",
  "[[[[[[",
  "((((((",
  "------",
  "/// doc\n",
];

/** A text with one random change: something taken out, put in, doubled, moved, or the text cut off. */
export function mutate(text: string, random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  const at = below(text.length + 1);
  switch (below(10)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + below(40));
    case 2:
      return random() < 0.1 ? text.slice(0, at) + text.slice(at + 1 + below(text.length - at)) : text;
    case 3: {
      const from = below(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + below(120)) + text.slice(at);
    }
    case 4: {
      const start = text.lastIndexOf("\n", at) + 1;
      const end = text.indexOf("\n", at);
      return text.slice(0, start) + (end < 0 ? "" : text.slice(end + 1));
    }
    case 5:
      return random() < 0.1 ? text.slice(0, at) : text.slice(0, at) + text.slice(at).replace(/\w+/, "");
    case 6:
      return text.slice(0, at) + text.slice(at).replace(/[{}[\]()"`]+/, "");
    default:
      return text.slice(0, at) + (SNIPPETS[below(SNIPPETS.length)] ?? "") + text.slice(at);
  }
}

/** `count` changes in a row. */
export function mutateOften(text: string, count: number, random: () => number): string {
  let result = text;
  for (let change = 0; change < count; change++) result = mutate(result, random);
  return result;
}
