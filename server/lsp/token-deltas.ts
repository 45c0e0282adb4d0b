import type { SemanticTokens, SemanticTokensDelta } from "vscode-languageserver-types";

/** More than anybody has in sight. */
const DOCUMENTS_KEPT = 50;

/** The tokens that a client has, by document: it is sent the part that differs. */
export class TokenDeltas {
  /** The newest last. One that is not known any more costs its client all tokens once. */
  readonly #known = new Map<string, { readonly id: string; readonly data: readonly number[] }>();
  #count = 0;

  full(uri: string, data: number[]): SemanticTokens {
    const resultId = String(++this.#count);
    this.#known.delete(uri);
    this.#known.set(uri, { id: resultId, data });
    const [oldest] = this.#known.keys();
    if (this.#known.size > DOCUMENTS_KEPT && oldest !== undefined) this.#known.delete(oldest);
    return { resultId, data };
  }

  /** One edit from the first number that differs to the last; all tokens when the client has others than we think. */
  delta(uri: string, previous: string, data: number[]): SemanticTokens | SemanticTokensDelta {
    const known = this.#known.get(uri);
    const { resultId } = this.full(uri, data);
    if (known?.id !== previous || resultId === undefined) return { resultId: resultId ?? "", data };
    const before = known.data;
    const shorter = Math.min(before.length, data.length);
    let start = 0;
    while (start < shorter && before[start] === data[start]) start++;
    if (start === data.length && start === before.length) return { resultId, edits: [] };
    let same = 0;
    while (same < shorter - start && before[before.length - 1 - same] === data[data.length - 1 - same])
      same++;
    const edit = {
      start,
      deleteCount: before.length - same - start,
      data: data.slice(start, data.length - same),
    };
    return { resultId, edits: [edit] };
  }
}
