import { FloatValue } from "../../graph/value.js";
import type { HandedValue } from "../executor.js";
import { isList, numberText, type Preamble, SCRIPT_PATH } from "./contract.js";

/**
 * Values and script run one after another as the main module. Both are compiled before the first value is set, so
 * that no value's name (`open`, `exec`) stands in the way; lines of output are written as they come, so that the log
 * can say when.
 */
const LAUNCHER = `
def _launch(exec=exec, parts=[compile(open(path, "rb").read(), path, "exec", dont_inherit=True) for path in ("../values.py", "${SCRIPT_PATH}")]):
    import sys
    sys.argv[:] = ["${SCRIPT_PATH}"]
    sys.stdout.reconfigure(line_buffering=True)
    main = globals()
    main["__file__"] = "${SCRIPT_PATH}"
    del main["_launch"]
    for part in parts:
        exec(part, main)
_launch()
`;

/** Python 3: native values, paths as strings, null as None. */
export const python: Preamble = {
  file: "values.py",
  text: (values) =>
    Object.entries(values)
      .map(([name, value]) => `${name} = ${literal(value)}\n`)
      .join(""),
  command: (interpreter) => [...interpreter, "-c", LAUNCHER],
  environment: {},
};

function literal(value: HandedValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return stringLiteral(value);
  if (value instanceof FloatValue) {
    const text = numberText(value.value);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (isList(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, part]) => `${stringLiteral(key)}: ${literal(part)}`)
    .join(", ")}}`;
}

/** Plain ASCII, whatever the text is: the file has no encoding to get wrong. */
function stringLiteral(text: string): string {
  const escaped = text.replace(/[^ !#-[\]-~]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
  return `"${escaped}"`;
}
