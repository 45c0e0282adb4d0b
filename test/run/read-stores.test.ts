import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type TestContext, test } from "node:test";
import { hashOneFile } from "../../server/run/hash.js";
import { openPipeline } from "../../server/run/pipeline.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { verifyStore } from "../../server/store/verify.js";
import { PipelineProject } from "../support/pipeline-project.js";

/** Two nodes in a row; the second makes a folder. `word` is read from outside of all that identity sees. */
const chain = (word: string, extra = "") => `transform First {
  out made: File = "made.txt"
  run sh \`\`\`
    ${extra}
    cat ${word} > made.txt
  \`\`\`
}
transform Second {
  in made: File
  out folder: Dir = "folder"
  run sh \`\`\`
    mkdir -p folder/sub && cp "$made" folder/sub/copy
  \`\`\`
}
node first = First {}
node second = Second { made: first.made }
target second
`;

/** A project that has made the chain with this word. */
async function made(context: TestContext, wordFile: string, word: string): Promise<PipelineProject> {
  fs.writeFileSync(wordFile, `${word}\n`);
  const project = new PipelineProject(context, chain(wordFile));
  assert.equal((await project.run()).made, 2);
  return project;
}

function reading(context: TestContext, text: string, read: readonly string[]): PipelineProject {
  const project = new PipelineProject(context, text);
  project.write("reprod.json", JSON.stringify({ stores: { read } }));
  return project;
}

const storeOf = (project: PipelineProject) => project.path(".reprod/store");

/** What a folder holds, with when each was changed: what was written to differs. */
function snapshot(folder: string): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name) => `${name} ${fs.lstatSync(`${folder}/${name}`, { bigint: true }).ctimeNs}`);
}

async function copyIn(project: PipelineProject): Promise<string> {
  const opened = await openPipeline(project.file);
  const node = (await project.plan()).nodes.find((planned) => planned.node.name === "second");
  assert.ok(node?.state.state === "cached");
  const out = node.state.result.outs.folder;
  assert.ok(out && "sha256" in out);
  const manifest = opened.store.objects.read(out.sha256)?.toString() ?? "";
  const sha = /[0-9a-f]{64}/.exec(manifest)?.[0] ?? "";
  return fs.readFileSync(`${storeOf(project)}/objects/sha256/${sha.slice(0, 2)}/${sha.slice(2)}`, "utf8");
}

const warnings = (project: PipelineProject) =>
  project.events.flatMap((line) => (line.event === "warning" ? [line.code] : []));

test("A3 of several stores to read from, the first in configured order that has the result wins; none is written to", async (context) => {
  const word = `${new PipelineProject(context, "").folder}/word`;
  const one = await made(context, word, "one");
  const two = await made(context, word, "two");
  const before = [one, two].map((project) => snapshot(storeOf(project)));
  for (const [order, expected] of [
    [[one, two], "one\n"],
    [[two, one], "two\n"],
  ] as const) {
    const project = reading(context, chain(word), order.map(storeOf));
    assert.deepEqual(await project.states(), ["first: cached", "second: cached"]);
    assert.ok(!fs.existsSync(storeOf(project)), "a plan brings nothing over");
    const result = await project.run();
    assert.deepEqual([result.outcome, result.made, result.cached], ["done", 0, 2]);
    assert.equal(await copyIn(project), expected);
    // Brought over as it was made, whole, and found here from now on.
    const store = openLocalStore(storeOf(project), { readOnly: true });
    assert.deepEqual((await verifyStore(store, hashOneFile)).problems, []);
    project.write("reprod.json", "{}");
    // B3: what only the result rests on was not needed.
    assert.deepEqual(await project.states(), ["first: missing", "second: cached"]);
  }
  assert.deepEqual(
    [one, two].map((project) => snapshot(storeOf(project))),
    before,
  );
});

test("A3 the store that is written to comes first, and what it has is never replaced", async (context) => {
  const word = `${new PipelineProject(context, "").folder}/word`;
  const other = await made(context, word, "other");
  const own = await made(context, word, "own");
  own.write("reprod.json", JSON.stringify({ stores: { read: [storeOf(other)] } }));
  assert.equal((await own.run()).cached, 2);
  assert.equal(await copyIn(own), "own\n");
});

test("A1 A3 a result whose bytes are damaged where it is read from counts as absent there", async (context) => {
  const word = `${new PipelineProject(context, "").folder}/word`;
  const damaged = await made(context, word, "same");
  const whole = await made(context, word, "same");
  const objects = `${storeOf(damaged)}/objects/sha256`;
  for (const name of fs.readdirSync(objects, { recursive: true }).map(String)) {
    const file = `${objects}/${name}`;
    if (!fs.statSync(file).isFile() || fs.readFileSync(file, "utf8") !== "same\n") continue;
    fs.chmodSync(file, 0o644);
    fs.writeFileSync(file, "evil\n");
  }
  const project = reading(context, chain(word), [storeOf(damaged), storeOf(whole)]);
  assert.deepEqual([(await project.run()).made, warnings(project)], [0, ["read-store-damaged"]]);
  assert.equal(await copyIn(project), "same\n");
  const alone = reading(context, chain(word), [storeOf(damaged)]);
  const result = await alone.run();
  assert.equal(result.outcome, "done");
  assert.ok(result.made > 0 && warnings(alone).includes("read-store-damaged"));
  assert.equal(await copyIn(alone), "same\n");
});

test("A4 a hit by content in a store that is read from leaves a record of its own, with all it names", async (context) => {
  const word = `${new PipelineProject(context, "").folder}/word`;
  const other = await made(context, word, "word");
  const project = reading(context, chain(word, "# another way to the same bytes"), [storeOf(other)]);
  const result = await project.run();
  assert.deepEqual([result.made, result.reused], [1, 1]);
  assert.deepEqual(project.done(), { first: "made", second: "adopted" });
  project.write("reprod.json", "{}");
  assert.deepEqual(await project.states(), ["first: cached", "second: cached"]);
});

test("A3 a store that cannot be read is told and done without", async (context) => {
  const word = `${new PipelineProject(context, "").folder}/word`;
  const other = await made(context, word, "word");
  const newer = new PipelineProject(context, "");
  newer.write("store.json", '{"format":99}\n');
  const places = ["../nowhere", newer.folder, "s3://bucket/x", storeOf(other)];
  const project = reading(context, chain(word), places);
  const opened = await openPipeline(project.file);
  const told = ["read-store-unreadable", "read-store-unreadable", "read-store-cloud"];
  assert.deepEqual(
    opened.store.unread.map(({ code }) => code),
    told,
  );
  assert.match(opened.store.unread[2]?.why ?? "", /cloud part/);
  assert.deepEqual([(await project.run()).made, warnings(project)], [0, told]);
});
