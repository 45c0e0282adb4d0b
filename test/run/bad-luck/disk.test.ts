import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { failureCode, Gate, held, nodeEnds, project, say, smallDisk } from "../../support/bad-luck.js";
import { reprod, reprodJson, start } from "../../support/command-line.js";
import { statesOf } from "../../support/events.js";
import { writeFiles } from "../../support/temporary.js";

const BLOCKS = `pipeline blocks
for n in range(6) {
  node block[n] = Block { n }
}
node all = Count { blocks: block[*].o }
transform Block {
  param n: Int
  out o: File = "o"
  run bash \`\`\`
    head -c 900000 /dev/zero | tr '\\0' "$n" > "$o"
  \`\`\`
}
transform Count {
  in blocks: [File]
  out o: File = "o"
  run bash \`\`\`
    cat "\${blocks[@]}" | wc -c > "$o"
  \`\`\`
}
`;

const TWO = `pipeline two
node first = Write { text: "hello" }
node second = Copy { from: first.o }
transform Write {
  param text: String
  out o: File = "first.txt"
  run bash \`\`\`
    echo "$text" > "$o"
  \`\`\`
}
transform Copy {
  in from: File
  out o: File = "second.txt"
  run bash \`\`\`
    { cat "$from"; echo again; } > "$o"
  \`\`\`
}
`;

test("C11 a full disk is told as that, nothing half-made counts, and with room again the rest is made", async (t) => {
  const disk = smallDisk(t, "5m");
  if (disk === undefined) return;
  const { folder } = disk;
  writeFiles(folder, { "reprod.json": '{"projectId": "abcdefghijkl"}\n', "p.reprod": BLOCKS });
  const args = ["run", "p.reprod", "--keep-going", "--json"];
  const full = await say(folder, args);
  assert.equal(full.code, 1, full.all);
  const failures = [...nodeEnds(full.stdout).values()].filter((end) => end.failure !== undefined);
  assert.ok(failures.length > 0);
  for (const { failure, message } of failures) {
    assert.equal(failure, "DiskFull");
    assert.match(message ?? "", /no space is left/);
  }
  // As full as can be: even then a run tells its end, and everything that only reads works.
  const room = path.join(folder, "ballast");
  const ballast = fs.openSync(room, "w");
  const block = Buffer.alloc(4096, "x");
  try {
    for (;;) fs.writeSync(ballast, block);
  } catch (error) {
    assert.equal(Object(error).code, "ENOSPC");
  } finally {
    fs.closeSync(ballast);
  }
  const again = await say(folder, ["run", "p.reprod"]);
  assert.equal(again.code, 1, again.all);
  assert.match(again.all, /no space is left|the disk is full/);
  for (const command of [["plan", "p.reprod"], ["verify"], ["runs"], ["check", "p.reprod"]]) {
    const ended = await say(folder, command);
    assert.equal(ended.code, 0, `${command.join(" ")}: ${ended.all}`);
  }
  fs.rmSync(room);

  const { cached = [] } = await statesOf(folder, ["p.reprod"]);
  disk.remount("size=40m");
  const rest = await say(folder, ["run", "p.reprod", "--json"]);
  assert.equal(rest.code, 0, rest.all);
  const made = [...nodeEnds(rest.stdout)].filter(([, end]) => end.from === "made").map(([name]) => name);
  assert.deepEqual(
    made.filter((name) => cached.includes(name)),
    [],
    "what was made is not made again",
  );
  assert.equal(made.length, 7 - cached.length);
  assert.match((await say(folder, ["verify"])).stdout, /7 records verified: all is well/);
  await say(folder, ["get", "p.reprod", "all", "--to", "got"]);
  assert.equal(fs.readFileSync(path.join(folder, "got/o"), "utf8").trim(), "5400000");
});

test("a node that asks for more disk than there is does not start, and says how much is free", async (t) => {
  const disk = smallDisk(t, "8m");
  if (disk === undefined) return;
  writeFiles(disk.folder, {
    "reprod.json": "{}\n",
    "p.reprod": TWO.replace(
      'out o: File = "first.txt"',
      'out o: File = "first.txt"\n  resources { disk: 1 GiB }',
    ),
  });
  const ended = await say(disk.folder, ["run", "p.reprod"]);
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /^✗ first: it asks for 1024 MiB of disk, and \d MiB are free in ".*tmp"$/m);
  // Who asks for nothing needs no more than it writes.
  writeFiles(disk.folder, { "p.reprod": TWO });
  assert.equal((await say(disk.folder, ["run", "p.reprod"])).code, 0);
});

