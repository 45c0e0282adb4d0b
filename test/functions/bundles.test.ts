import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { unzipSync } from "fflate";
import { isSha256 } from "../../server/base/brand.js";
import { functionBundle } from "../../server/base/bundle.js";
import { readSettings } from "../../server/functions/settings.js";
import { functionTable, variables } from "../../server/functions/table.js";
import { objectKey, sha256OfKey } from "../../server/store/keys.js";
import { Layout } from "../../server/store/layout.js";
import { temporaryFolder } from "../support/temporary.js";

const names = functionTable.map(({ name }) => name);

function buildTo(folder: string, env: { readonly [name: string]: string } = {}): void {
  const script = `import(${JSON.stringify(pathToFileURL(path.resolve("scripts/functions.mjs")).href)})
    .then((functions) => functions.buildFunctions(${JSON.stringify(folder)}))`;
  execFileSync(process.execPath, ["-e", script], { env: { ...process.env, ...env } });
}

function digests(folder: string): { readonly [file: string]: string } {
  const files = fs.readdirSync(path.join(folder, "functions")).sort();
  return Object.fromEntries(
    files.map((file) => {
      const bytes = fs.readFileSync(path.join(folder, "functions", file));
      assert.ok(bytes.length < 64 * 1024, `${file} has ${bytes.length} bytes`);
      return [file, createHash("sha256").update(bytes).digest("base64")];
    }),
  );
}

test("equal code gives equal zips, one for each function, wherever and whenever they are built", (t) => {
  const one = temporaryFolder(t);
  const other = temporaryFolder(t);
  buildTo(one, { TZ: "Pacific/Kiritimati" });
  buildTo(other, { TZ: "America/Los_Angeles" });
  assert.deepEqual(digests(one), digests(other));
  assert.deepEqual(
    Object.keys(digests(one)),
    names.map((name) => `${name}.zip`),
  );
  // What the build of this test run made, readable or not, is the same.
  const dist = path.dirname(path.dirname(functionBundle("manage")));
  assert.deepEqual(digests(one), digests(dist));
});

test("the handler in each zip is loaded, and what it is not told it says", (t) => {
  // Below this folder, so that the SDK is found as Lambda's runtime gives it.
  fs.mkdirSync("out", { recursive: true });
  const folder = fs.mkdtempSync(path.resolve("out", "functions-"));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  buildTo(folder);
  for (const { name, handler } of functionTable) {
    const files = unzipSync(fs.readFileSync(path.join(folder, "functions", `${name}.zip`)));
    assert.deepEqual(Object.keys(files), ["index.js"]);
    const unpacked = path.join(folder, name);
    fs.mkdirSync(unpacked);
    fs.writeFileSync(path.join(unpacked, "index.js"), files["index.js"] ?? "");
    const [file, exported] = handler.split(".");
    const script = `
      const { ${exported}: handler } = require("./${file}.js");
      handler({}, { awsRequestId: "id", getRemainingTimeInMillis: () => 60000 })
        .then((answer) => console.log(JSON.stringify(answer)), (error) => console.log("thrown " + error.message));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], {
      cwd: unpacked,
      encoding: "utf8",
      env: { PATH: process.env.PATH, AWS_REGION: "eu-central-1", AWS_EC2_METADATA_DISABLED: "true" },
    });
    assert.match(stdout, name === "manage" ? /"statusCode":500/ : /function-settings/, `${name}: ${stderr}`);
  }
});

test("the table: what Lambda accepts, and settings that exist", () => {
  assert.equal(new Set(names).size, names.length);
  for (const {
    description,
    memoryMiB,
    timeoutSeconds,
    ephemeralStorageMiB,
    settings,
    events,
  } of functionTable) {
    assert.ok(description.length <= 256);
    assert.ok(memoryMiB >= 128 && memoryMiB <= 10_240);
    assert.ok(timeoutSeconds >= 1 && timeoutSeconds <= 900);
    assert.ok(ephemeralStorageMiB >= 512 && ephemeralStorageMiB <= 10_240);
    for (const setting of settings) assert.ok(variables[setting].name.startsWith("REPROD_"));
    for (const { pattern } of events ?? []) {
      const scope = { clusterArn: "arn:cluster", jobQueueArnPrefix: "arn:queue-" };
      assert.ok(Array.isArray(pattern(scope).source));
    }
  }
  assert.doesNotMatch(fs.readFileSync("server/functions/table.ts", "utf8"), /^import /m);
});

test("settings are read and checked", () => {
  const env = { REPROD_PROJECT: "abcdefghijkl", REPROD_BUILD_BUCKET: "a-bucket" };
  assert.deepEqual(readSettings(["project", "buildBucket"], env), {
    project: "abcdefghijkl",
    buildBucket: "a-bucket",
  });
  assert.throws(() => readSettings(["cluster"], env), { code: "function-settings" });
  for (const bucket of ["", "A", "a/b", "a b"])
    assert.throws(() => readSettings(["buildBucket"], { REPROD_BUILD_BUCKET: bucket }), {
      code: "function-settings",
    });
});

test("an object lies at the same place in a bucket and in a folder", () => {
  const sha256 = "ab".repeat(32);
  assert.ok(isSha256(sha256));
  assert.equal(new Layout("/store").object(sha256), `/store/${objectKey(sha256)}`);
  assert.equal(sha256OfKey(objectKey(sha256)), sha256);
  for (const key of [
    "objects/sha256/ab/cd",
    `x/${objectKey(sha256)}`,
    `${objectKey(sha256)}/`,
    `${objectKey(sha256)}\n`,
  ])
    assert.equal(sha256OfKey(key), undefined, key);
});
