import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { bundlePath } from "../../server/base/bundle.js";

/** What each folder of `server/` may import, besides itself. `ARCHITECTURE.md` draws the same arrows. */
const arrows: { readonly [folder: string]: readonly string[] } = {
  base: [],
  language: ["base"],
  graph: ["base", "language"],
  data: ["base", "language", "graph"],
  store: ["base", "language", "graph"],
  executors: ["base", "language", "graph", "data", "store"],
  provenance: ["base", "language", "graph", "data", "store"],
  functions: ["base", "language", "graph", "data", "store", "executors"],
  cloud: ["base", "language", "graph", "data", "functions"],
  protocol: [],
  features: ["base", "language", "graph", "data", "store", "protocol"],
  run: ["base", "language", "graph", "data", "store", "executors", "provenance"],
  cli: ["base", "language", "graph", "data", "store", "executors", "provenance", "features", "run", "cloud"],
  lsp: [
    "base",
    "language",
    "graph",
    "data",
    "store",
    "executors",
    "provenance",
    "protocol",
    "features",
    "run",
    "cloud",
  ],
};

/** Node's modules that a folder may import where not all are allowed: what computes and asks nothing of the machine. */
const pure: { readonly [folder: string]: readonly string[] } = {
  language: [],
  graph: ["node:crypto", "node:path"],
};

/** Files outside of folders belong to one: entries to what they start, and `protocol.ts` is a part of its own. */
const roots: { readonly [file: string]: string } = {
  "cli.ts": "cli",
  "main.ts": "lsp",
  "protocol.ts": "protocol",
  "protocol.js": "protocol",
};

function folderOf(file: string): string {
  const [first = ""] = file.split("/");
  return roots[first] ?? first;
}

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

/** Every import of every file of a folder, dynamic ones and types too. */
function importsOf(root: string): readonly Import[] {
  const files = fs.readdirSync(root, { recursive: true }).map((file) => String(file));
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = fs.readFileSync(path.join(root, file), "utf8");
      const folder = folderOf(file);
      const found = text.matchAll(
        /(?:^(?:import|export)\s[^;"'=(]*?\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm,
      );
      return [...found].map((match) => ({ file, folder, target: match[1] ?? "" }));
    });
}

const imports = importsOf("server");
const clientImports = importsOf("client");

test("the arrows between folders go one way", () => {
  assert.ok(imports.length > 100, "the imports were found");
  const wrong = imports.filter(({ file, folder, target }) => {
    if (!target.startsWith(".")) return false;
    const to = path.posix.join(path.posix.dirname(file), target);
    if (to === "../package.json") return false;
    const toFolder = folderOf(to);
    return toFolder !== folder && arrows[folder]?.includes(toFolder) !== true;
  });
  assert.deepEqual(wrong, []);
});

