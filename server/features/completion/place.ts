import type {
  CompletionItem,
  CompletionItemKind,
  InsertReplaceEdit,
  Range,
  TextEdit,
} from "vscode-languageserver-types";
import { type Inspection, inspect, type Probe } from "../../language/probe.js";
import { checkOf } from "../../language/program.js";
import type { Expression, Span, SyntaxNode } from "../../language/syntax.js";
import type { Document, Workspace } from "../document.js";

/**
 * Names of the columns in the header of a table, when they are known at once. `place` is an absolute path or, with
 * `://` in it, an address.
 */
export type HeaderOf = (place: string, separator: "," | "\t") => readonly string[] | undefined;

export interface CompletionProviders {
  readonly workspace: Workspace;
  readonly headerOf?: HeaderOf | undefined;
}

/** What the client can do. */
export interface CompletionOptions {
  /** `${1:name}` in what is inserted are places to fill in. */
  readonly snippets: boolean;
  /** It lets the user choose between inserting before the rest of a word and replacing it. */
  readonly insertReplace?: boolean;
  /** The character whose typing has asked, of those that a client asks by; without one a person or a word has. */
  readonly trigger?: string | undefined;
}

/** What an item is about, for `resolveCompletion`: plain data that goes to the client and back. */
export type CompletionData =
  | { readonly path: string; readonly kind: "name"; readonly name: string }
  | {
      readonly path: string;
      readonly kind: "member";
      readonly module: string;
      readonly transform: string;
      readonly name: string;
    }
  | { readonly path: string; readonly kind: "column"; readonly table: string; readonly name: string };

/** The ranks that items are sorted by, best first; within one the label decides. */
export type Rank = 0 | 1 | 2 | 3 | 4 | 5;

export interface ItemParts {
  readonly label: string;
  readonly kind: CompletionItemKind;
  readonly rank: Rank;
  readonly detail?: string | undefined;
  /** The label when left out. */
  readonly text?: string | undefined;
  /** Inserted instead of `text` by clients that know snippets. */
  readonly snippet?: string | undefined;
  /** What the typed text is compared with; the label when left out. */
  readonly filter?: string | undefined;
  /**
   * Characters that accept the item when they are typed. Only where the words are few: what is best may not be what is
   * typed (`samples` for `s`), and nobody expects a point to change the word before it.
   */
  readonly commit?: readonly string[] | undefined;
  readonly data?: CompletionData | undefined;
  /** English Markdown that is known at once. */
  readonly doc?: string | undefined;
  /** What is replaced, when it is not the word. */
  readonly span?: Span | undefined;
  readonly more?: readonly TextEdit[] | undefined;
  readonly preselect?: boolean;
}

/** The place that is completed, with what is known of it; what costs is found out when it is first asked for. */
export class CompletionPlace {
  #inspection: Inspection | undefined;
  readonly #ranges = new Map<string, Range>();

  constructor(
    readonly document: Document,
    readonly offset: number,
    readonly probe: Probe,
    readonly providers: CompletionProviders,
    readonly options: CompletionOptions,
  ) {}

  get module() {
    return this.document.module;
  }
  get check() {
    return checkOf(this.module);
  }

  /** The node at the end of the path, or one of those around it. */
  at(distance = 0): SyntaxNode | undefined {
    const { path } = this.probe;
    return path[path.length - 1 - distance];
  }

  /** The nearest node of a kind that holds the place. */
  around<Kind extends SyntaxNode["kind"]>(
    ...kinds: readonly Kind[]
  ): Extract<SyntaxNode, { kind: Kind }> | undefined {
    const wanted: readonly string[] = kinds;
    const found = this.probe.path.findLast((node) => wanted.includes(node.kind));
    return found as Extract<SyntaxNode, { kind: Kind }> | undefined;
  }

  get inspection(): Inspection | undefined {
    const { declaration, text, word } = this.probe;
    if (declaration === undefined) return undefined;
    this.#inspection ??= inspect(this.module, declaration, text, word.start - declaration.offset);
    return this.#inspection;
  }

  /** Where an expression of the probed declaration stands in the text; only for what lies before the place. */
  absolute({ start, end }: Expression["span"]): Span {
    const offset = this.probe.declaration?.offset ?? 0;
    return { start: offset + start, end: offset + end };
  }

  item(parts: ItemParts): CompletionItem {
    const { snippet, label, filter, commit, data, doc, more } = parts;
    const isSnippet = snippet !== undefined && this.options.snippets;
    return {
      label,
      kind: parts.kind,
      sortText: `${parts.rank}${label}`,
      textEdit: this.#edit(isSnippet ? snippet : (parts.text ?? label), parts.span ?? this.probe.word),
      ...(isSnippet ? { insertTextFormat: 2 as const } : {}),
      ...(parts.detail === undefined ? {} : { detail: parts.detail }),
      ...(filter === undefined || filter === label ? {} : { filterText: filter }),
      ...(commit === undefined ? {} : { commitCharacters: [...commit] }),
      ...(data === undefined ? {} : { data }),
      ...(doc === undefined ? {} : { documentation: { kind: "markdown" as const, value: doc } }),
      ...(more === undefined ? {} : { additionalTextEdits: [...more] }),
      ...(parts.preselect === true ? { preselect: true } : {}),
    };
  }

  #edit(newText: string, span: Span): TextEdit | InsertReplaceEdit {
    const range = this.#range(span);
    if (this.options.insertReplace !== true || span.end <= this.offset) return { range, newText };
    return {
      newText,
      insert: this.#range({ start: span.start, end: Math.max(span.start, this.offset) }),
      replace: range,
    };
  }

  /** Most items share one range: positions are worked out once. */
  #range(span: Span): Range {
    const key = `${span.start} ${span.end}`;
    let range = this.#ranges.get(key);
    if (range === undefined) {
      range = this.document.lines.range(span);
      this.#ranges.set(key, range);
    }
    return range;
  }
}

/** A text that stands in a snippet as it is. */
export function snippetText(text: string): string {
  return text.replace(/[\\$}]/g, "\\$&");
}
