import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

/** What each folder of `server/` may import, besides itself. `ARCHITECTURE.md` draws the same arrows. */
const arrows: { readonly [folder: string]: readonly string[] } = {
  base: [],
  language: ["base"],
  graph: ["base", "language"],
  data: ["base", "language", "graph"],
  store: ["base", "language", "graph"],
  executors: ["base", "language", "graph", "data", "store"],
  provenance: ["base", "language", "graph", "data", "store"],
  features: ["base", "language", "graph", "data", "store"],
  run: ["base", "language", "graph", "data", "store", "executors", "provenance"],
  cli: ["base", "language", "graph", "data", "store", "executors", "provenance", "features", "run"],
};

/** Node's modules that a folder may import where not all are allowed: what computes and asks nothing of the machine. */
const pure: { readonly [folder: string]: readonly string[] } = {
  language: [],
  graph: ["node:crypto", "node:path"],
};

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

/** Every import of every file of `server/`, dynamic ones and types too. */
const imports: readonly Import[] = fs
  .readdirSync("server", { recursive: true })
  .map((file) => String(file))
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => {
    const text = fs.readFileSync(path.join("server", file), "utf8");
    const folder = file.includes("/") ? (file.split("/")[0] ?? "") : "cli";
    const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm);
    return [...found].map((match) => ({ file, folder, target: match[1] ?? "" }));
  });

test("the arrows between folders go one way", () => {
  assert.ok(imports.length > 100, "the imports were found");
  const wrong = imports.filter(({ file, folder, target }) => {
    if (!target.startsWith(".")) return false;
    const to = path.posix.join(path.posix.dirname(file), target);
    if (to === "../package.json") return false;
    const [toFolder = ""] = to.split("/");
    return toFolder !== folder && arrows[folder]?.includes(toFolder) !== true;
  });
  assert.deepEqual(wrong, []);
});

test("every folder of server/ has its arrows written down", () => {
  const folders = fs.readdirSync("server", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), Object.keys(arrows).sort());
  const drawn = fs.readFileSync("ARCHITECTURE.md", "utf8");
  for (const folder of Object.keys(arrows)) assert.match(drawn, new RegExp(`\`${folder}/\``), folder);
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

test("packages are imported where they belong, and every one of them is used", () => {
  const owners: { readonly [name: string]: readonly string[] } = {
    "@dagrejs/dagre": ["graph"],
    commander: ["cli"],
    "csv-parse": ["data"],
    diff: ["graph", "run"],
    "log-update": ["cli"],
    picocolors: ["cli"],
    picomatch: ["data", "store", "graph"],
    ulid: ["run"],
  };
  const named = (target: string): string => target.split("/", target.startsWith("@") ? 2 : 1).join("/");
  const packages = imports.filter(({ target }) => !target.startsWith(".") && !target.startsWith("node:"));
  for (const { file, folder, target } of packages) {
    assert.ok(owners[named(target)]?.includes(folder), `${file} imports ${target}`);
  }
  const manifest: unknown = JSON.parse(fs.readFileSync("package.json", "utf8"));
  assert.ok(typeof manifest === "object" && manifest !== null && "dependencies" in manifest);
  const used = new Set(packages.map(({ target }) => named(target)));
  assert.deepEqual(Object.keys(Object(manifest.dependencies)).sort(), [...used].sort());
});