test("every folder of server/ has its arrows written down", () => {
  const folders = fs.readdirSync("server", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const parts = [...folders.map(({ name }) => name), "protocol"];
  assert.deepEqual(parts.sort(), Object.keys(arrows).sort());
  const drawn = fs.readFileSync("ARCHITECTURE.md", "utf8");
  for (const { name } of folders) assert.match(drawn, new RegExp(`\`${name}/\``), name);
});

test("only store/ knows where things lie in a store", () => {
  const wrong = imports.filter(
    ({ folder, target }) => folder !== "store" && target.endsWith("/store/layout.js"),
  );
  assert.deepEqual(wrong, []);
});

test("language and graph do no IO", () => {
  const wrong = imports.filter(
    ({ folder, target }) => target.startsWith("node:") && pure[folder]?.includes(target) === false,
  );
  assert.deepEqual(wrong, []);
  for (const { file, folder } of imports) {
    if (pure[folder] === undefined) continue;
    const text = fs.readFileSync(path.join("server", file), "utf8");
    assert.doesNotMatch(text, /\bprocess\.(?!hrtime)|\bfetch\(|\bDate\.now\(|\bMath\.random\(/, file);
  }
});

/** What the client imports of packages; `vscode` is the editor itself. */
const clientPackages: readonly string[] = clientImports
  .map(({ target }) => target)
  .filter((target) => !target.startsWith(".") && !target.startsWith("node:") && target !== "vscode");

test("the client takes protocol.ts from the server, and nothing else", () => {
  assert.ok(clientImports.length > 20, "the imports were found");
  const wrong = clientImports.filter(({ file, target }) => {
    if (!target.startsWith(".")) return false;
    const to = path.posix.join(path.posix.dirname(file), target);
    return to.startsWith("..") && to !== "../server/protocol.js";
  });
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    [...new Set(clientPackages)].map((target) => target.split("/")[0]),
    ["vscode-languageclient"],
  );
});

test("only cloud/aws-sdk.ts and what runs in Lambda load the AWS SDK; all others take its types", () => {
  const allowed = (file: string): boolean => file === "cloud/aws-sdk.ts" || file.startsWith("functions/");
  const sdk = imports.filter(({ target }) => /^@(?:aws-sdk|smithy)\//.test(target));
  const loaded = new Set<string>();
  for (const file of new Set(sdk.map((found) => found.file))) {
    const text = fs.readFileSync(path.join("server", file), "utf8");
    const values =
      /(?:^(?:import|export)\s+(?!type\b)[^;"]*?from\s+|^import\s+|\bimport\s*\(\s*)"@(?:aws-sdk|smithy)\//m;
    if (values.test(text)) loaded.add(file);
  }
  assert.ok(loaded.has("cloud/aws-sdk.ts"), "what is looked for is found");
  assert.deepEqual(
    [...loaded].filter((file) => !allowed(file)),
    [],
  );
  // Lambda's handlers load the SDK at their start: nobody else may reach them but through the bundle that is sent.
  const handlers = imports.filter(
    ({ folder, target }) => folder !== "functions" && /\/functions\/(?!table\.js)/.test(target),
  );
  assert.deepEqual(handlers, []);
});

test("what the editor and the command line read at their start has no AWS SDK in it", () => {
  for (const program of ["cli", "main"] as const) {
    const text = fs.readFileSync(bundlePath(program), "utf8");
    assert.doesNotMatch(
      text,
      /AWS_SDK_LOAD_CONFIG|@aws-sdk\/(?:client|core)|smithy\.|amz-sdk-request/,
      program,
    );
  }
  const sdk = path.join(path.dirname(bundlePath("cli")), "aws-sdk.js");
  assert.match(fs.readFileSync(sdk, "utf8"), /amz-sdk-request/, "what is looked for is found");
});

test("packages are imported where they belong, and every one of them is used", () => {
  const owners: { readonly [name: string]: readonly string[] } = {
    "@aws-sdk/client-apigatewayv2": ["cloud"],
    "@aws-sdk/client-batch": ["cloud"],
    "@aws-sdk/client-cloudwatch-logs": ["cloud", "functions"],
    "@aws-sdk/client-ec2": ["cloud"],
    "@aws-sdk/client-ecr": ["cloud"],
    "@aws-sdk/client-ecs": ["cloud"],
    "@aws-sdk/client-eventbridge": ["cloud"],
    "@aws-sdk/client-iam": ["cloud"],
    "@aws-sdk/client-lambda": ["cloud"],
    "@aws-sdk/client-s3": ["cloud", "functions"],
    "@aws-sdk/client-service-quotas": ["cloud"],
    "@aws-sdk/client-ssm": ["cloud"],
    "@aws-sdk/client-sts": ["cloud"],
    "@aws-sdk/credential-providers": ["cloud"],
    "@dagrejs/dagre": ["graph"],
    "@smithy/core": ["cloud"],
    "agent-base": ["cloud"],
    commander: ["cli"],
    "csv-parse": ["data"],
    diff: ["graph", "run"],
    "http-proxy-agent": ["cloud"],
    "https-proxy-agent": ["cloud"],
    "log-update": ["cli"],
    picocolors: ["cli"],
    picomatch: ["data", "store", "graph"],
    "proxy-from-env": ["cloud"],
    ulid: ["run"],
    "vscode-languageserver": ["lsp"],
    "vscode-languageserver-textdocument": ["lsp"],
    "vscode-languageserver-types": ["features", "lsp"],
    "vscode-uri": ["lsp"],
  };
  const named = (target: string): string => target.split("/", target.startsWith("@") ? 2 : 1).join("/");
  const packages = imports.filter(({ target }) => !target.startsWith(".") && !target.startsWith("node:"));
  for (const { file, folder, target } of packages) {
    assert.ok(owners[named(target)]?.includes(folder), `${file} imports ${target}`);
  }
  const manifest: unknown = JSON.parse(fs.readFileSync("package.json", "utf8"));
  assert.ok(typeof manifest === "object" && manifest !== null && "dependencies" in manifest);
  const used = new Set(packages.map(({ target }) => named(target)));
  for (const target of clientPackages) used.add(named(target));
  assert.deepEqual(Object.keys(Object(manifest.dependencies)).sort(), [...used].sort());
});
