import { Scanner } from "../../server/language/lexer.js";
import type { SourceFile, Statement } from "../../server/language/syntax.js";

/** A declaration as one word: `node aligned`, `for s`, `target`. */
export function headline(statement: Statement): string {
  switch (statement.kind) {
    case "for":
      return `for ${statement.names.map((name) => name.text).join()}`;
    case "pipeline":
    case "param":
    case "input":
    case "table":
    case "let":
    case "node":
    case "transform":
      return `${statement.kind} ${statement.name.text}`;
    default:
      return statement.kind;
  }
}

export interface Damage {
  /** The damaged text. */
  readonly text: string;
  /** Position in the file's declarations of the damaged one. */
  readonly declaration: number;
  readonly description: string;
}

/** Every way to take one token out of a declaration, to end it behind a token, and to put a stray one in. */
export function* damages(file: SourceFile): Generator<Damage> {
  for (const [index, { offset, length }] of file.declarations.entries()) {
    const end = offset + length;
    const scanner = new Scanner(file.text, offset, end);
    for (scanner.next(); scanner.kind !== "end"; scanner.next()) {
      const before = file.text.slice(0, scanner.start);
      const word = scanner.word().slice(0, 20);
      const behind = file.text.slice(scanner.end);
      const rest = file.text.slice(end);
      yield { text: before + behind, declaration: index, description: `without ${word}` };
      yield { text: before + rest, declaration: index, description: `cut before ${word}` };
      for (const stray of [...'{}[]()",:=', "```", "node", "param"]) {
        yield {
          text: `${before}${stray} ${file.text.slice(scanner.start)}`,
          declaration: index,
          description: `stray ${stray} before ${word}`,
        };
      }
    }
  }
}

/** Headlines of declarations of `old` that `damaged` no longer has, apart from the one that was damaged. */
export function lost(old: SourceFile, damaged: SourceFile, damagedDeclaration: number): string[] {
  const left = damaged.declarations.map(({ statement }) => headline(statement));
  const missing: string[] = [];
  for (const [index, { statement }] of old.declarations.entries()) {
    if (index === damagedDeclaration) continue;
    const at = left.indexOf(headline(statement));
    if (at >= 0) left.splice(at, 1);
    else missing.push(headline(statement));
  }
  return missing;
}
