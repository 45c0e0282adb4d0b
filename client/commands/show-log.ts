import type { Run } from "./command.js";

export const run: Run = async ({ log }) => {
  log.show();
};
