import type { Translate } from "../../client/translate.js";

/** What VS Code does when the display language is English. */
export const english: Translate = (message, ...values) =>
  message.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)]));
