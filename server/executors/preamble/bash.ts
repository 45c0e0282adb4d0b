import { isList, type Preamble, SCRIPT_PATH } from "./contract.js";
import { NEUTRAL_FOLDER, quoted, SHELL_COMMAND, shellText } from "./shell.js";

/** bash: a list is an array; variables are not exported. */
export const bash: Preamble = {
  file: "values",
  text(values) {
    let text = `set -euo pipefail\n${NEUTRAL_FOLDER}unset HOSTNAME\n`;
    for (const [name, value] of Object.entries(values)) {
      text += isList(value)
        ? `${name}=(${value.map((element) => quoted(shellText(name, "bash", element))).join(" ")})\n`
        : `${name}=${quoted(shellText(name, "bash", value))}\n`;
    }
    return text;
  },
  command: (interpreter) => [...interpreter, ...SHELL_COMMAND("../values", SCRIPT_PATH)],
  environment: {},
};
