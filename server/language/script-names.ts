import { shellVariables } from "./shell-variables.js";
import type { RunClause } from "./syntax.js";

/** A place in a script that names one of its variables. */
export interface ScriptName {
  readonly name: string;
  /** Offsets in `RunClause.script`. */
  readonly start: number;
  readonly end: number;
  /** Without it the place may as well be something else: a variable of the script's own, a word in a text. */
  readonly certain: boolean;
}

/**
 * Where a script names these variables, its ins, params and outs (rule 20), in the order of the text. Scripts are in
 * languages of others, so this is no parser of them: what cannot be told is there, but not as certain.
 */
export function scriptNames(run: RunClause, names: ReadonlySet<string>): readonly ScriptName[] {
  if (run.script === "" || names.size === 0) return [];
  const found = run.quoted
    ? wordsIn(run.script, names).map((word) => ({ ...word, certain: false }))
    : run.interpreter === "bash" || run.interpreter === "sh"
      ? shellNames(run.script, names)
      : isCodeLanguage(run.interpreter)
        ? new CodeReader(run.script, names, run.interpreter).read()
        : [];
  return found.sort((a, b) => a.start - b.start);
}

/** Offsets in the declaration (whose text this is) of offsets in its script, which has lost its indentation. */
export function scriptOffsets(run: RunClause, declarationText: string): (offset: number) => number {
  // Two lists of line starts, of the script and of the file: the lines are the same ones.
  const starts = [0];
  const places = [run.scriptSpan.start];
  const { script } = run;
  let place = run.scriptSpan.start;
  for (let at = script.indexOf("\n"); at >= 0; at = script.indexOf("\n", at + 1)) {
    starts.push(at + 1);
    const end = declarationText.indexOf("\n", place);
    place = end < 0 ? declarationText.length : end + 1;
    places.push(place);
  }
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return (places[low] ?? 0) + run.indentation + offset - (starts[low] ?? 0);
  };
}

/** How much of the text before and behind a word its meaning is looked for in. */
const LOOK_BACK = 200;