test("a read-only disk: what only reads works, what would write says so, and nothing is begun", async (t) => {
  const disk = smallDisk(t, "8m");
  if (disk === undefined) return;
  const { folder } = disk;
  writeFiles(folder, { "reprod.json": '{"projectId": "abcdefghijkl"}\n', "p.reprod": TWO });
  assert.equal((await say(folder, ["run", "p.reprod"])).code, 0);
  disk.remount("ro");
  const outside = project(t, {});
  for (const command of [
    ["plan", "p.reprod"],
    ["explain", "p.reprod", "second"],
    ["fmt", "--check", "p.reprod"],
    ["runs"],
    ["status"],
    ["show", "second"],
    ["verify"],
    ["get", "p.reprod", "second", "--to", path.join(outside, "got")],
  ]) {
    const ended = await say(folder, command);
    assert.equal(ended.code, 0, `${command.join(" ")}: ${ended.all}`);
  }
  assert.equal(fs.readFileSync(path.join(outside, "got/second.txt"), "utf8"), "hello\nagain\n");
  for (const [command, code] of [
    [["run", "p.reprod"], "store-read-only"],
    [["run", "p.reprod", "--detach"], "project-read-only"],
    [["get", "p.reprod", "second", "--to", "here/below"], "read-only"],
  ] as const) {
    const ended = await say(folder, [...command]);
    assert.equal(ended.code, 1, `${command.join(" ")}: ${ended.all}`);
    assert.match(ended.stderr, new RegExp(`^error\\[${code}\\]: `, "m"));
  }
  assert.equal(failureCode(await reprod(folder, ["run", "p.reprod", "--json"])), "store-read-only");
  disk.remount("rw");
  assert.match((await say(folder, ["run", "p.reprod"])).stdout, /0 made, 2 cached/);
});

