import { jsonText, type Preamble, SCRIPT_PATH } from "./contract.js";

/** Any other interpreter: it is given the script's path, and finds the values in a JSON file. */
export const other: Preamble = {
  file: "values.json",
  text: (values) => jsonText(values),
  command: (interpreter) => [...interpreter, SCRIPT_PATH],
  environment: { REPROD_VALUES: "../values.json" },
};