interface Word {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Whole words, wherever they stand. */
function wordsIn(script: string, names: ReadonlySet<string>): Word[] {
  const words: Word[] = [];
  for (const match of script.matchAll(/\w+/g))
    if (names.has(match[0]))
      words.push({ name: match[0], start: match.index, end: match.index + match[0].length });
  return words;
}

// ---------------------------------------------------------------- bash and sh

/** Where a shell takes a bare word for the name of a variable, by what stands before and behind it on its line. */
const BARE: readonly { readonly before: RegExp; readonly behind: RegExp }[] = [
  // `name=…`, `name[i]+=…`, first in its command.
  {
    before: /(?:^|[;&|({`]|\b(?:then|do|else))\s*(?:\w+=\S*\s+)*$/,
    behind: /^(?:\[[^\]]*\])?\+?=/,
  },
  {
    before: /\b(?:read|mapfile|readarray|unset|local|declare|typeset|export|readonly|let)\b[^;&|]*\s$/,
    behind: /^(?:\W|$)/,
  },
  { before: /\b(?:for|select)\s+$/, behind: /^\s/ },
  { before: /(?:\[\[?|\btest)\s+(?:!\s+)?-v\s+$|\bprintf\s+-v\s+$|\bwait\s+-p\s+$/, behind: /^(?:\W|$)/ },
  // Subscripts and offsets: `${reads[i]}`, `${text:from:length}`.
  { before: /\$\{#?\w+(?:\[[^\]]*|:[^}]*)$/, behind: /^(?:\W|$)/ },
];

function shellNames(script: string, names: ReadonlySet<string>): ScriptName[] {
  const { uses, isDynamic } = shellVariables(script);
  const found: ScriptName[] = [];
  const seen = new Set<number>();
  for (const { name, start, end } of uses) {
    // A nested text may be read twice; one place counts once.
    if (!names.has(name) || seen.has(start)) continue;
    seen.add(start);
    found.push({ name, start, end, certain: true });
  }
  const calculations = [...script.matchAll(/\(\([\s\S]*?\)\)/g)].map(({ index, 0: text }) => ({
    start: index,
    end: index + text.length,
  }));
  for (const word of wordsIn(script, names)) {
    if (seen.has(word.start)) continue;
    const lineStart = script.lastIndexOf("\n", word.start - 1) + 1;
    const line = script.slice(Math.max(lineStart, word.start - LOOK_BACK), word.start);
    const behind = script.slice(word.end, word.end + LOOK_BACK);
    const bare =
      calculations.some(({ start, end }) => start < word.start && word.end < end) ||
      BARE.some((one) => one.before.test(line) && one.behind.test(behind)) ||
      // What `eval` gets is a text for us.
      (isDynamic && /\$\{?$/.test(line));
    if (bare && !/(?:^|\s)#/.test(line)) found.push({ ...word, certain: false });
  }
  return found;
}

// ---------------------------------------------------------------- Python, R, JavaScript

interface CodeLanguage {
  readonly comment: RegExp;
  /** A string from its first to its last character; group 1: a prefix. */
  readonly string: RegExp;
  readonly word: RegExp;
  /** A word before a name that is no variable of the values then: `.name`, `obj$name`. */
  readonly member: RegExp;
  /** What binds a name of the script's own: all places of the name may then be of that one. */
  readonly binds: RegExp;
  /** The parameters of a function follow in parentheses. */
  readonly parameters: RegExp;
  /** `f(name = …)` names a parameter of `f`. */
  readonly namedArguments: boolean;
  /** The script can reach its variables by texts, or takes names for something else. */
  readonly dynamic: RegExp;
}

const LANGUAGES = {
  python: {
    comment: /#.*/y,
    string:
      /([rRbBuUfF]{0,2})(?:"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/y,
    word: /[\p{L}_][\p{L}\p{N}_]*/uy,
    member: /\.\s*$/,
    binds: /\b(?:def|class|import|as|lambda(?:\s+[\w,=\s]*)?)\s+(?:[\w.]+\s*,\s*)*$/,
    parameters: /\bdef\s+\w+\s*$/,
    namedArguments: true,
    dynamic: /\b(?:globals|locals|vars|eval|exec|getattr|setattr)\s*\(/,
  },
  r: {
    comment: /#.*/y,
    string: /([rR]?)(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|`[^`]*`)/y,
    word: /[\p{L}.][\p{L}\p{N}._]*/uy,
    member: /[$@]\s*$|:::?\s*$/,
    binds: /^$/,
    parameters: /(?:\bfunction|\\)\s*$/,
    namedArguments: true,
    // Names in the arguments of these may be columns of a table.
    dynamic:
      /\b(?:get|assign|eval|parse|glue|with|within|subset|transform|aes|mutate|filter|select|summari[sz]e|arrange|group_by|data\.table)\s*\(|~/,
  },
  node: {
    comment: /\/\/.*|\/\*[\s\S]*?\*\//y,
    string: /()(?:"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/y,
    word: /[\p{L}_$][\p{L}\p{N}_$]*/uy,
    member: /(?<!\.\.)\.\s*$/,
    binds:
      /\b(?:const|let|var|function\*?|class|import|as|catch\s*\()\s*[{[]?\s*(?:[\w$]+\s*(?::\s*[\w$]+\s*)?,\s*)*$/,
    parameters: /\bfunction\*?\s*[\w$]*\s*$/,
    namedArguments: false,
    dynamic: /\beval\s*\(|\bglobalThis\b|\bnew\s+Function\b/,
  },
} as const satisfies { readonly [interpreter: string]: CodeLanguage };

function isCodeLanguage(interpreter: string): interpreter is keyof typeof LANGUAGES {
  return Object.hasOwn(LANGUAGES, interpreter);
}

class CodeReader {
  readonly #found: ScriptName[] = [];
  /** Names that the script binds itself somewhere. */
  readonly #own = new Set<string>();
  readonly #language: CodeLanguage;
  /** Brackets that are open: `f(` whether the parameters of a function stand in it. */
  readonly #open: { readonly bracket: string; readonly parameters: boolean }[] = [];

  constructor(
    readonly script: string,
    readonly names: ReadonlySet<string>,
    readonly interpreter: keyof typeof LANGUAGES,
  ) {
    this.#language = LANGUAGES[interpreter];
  }

  read(): ScriptName[] {
    this.#code(0, this.script.length, false);
    const isDynamic = this.#language.dynamic.test(this.script);
    return this.#found.map((one) =>
      one.certain && (isDynamic || this.#own.has(one.name)) ? { ...one, certain: false } : one,
    );
  }

  /** Code from `from` to `to`; `untilBrace`: to the closing brace of an interpolation at the latest. Returns its end. */
  #code(from: number, to: number, untilBrace: boolean): number {
    const { script } = this;
    const { comment, string, word } = this.#language;
    const depth = this.#open.length;
    let at = from;
    while (at < to) {
      const character = script.charAt(at);
      const skipped = matchAt(comment, script, at);
      const text =
        skipped === undefined && STRING_START.test(character) ? matchAt(string, script, at) : undefined;
      if (skipped !== undefined) at += skipped[0].length;
      else if (text !== undefined) {
        this.#string(at, text);
        at += text[0].length;
      } else if (character === "`" && this.interpreter === "node") at = this.#template(at + 1, to);
      else if (character === "/" && this.interpreter === "node") at = this.#slash(at);
      else if ("([{".includes(character)) {
        const before = this.#before(at);
        this.#open.push({ bracket: character, parameters: this.#language.parameters.test(before) });
        at++;
      } else if (")]}".includes(character)) {
        if (untilBrace && this.#open.length === depth) return at;
        this.#open.pop();
        at++;
      } else if (
        untilBrace &&
        this.interpreter === "python" &&
        this.#open.length === depth &&
        /[:!]/.test(character)
      ) {
        // What follows is a format, or `!r`; `!=` is an operator.
        if (character === "!" && script.charAt(at + 1) === "=") at += 2;
        else return at;
      } else {
        const found = matchAt(word, script, at)?.[0] ?? "";
        if (this.names.has(found)) this.#word(found, at);
        at += Math.max(1, found.length);
      }
    }
    return at;
  }

  #before(at: number): string {
    return this.script.slice(Math.max(0, at - LOOK_BACK), at);
  }

  #word(name: string, start: number): void {
    const { interpreter } = this;
    const { member, binds, namedArguments } = this.#language;
    const end = start + name.length;
    const before = this.#before(start);
    const behind = this.script.slice(end, end + LOOK_BACK);
    if (member.test(before)) return;
    const inner = this.#open.at(-1);
    const afterSeparator = /[([{,]\s*$/.test(before);
    if (
      inner?.parameters === true ||
      (interpreter !== "r" && binds.test(before)) ||
      (interpreter === "node" && /^\s*=>|^[^()]*\)\s*=>/.test(behind))
    )
      this.#own.add(name);
    else if (namedArguments && inner?.bracket === "(" && afterSeparator && /^\s*=(?!=)/.test(behind)) return;
    let certain = true;
    if (interpreter === "node" && inner?.bracket === "{" && /[{,]\s*$/.test(before)) {
      // `{ name: … }` is a key; `{ name }` may be a key and a value in one.
      if (/^\s*:/.test(behind)) return;
      if (/^\s*[,}]/.test(behind)) certain = false;
    }
    this.#found.push({ name, start, end, certain });
  }

  /** Names in a text count where the text is code: `f"{name}"`; elsewhere only scripts that are dynamic may mean them. */
  #string(start: number, match: RegExpExecArray): void {
    const [text, prefix = ""] = match;
    if (this.interpreter === "r" && text.startsWith("`")) {
      const name = text.slice(1, -1);
      if (this.names.has(name)) this.#word(name, start + 1);
      return;
    }
    if (/f/i.test(prefix) && this.interpreter === "python") {
      const end = start + text.length;
      for (let at = start + prefix.length; at < end; at++) {
        if (this.script.charAt(at) !== "{") continue;
        if (this.script.charAt(at + 1) === "{") at++;
        else at = this.#code(at + 1, end, true);
      }
      return;
    }
    if (this.#language.dynamic.test(this.script))
      for (const word of wordsIn(text, this.names))
        this.#found.push({
          name: word.name,
          start: start + word.start,
          end: start + word.end,
          certain: false,
        });
  }

  #template(from: number, to: number): number {
    const { script } = this;
    for (let at = from; at < to; at++) {
      const character = script.charAt(at);
      if (character === "\\") at++;
      else if (character === "`") return at + 1;
      else if (script.startsWith("${", at)) at = this.#code(at + 2, to, true);
    }
    return to;
  }

  /** A division, or a regular expression where a value is expected. */
  #slash(at: number): number {
    const isValue =
      /[\w$)\]}"'`]\s*$/.test(this.#before(at)) &&
      !/\b(?:return|typeof|case|in|of)\s*$/.test(this.#before(at));
    if (isValue) return at + 1;
    const match = matchAt(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y, this.script, at);
    return at + (match?.[0].length ?? 1);
  }
}

/** A quote, or a letter that may stand before one. */
const STRING_START = /["'`rRbBuUfF]/;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
