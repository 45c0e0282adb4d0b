import { isList, type Preamble, SCRIPT_PATH, unsuitable } from "./contract.js";
import { NEUTRAL_FOLDER, quoted, SHELL_COMMAND, shellText } from "./shell.js";

/** sh: as bash, without lists and without `pipefail`, which POSIX shells before 2024 do not know. */
export const sh: Preamble = {
  file: "values",
  text(values) {
    let text = `set -eu\n${NEUTRAL_FOLDER}`;
    for (const [name, value] of Object.entries(values)) {
      if (isList(value)) throw unsuitable(name, "sh", "a list in a variable");
      text += `${name}=${quoted(shellText(name, "sh", value))}\n`;
    }
    return text;
  },
  command: (interpreter) => [...interpreter, ...SHELL_COMMAND("../values", SCRIPT_PATH)],
  environment: {},
};