test("A1 a corrupted, cut off or lost object is found, its node is broken, and the next run heals it", async (t) => {
  const folder = project(t, { "p.reprod": TWO });
  assert.equal((await say(folder, ["run", "p.reprod"])).code, 0);
  const objects = path.join(folder, ".reprod/store/objects/sha256");
  const objectOf = async (node: string): Promise<string> => {
    const shown = JSON.stringify(await reprodJson(folder, ["show", node]));
    const sha256 = /"outs":\{"o":\{[^}]*"sha256":"([0-9a-f]{64})"/.exec(shown)?.[1] ?? "";
    const file = path.join(objects, sha256.slice(0, 2), sha256.slice(2));
    assert.ok(fs.existsSync(file), shown);
    fs.chmodSync(file, 0o644);
    return file;
  };
  const damages: readonly (readonly [name: string, damage: (file: string) => void, seenByPlan: boolean])[] = [
    // Of the same size: only reading it all tells.
    ["changed", (file) => fs.writeFileSync(file, "HELLO\nagain\n"), false],
    ["cut off", (file) => fs.truncateSync(file, 3), true],
    ["lost", (file) => fs.rmSync(file), true],
    [
      "made a folder",
      (file) => {
        fs.rmSync(file);
        fs.mkdirSync(file);
      },
      true,
    ],
  ];
  for (const [name, damage, seenByPlan] of damages) {
    damage(await objectOf("second"));
    if (seenByPlan) assert.deepEqual((await statesOf(folder, ["p.reprod"])).broken, ["second"], name);
    else {
      const verified = await say(folder, ["verify"]);
      assert.equal(verified.code, 1, verified.all);
      assert.deepEqual((await statesOf(folder, ["p.reprod"])).broken, ["second"], name);
    }
    const healed = await say(folder, ["run", "p.reprod"]);
    assert.match(healed.stdout, /1 made, 1 cached/, name);
    const got = await say(folder, ["get", "p.reprod", "second", "--to", `got/${name}`]);
    assert.equal(got.code, 0, got.all);
    assert.equal(fs.readFileSync(path.join(folder, `got/${name}/second.txt`), "utf8"), "hello\nagain\n");
  }
  assert.equal((await say(folder, ["verify"])).code, 0);
});

test("A1 C10 a record that is cut off, or is no record, counts as none; it is made again in its place", async (t) => {
  const folder = project(t, { "p.reprod": TWO });
  assert.equal((await say(folder, ["run", "p.reprod"])).code, 0);
  const record = async (): Promise<string> => {
    const results = path.join(folder, ".reprod/store/results");
    const shown = /recipe +([0-9a-f]{64})/.exec((await say(folder, ["show", "second"])).stdout)?.[1] ?? "";
    return path.join(results, shown.slice(0, 2), `${shown}.json`);
  };
  for (const damage of [
    (text: string) => text.slice(0, text.length / 2),
    () => "",
    (text: string) => text.replace('"hello"', '"HELLO"').replace(/"size":\s*\d+/, '"size":1'),
  ]) {
    const file = await record();
    fs.chmodSync(file, 0o644);
    fs.writeFileSync(file, damage(fs.readFileSync(file, "utf8")));
    assert.deepEqual((await statesOf(folder, ["p.reprod"])).cached, ["first"]);
    assert.match((await say(folder, ["run", "p.reprod"])).stdout, /[01] made, (1 reused, )?1 cached/);
    assert.equal((await say(folder, ["verify"])).code, 0);
  }
});

test("C5 a torn journal, an unreadable names file and foreign files cost nothing that was made", async (t) => {
  const folder = project(t, { "p.reprod": TWO });
  assert.equal((await say(folder, ["run", "p.reprod"])).code, 0);
  const runs = path.join(folder, ".reprod/runs");
  const [run = ""] = fs.readdirSync(runs);
  const journal = path.join(runs, run, "events.1.jsonl");
  const whole = fs.readFileSync(journal, "utf8");
  const readers: readonly (readonly string[])[] = [
    ["runs"],
    ["status"],
    ["status", run],
    ["logs", run, "second"],
    ["plan", "p.reprod"],
    ["cancel", run],
  ];
  for (const text of [whole.slice(0, -20), `\0\0{"v":1}\nnull\n[]\n${whole}`]) {
    fs.writeFileSync(journal, text);
    for (const command of readers) await say(folder, command);
  }
  fs.rmSync(journal);
  for (const command of readers) await say(folder, command);
  for (const text of ["{"]) {
    fs.writeFileSync(path.join(runs, run, "run.json"), text);
    for (const command of readers) await say(folder, command);
  }
  fs.writeFileSync(path.join(runs, "notes.txt"), "mine");
  fs.mkdirSync(path.join(runs, "01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  const names = path.join(folder, ".reprod/store/names/abcdefghijkl/two", `${run}.ndjson`);
  fs.chmodSync(names, 0o644);
  fs.writeFileSync(names, fs.readFileSync(names, "utf8").slice(0, -30));
  assert.match((await say(folder, ["plan", "p.reprod"])).stdout, /^2 cached$/m);
  // E2: with a history that cannot be read nobody knows what is needed.
  assert.match((await say(folder, ["gc"])).stderr, /^error\[gc-stopped\]: /m);
  assert.match((await say(folder, ["run", "p.reprod"])).stdout, /0 made, 2 cached/);
});

test("a store, or all of .reprod, that is removed during a run fails nodes in words; the next run makes them", async (t) => {
  for (const victim of [".reprod/store", ".reprod/tmp", ".reprod"]) {
    const folder = project(t, {});
    const gate = new Gate(t, folder);
    writeFiles(folder, {
      "p.reprod": TWO.replace('{ cat "$from"', `${gate.here}\n    ${gate.wait}\n    { cat "$from"`),
    });
    const args = ["run", "p.reprod"];
    const run = start(args, { cwd: folder });
    await gate.reached();
    // At once, as no deletion is while others write there.
    fs.renameSync(path.join(folder, victim), path.join(folder, "removed"));
    gate.open();
    const ended = held(args, await run.ended);
    assert.equal(ended.code, 1, `${victim}: ${ended.all}`);
    assert.match(ended.stdout, /^✗ second: /m);
    gate.open();
    assert.equal((await say(folder, args)).code, 0);
    assert.equal((await say(folder, ["verify"])).code, 0);
  }
});
