import type { Translate } from "../../translate.js";

/** `vscode.l10n.t` for the page, which has no `vscode`: the panel gives it the bundle of the display language. */
export function translator(bundle: { readonly [text: string]: string } = {}): Translate {
  return (message, ...values) =>
    (bundle[message] ?? message).replace(/\{(\d+)\}/g, (hole, at: string) =>
      String(values[Number(at)] ?? hole),
    );
}
