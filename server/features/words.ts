/**
 * Texts that people see in the editor: English in the source, translated by what the client gives at its start.
 * Only whole sentences and labels go through here; names, types and what files say stay as they are.
 */
let words: { readonly [text: string]: string } = {};

/** English text → text of the display language, as `vscode.l10n.bundle`. What is not in it stays English. */
export function setWords(bundle: { readonly [text: string]: string } | undefined): void {
  words = bundle ?? {};
}

/** The text in the display language with `{0}`, `{1}`, … replaced by the values. */
export function t(text: string, ...values: readonly (string | number)[]): string {
  const translated = Object.hasOwn(words, text) ? (words[text] ?? text) : text;
  if (values.length === 0) return translated;
  return translated.replace(/\{(\d+)\}/g, (whole, index: string) => {
    const value = values[Number(index)];
    return value === undefined ? whole : String(value);
  });
}
