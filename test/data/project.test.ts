import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import { decideContainer, knownContainer } from "../../server/data/container.js";
import {
  createProjectFile,
  findProjectRoot,
  isProjectId,
  newProjectId,
  openProject,
  prepareProject,
} from "../../server/data/project.js";
import { parseProjectSettings } from "../../server/data/project-settings.js";
import { temporaryFolder, writeFiles } from "../support/temporary.js";

const read = (folder: string, name: string) => fs.readFileSync(path.join(folder, name), "utf8");

test("the project root is the nearest folder upwards with reprod.json, .reprod or .git, else the file's own", (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "a/b/c/x.reprod": "",
    "json/reprod.json": "{}",
    "json/sub/x.reprod": "",
    "tree/.git": "gitdir: x",
  });
  fs.mkdirSync(path.join(folder, "a/.reprod"));
  fs.mkdirSync(path.join(folder, "a/b/.git"));
  writeFiles(folder, { "a/b/c/.reprod": "a file of that name is no project" });
  for (const [start, root] of [
    ["a/b/c/x.reprod", "a/b"],
    ["a/b/c", "a/b"],
    ["a/x.reprod", "a"],
    ["json/sub/x.reprod", "json"],
    ["json/sub/not/there/yet.reprod", "json"],
    ["tree/x.reprod", "tree"],
    ["alone/x.reprod", "alone"],
  ] as const) {
    // Nothing above a temporary folder is a project; if it were, the last case alone would differ.
    assert.equal(findProjectRoot(path.join(folder, start)), path.join(folder, root), start);
  }
});

test("opening a project writes nothing; preparing it makes .reprod, hides it from git and keeps one id", (t) => {
  const folder = temporaryFolder(t);
  const project = openProject(path.join(folder, "x.reprod"));
  assert.deepEqual(fs.readdirSync(folder), []);
  assert(isProjectId(project.id));
  assert.equal(project.settingsFile, undefined);
  const prepared = prepareProject(project);
  assert.equal(prepared.id, project.id, "what was planned under it stays its own");
  assert.equal(read(folder, ".reprod/.gitignore"), "*\n");
  assert.equal(openProject(folder).id, project.id);
  assert.equal(prepareProject(openProject(folder)).id, project.id);
  // Another process opened the project before the first one had prepared it.
  const late = openProject(temporaryFolder(t));
  const first = prepareProject(openProject(late.root));
  assert.notEqual(late.id, first.id);
  assert.equal(prepareProject(late).id, first.id, "the first one's id counts for both");
});

test("a torn local file is made anew", (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, { ".reprod/local.json": '{"projectId": "aaaa' });
  const prepared = prepareProject(openProject(folder));
  assert(isProjectId(prepared.id));
  assert.equal(openProject(folder).id, prepared.id);
});

test("a project whose folder cannot be made says so in words", (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": "{}", ".reprod": "a file in the way" });
  const project = openProject(folder);
  assert.throws(
    () => prepareProject(project),
    (error) =>
      error instanceof Failure && error.code === "project-read-only" && /\.reprod"$/.test(error.message),
  );
});

test("reprod.json takes over the id that the checkout has used, and is never replaced", (t) => {
  const folder = temporaryFolder(t);
  const prepared = prepareProject(openProject(folder));
  const created = createProjectFile(prepared, { container: "never" });
  assert.equal(created.id, prepared.id);
  assert.deepEqual(JSON.parse(read(folder, "reprod.json")), {
    projectId: prepared.id,
    name: path.basename(folder),
    container: "never",
  });
  assert.throws(
    () => createProjectFile(created),
    (error) => error instanceof Failure && error.code === "project-exists",
  );
});

