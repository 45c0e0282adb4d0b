import * as vscode from "vscode";
import { mfaRequest } from "../server/protocol.js";
import type { Services } from "./services.js";

const { t } = vscode.l10n;

/** The server asks for the code of an MFA device, once for each sign-in, when a person has asked for something. */
export function registerMfa({ server }: Services): vscode.Disposable {
  return server.onRequest(mfaRequest, async ({ serial }) => {
    const code = await vscode.window.showInputBox({
      title: t("Code of the MFA Device"),
      prompt: t("The AWS profile asks for a code of {0}", serial),
      placeHolder: "123456",
      // It is gone in half a minute, and whoever types it wants to see it.
      password: false,
      // The code is on another device, and often in another window.
      ignoreFocusOut: true,
      validateInput: (value) =>
        /^\s*\d{6,8}\s*$/.test(value) || value === "" ? undefined : t("A code has six digits."),
    });
    return code === undefined || code.trim() === "" ? null : code.trim();
  });
}
