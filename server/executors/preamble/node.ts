import { jsonText, type Preamble, SCRIPT_PATH } from "./contract.js";

/**
 * The script runs as a CommonJS module of its own name: `require` looks from the working folder, values are globals,
 * which a script's own `const` of the same name hides. It is compiled here, not required, since `require` would
 * show it the absolute path of the attempt (A6).
 */
const LAUNCHER = `
const fs = process.getBuiltinModule ? process.getBuiltinModule("fs") : require("fs");
const vm = require("vm");
const values = JSON.parse(fs.readFileSync("../values.json", "utf8"));
const code = fs.readFileSync("${SCRIPT_PATH}", "utf8");
const options = { filename: "${SCRIPT_PATH}" };
if (vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER) options.importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const main = vm.compileFunction(code, ["exports", "require", "module", "__filename", "__dirname"], options);
const load = require("module").createRequire(process.cwd() + "/");
process.argv[1] = "${SCRIPT_PATH}";
for (const name of Object.keys(values))
  Object.defineProperty(globalThis, name, { value: values[name], writable: true, configurable: true, enumerable: true });
const target = { exports: {} };
main.call(target.exports, target.exports, load, target, "${SCRIPT_PATH}", ".");
`;

/** JavaScript on Node.js: native values, paths as strings. */
export const node: Preamble = {
  file: "values.json",
  text: (values) => jsonText(values),
  command: (interpreter) => [...interpreter, "-e", `{${LAUNCHER}}`],
  environment: {},
};