test("project ids are 12 characters of base32 and differ", () => {
  const ids = new Set(Array.from({ length: 1000 }, newProjectId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert(isProjectId(id), id);
});

test("settings are read; folders follow the store", (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, {
    "reprod.json": `\ufeff{
      "$schema": "https://example.org/x", "projectId": "abcdefgh2345", "name": "sunflower",
      "container": "required", "executor": "ecs", "stores": { "write": "../results", "read": ["s3://bucket/x"] },
      "resources": { "cpus": 0.5, "memory": "1.5 GiB", "disk": "10GB", "timeout": "90 min" }, "secrets": ["key"]
    }`,
  });
  const project = openProject(folder);
  assert.equal(project.id, "abcdefgh2345");
  assert.equal(project.name, "sunflower");
  assert.equal(project.folders.store, path.join(folder, "../results"));
  assert.equal(
    path.dirname(project.folders.tmp),
    path.dirname(project.folders.store),
    "C11: one file system",
  );
  assert.deepEqual(project.settings.resources, {
    cpus: 0.5,
    memoryBytes: 1.5 * 2 ** 30,
    diskBytes: 10e9,
    timeoutMilliseconds: 90 * 60_000,
  });
});

test("what is wrong in reprod.json is told with its place", () => {
  for (const [text, place, message] of [
    ["", "1:1", /a value is missing/],
    ["[]", "1:1", /must be an object/],
    ['{\n  "contianer": "never"\n}', "2:3", /but not "contianer"$/],
    ['{"container": "sometimes"}', "1:15", /one of these must stand here: "required", "never", "auto"/],
    ['{"projectId": "ABC"}', "1:15", /12 of the characters/],
    ['{"name": 5}', "1:10", /a text, in double quotes/],
    ['{"resources": {"memory": 12}}', "1:26", /units B, kB, MB/],
    ['{"resources": {"memory": "12 parsecs"}}', "1:26", /"2 GiB"/],
    ['{"resources": {"memory": "0 GiB"}}', "1:26", /number with one of the units/],
    ['{"resources": {"cpus": 0}}', "1:24", /a number above 0/],
    ['{"stores": {"write": "s3://bucket"}}', "1:22", /the path of a folder/],
    ['{"secrets": "x"}', "1:13", /a list of texts/],
    ['{"cloud": {"folder": "../x"}}', "1:22", /a folder inside the project/],
    ['{"cloud": {"folder": "a\\u001b[2Jb"}}', "1:22", /without control characters/],
    ['{"cloud": {"folder": "a\\nb"}}', "1:22", /without control characters/],
    ['{"cloud": {"folder": "a\\u202eb"}}', "1:22", /without control characters/],
    ['{"cloud": {"adopt": {"network/vpc": "vpc-1\\n"}}}', "1:37", /an id or a name in AWS/],
    ['{"cloud": {"repositories": ["a\\u001bb"]}}', "1:29", /name of a container repository/],
    ['{"cloud": {"importFrom": ["a*"]}}', "1:27", /the name of a bucket/],
    ['{"cloud": {"importFrom": ["lab", "lab"]}}', "1:34", /"lab" is named twice/],
    ['{"cloud": {"images": ["arn:aws:ecr:*:123456789012:repository/a"]}}', "1:23", /the ARN of a container/],
    ['{"cloud": {"network": {"cidr": "10.0.0.0/16\\n"}}}', "1:32", /a range of addresses/],
    ['{"name": "a", "name": "b"}', "1:15", /a key stands twice: "name"/],
  ] as const) {
    assert.throws(
      () => parseProjectSettings("reprod.json", text),
      (error) => {
        assert(error instanceof Failure);
        assert.equal(error.code, "project-invalid");
        assert.equal(error.place, `reprod.json:${place}`);
        assert.match(error.message, message);
        return true;
      },
      text,
    );
  }
});

test("the JSON schema for editors names the same settings as the reader", () => {
  const schema = JSON.parse(fs.readFileSync("media/reprod.schema.json", "utf8"));
  const namesIn = (text: string) => /can have (.*), but not/.exec(text)?.[1]?.match(/[$\w]+/g);
  const refusedAt = (text: string) => {
    try {
      parseProjectSettings("reprod.json", text);
    } catch (error) {
      return error instanceof Failure ? namesIn(error.message) : undefined;
    }
    return undefined;
  };
  assert.deepEqual(refusedAt('{"?": 1}'), Object.keys(schema.properties));
  assert.deepEqual(refusedAt('{"stores": {"?": 1}}'), Object.keys(schema.properties.stores.properties));
  assert.deepEqual(refusedAt('{"resources": {"?": 1}}'), Object.keys(schema.properties.resources.properties));
});

test("the JSON schema for editors takes the same folders for settings files as the reader", () => {
  const schema = JSON.parse(fs.readFileSync("media/reprod.schema.json", "utf8"));
  const pattern = new RegExp(schema.properties.cloud.properties.folder.pattern, "u");
  const cases = [
    ".",
    "a/b c",
    "ä",
    "..",
    "/a",
    "a/../b",
    "a\\b",
    "a\u001bb",
    "a\nb",
    "a\u0085b",
    "a\u2028",
    "a\u202e",
    "a\u2066",
  ];
  for (const folder of cases) {
    const text = JSON.stringify({ cloud: { folder } });
    const takes = (): boolean => {
      try {
        parseProjectSettings("reprod.json", text);
        return true;
      } catch {
        return false;
      }
    };
    assert.equal(pattern.test(folder), takes(), text);
  }
});

test("A9 auto is resolved once for a checkout and never probed anew", async (t) => {
  const folder = temporaryFolder(t);
  const asked: string[] = [];
  const probe = (answers: { readonly [engine: string]: string }) => (engine: string) => {
    asked.push(engine);
    return Promise.resolve(answers[engine]);
  };
  assert.equal(knownContainer(openProject(folder)), undefined);
  const now = () => new Date("2026-05-04T03:02:01Z");
  const first = await decideContainer(openProject(folder), { probe: probe({ podman: "5.0" }), now });
  assert.deepEqual(first, {
    where: "image",
    engine: "podman",
    why: "found once for this checkout, on 2026-05-04 (.reprod/local.json)",
  });
  assert.deepEqual(asked, ["docker", "podman"]);
  // The engine is gone, another one is there: neither changes what was decided.
  const later = await decideContainer(openProject(folder), { probe: probe({ docker: "27" }) });
  assert.deepEqual(later, first);
  assert.deepEqual(asked, ["docker", "podman"], "nothing was asked again");
  assert.deepEqual(knownContainer(openProject(folder)), first);
});

test("A9 without an engine auto means the host, and stays so when one is installed", async (t) => {
  const folder = temporaryFolder(t);
  const none = () => Promise.resolve(undefined);
  assert.equal((await decideContainer(openProject(folder), { probe: none })).where, "host");
  const all = () => Promise.resolve("27");
  assert.equal((await decideContainer(openProject(folder), { probe: all })).where, "host");
});

test("A9 a flag goes before reprod.json, both before auto, and neither asks the machine", async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "reprod.json": '{"container": "required"}' });
  const probe = () => assert.fail("the machine was asked");
  assert.equal((await decideContainer(openProject(folder), { probe })).where, "image");
  assert.equal((await decideContainer(openProject(folder), { probe, flag: "never" })).where, "host");
});

test("A9 two processes that decide at once come to one decision", async (t) => {
  const folder = temporaryFolder(t);
  const [one, two] = [openProject(folder), openProject(folder)];
  const first = await decideContainer(one, { probe: () => Promise.resolve("27") });
  const second = await decideContainer(two, { probe: () => Promise.resolve(undefined) });
  assert.deepEqual(second, first);
});
