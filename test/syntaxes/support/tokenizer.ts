import { readFileSync } from "node:fs";
import * as path from "node:path";
import { createOnigScanner, createOnigString, loadWASM } from "vscode-oniguruma";
import { INITIAL, parseRawGrammar, Registry, type StateStack } from "vscode-textmate";

/** A run of characters of one line that all have these scopes, the outermost first. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly scopes: readonly string[];
}

/** What VS Code takes from a token's metadata: whose comments and brackets count there, and whether it is code at all. */
export interface Kind {
  readonly start: number;
  readonly language: string;
  readonly type: "other" | "comment" | "string" | "regexp";
}

export interface Tokenizer {
  /** The tokens of each line. */
  tokens(text: string): readonly (readonly Token[])[];
  kinds(text: string): readonly (readonly Kind[])[];
}

interface GrammarContribution {
  readonly scopeName: string;
  readonly path: string;
  readonly embeddedLanguages: { readonly [scope: string]: string };
}

/**
 * Grammars of other languages with as much as the tests need: a comment, and a string that goes on for as long as
 * nobody closes it, which is what could swallow the rest of a pipeline.
 */
const stubs: { readonly [scope: string]: string } = {
  "source.shell": "#",
  "source.python": "#",
  "source.r": "#",
  "source.js": "//",
};

function stub(scopeName: string, comment: string): string {
  return JSON.stringify({
    scopeName,
    patterns: [
      { match: `${comment}.*$`, name: `comment.line.${scopeName}` },
      { begin: '"', end: '"', name: `string.quoted.double.${scopeName}` },
      { begin: "'", end: "'", name: `string.quoted.single.${scopeName}` },
      { begin: "<<EOF", end: "^EOF$", name: `string.unquoted.heredoc.${scopeName}` },
    ],
  });
}

/** The engine that VS Code uses, with the grammar as the manifest contributes it. */
export async function loadTokenizer(): Promise<Tokenizer> {
  await loadWASM(readFileSync("node_modules/vscode-oniguruma/release/onig.wasm"));
  const manifest: { contributes: { grammars: readonly GrammarContribution[] } } = JSON.parse(
    readFileSync("package.json", "utf8"),
  );
  const contributed = manifest.contributes.grammars.find(({ scopeName }) => scopeName === "source.reprod");
  if (contributed === undefined) throw new Error("the manifest contributes no grammar of source.reprod");
  const file = path.normalize(contributed.path);

  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: async (scopeName) => {
      if (scopeName === "source.reprod") return parseRawGrammar(readFileSync(file, "utf8"), file);
      const comment = stubs[scopeName];
      return comment === undefined
        ? null
        : parseRawGrammar(stub(scopeName, comment), `${scopeName}.tmLanguage.json`);
    },
  });
  const languages = ["", "reprod", ...new Set(Object.values(contributed.embeddedLanguages))];
  const grammar = await registry.loadGrammarWithEmbeddedLanguages(
    "source.reprod",
    languages.indexOf("reprod"),
    Object.fromEntries(
      Object.entries(contributed.embeddedLanguages).map(([scope, id]) => [scope, languages.indexOf(id)]),
    ),
  );
  if (grammar === null) throw new Error("the grammar did not load");
  return {
    tokens: (text) =>
      byLine(text, (line, state) => {
        const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
        return {
          result: tokens.map(({ startIndex, endIndex, scopes }) => ({
            start: startIndex,
            // The engine counts the line end that it added.
            end: Math.min(endIndex, line.length),
            scopes,
          })),
          state: ruleStack,
        };
      }),
    kinds: (text) =>
      byLine(text, (line, state) => {
        const { tokens, ruleStack } = grammar.tokenizeLine2(line, state);
        const result: Kind[] = [];
        for (let at = 0; at < tokens.length; at += 2) {
          const metadata = tokens[at + 1] ?? 0;
          const type = (["other", "comment", "string", "regexp"] as const)[(metadata >>> 8) & 3] ?? "other";
          result.push({ start: tokens[at] ?? 0, language: languages[metadata & 255] ?? "", type });
        }
        return { result, state: ruleStack };
      }),
  };
}

function byLine<Result>(
  text: string,
  tokenize: (line: string, state: StateStack) => { result: readonly Result[]; state: StateStack },
): readonly (readonly Result[])[] {
  let state: StateStack = INITIAL;
  return text.split(/\r?\n/).map((line) => {
    const done = tokenize(line, state);
    state = done.state;
    return done.result;
  });
}
