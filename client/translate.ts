/**
 * `vscode.l10n.t`, as what needs no VS Code takes it. The first argument is always a literal, so that
 * `scripts/l10n.mjs` can collect every text of the interface.
 */
export type Translate = (message: string, ...values: readonly (string | number | boolean)[]) => string;
