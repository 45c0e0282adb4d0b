#!/usr/bin/env node
// A stand-in for the "VS Code executable" that @vscode/test-electron starts: the same arguments, output and exit code,
// but the window is a VS Code server's in a headless browser. It is no desktop VS Code: there, `env.uiKind` is Desktop
// and `env.remoteName` undefined, which no test sees here.
import path from "node:path";
import { load } from "./load.mjs";

const { runInHost, Missing } = await load("in-host");

const options = new Map();
const places = [];
for (const arg of process.argv.slice(2)) {
  const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(arg) ?? [];
  if (name === undefined) places.push(arg);
  else options.set(name, [...(options.get(name) ?? []), value ?? "true"]);
}
const tests = options.get("extensionTestsPath")?.[0];
if (tests === undefined || places.length > 1) {
  console.error(
    "usage: executable.mjs [FOLDER] --extensionTestsPath=FILE [--extensionDevelopmentPath=FOLDER…]",
  );
  process.exit(2);
}

// Whoever started this may be killed: then nobody waits for the window any more.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 500).unref();

try {
  process.exitCode = await runInHost({
    workspace: path.resolve(places[0] ?? "."),
    development: options.get("extensionDevelopmentPath") ?? [],
    tests: path.resolve(tests),
    trust: options.has("disable-workspace-trust") ? "trusted" : "ask",
    // What a caller gives the executable in its environment is meant for the tests.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("REPROD_"))),
    timeout: Number(process.env.REPROD_HOST_TIMEOUT ?? 10 * 60_000),
    write: console.log,
  });
} catch (error) {
  console.error(error instanceof Missing ? error.message : error);
  process.exitCode = 1;
}
