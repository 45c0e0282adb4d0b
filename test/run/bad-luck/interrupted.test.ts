import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { Gate, held, nodeEnds, project, say } from "../../support/bad-luck.js";
import { reprod, reprodJson, start } from "../../support/command-line.js";
import { statesOf } from "../../support/events.js";
import { writeFiles } from "../../support/temporary.js";
import { startWeb } from "../../support/web.js";

/** A quick node, and two below it that wait at the gate; each script notes that it ran. */
function waiting(gate: Gate): string {
  return `pipeline waiting
node quick = Quick {}
for i in range(2) {
  node slow[i] = Slow { before: quick.o, i }
}
transform Quick {
  out o: File = "o"
  run bash \`\`\`
    echo quick > "$o"
  \`\`\`
}
transform Slow {
  in before: File
  param i: Int
  out o: File = "o"
  run bash \`\`\`
    ${gate.here}
    ${gate.wait}
    { cat "$before"; echo "$i"; } > "$o"
  \`\`\`
}
`;
}

test("SIGINT, SIGTERM and SIGHUP end the scripts, keep what is finished, and end with the signal's code", async (t) => {
  const folder = project(t, {});
  const gate = new Gate(t, folder);
  writeFiles(folder, { "p.reprod": waiting(gate) });
  const args = ["run", "p.reprod"];
  const signals = [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const;
  for (const [index, [signal, code]] of signals.entries()) {
    const run = start(args, { cwd: folder });
    await gate.reached(2 * (index + 1));
    run.child.kill(signal);
    const ended = held(args, await run.ended);
    assert.equal(ended.code, code, ended.all);
    assert.match(ended.stdout, /^cancelled in .*: [01] made, [01] cached/m);
    assert.match(ended.stderr, /ending the run; what is finished is kept/);
    assert.deepEqual((await statesOf(folder, ["p.reprod"])).cached, ["quick"]);
  }
  gate.open(2);
  const last = await say(folder, args);
  assert.match(last.stdout, /2 made, 1 cached/);
  assert.doesNotMatch(last.stdout, /taken over/, "no script outlived its run's cancelling");
  assert.equal((await say(folder, ["verify"])).code, 0);
});

test("C4 after SIGKILL the scripts live on; the next run takes them over and starts nothing twice", async (t) => {
  const folder = project(t, {});
  const gate = new Gate(t, folder);
  writeFiles(folder, { "p.reprod": waiting(gate) });
  const killed = start(["run", "p.reprod"], { cwd: folder });
  await gate.reached(2);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const runs = JSON.stringify(await reprodJson(folder, ["runs"]));
  assert.match(runs, /"state":"interrupted"/);
  assert.match((await say(folder, ["status"])).stdout, /^waiting +run \w+ interrupted$/m);
  const next = start(["run", "p.reprod", "--json"], { cwd: folder });
  await next.prints('"adopted":true');
  gate.open(2);
  const ended = held(["run"], await next.ended);
  assert.equal(ended.code, 0, ended.all);
  assert.equal(gate.times, 2, "each script ran once");
  assert.equal((await say(folder, ["verify"])).code, 0);
});

test("C1 C2 two runs at once with nodes in common: each is made once, and both runs have it", async (t) => {
  const folder = project(t, {});
  const gate = new Gate(t, folder);
  writeFiles(folder, {
    "p.reprod": waiting(gate),
    // Another pipeline, with the same work under other names and some of its own.
    "q.reprod": `${waiting(gate).replace("pipeline waiting", "pipeline other").replaceAll("slow", "late")}node more = Quick2 { from: late[1].o }
transform Quick2 {
  in from: File
  out o: File = "o"
  run bash \`\`\`
    cp "$from" "$o"
  \`\`\`
}
target late, more
`,
  });
  const first = start(["run", "p.reprod", "--json"], { cwd: folder });
  await gate.reached(2);
  const second = start(["run", "q.reprod", "--json"], { cwd: folder });
  await second.prints('"event":"node-queued","node":"late[1]"');
  gate.open(2);
  const [one, two] = [held(["run"], await first.ended), held(["run"], await second.ended)];
  assert.deepEqual([one.code, two.code], [0, 0], one.all + two.all);
  assert.equal(gate.times, 2, "each script ran once");
  assert.equal(nodeEnds(two.stdout).get("more")?.from, "made");
  for (const file of ["p.reprod", "q.reprod"])
    assert.deepEqual(Object.keys(await statesOf(folder, [file])), ["cached"]);
  assert.equal((await say(folder, ["verify"])).code, 0);
});

test("a run that is cancelled while it fetches an input ends at once, and fetches it the next time", async (t) => {
  const bytes = "fetched\n";
  let silent: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => {
    silent = resolve;
  });
  const web = await startWeb(t, {
    "/data.txt": (_request, response) => {
      // Some of it, and then nothing more for ever.
      response.writeHead(200, { "content-length": bytes.length }).write(bytes.slice(0, 3));
      silent?.();
    },
  });
  const url = `${web.url}/data.txt`;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const folder = project(t, {
    "reprod.lock": JSON.stringify({ format: 1, images: {}, urls: { [url]: { sha256, size: bytes.length } } }),
    "p.reprod": `pipeline p
input data = file("${url}")
node n = Copy { data }
transform Copy {
  in data: File
  out o: File = "o"
  run bash \`\`\`
    cat "$data" > "$o"
  \`\`\`
}
`,
  });
  const args = ["run", "p.reprod"];
  const run = start(args, { cwd: folder });
  await asked;
  run.child.kill("SIGINT");
  const ended = held(args, await run.ended);
  assert.equal(ended.code, 130, ended.all);
  assert.match(ended.stdout, /^cancelled in .*: 0 made, 0 cached/m);
  web.paths.set("/data.txt", (_request, response) => {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  });
  assert.match((await say(folder, args)).stdout, /1 made, 0 cached/);
});

test("a clock that jumps back changes no state and no order; files dated in the future are data like others", async (t) => {
  const folder = project(t, {
    // Before the program: its clock is off by so many days.
    "clock.cjs":
      "const off = Number(process.env.DAYS_OFF) * 86400e3; const now = Date.now; Date.now = () => now() + off;\n" +
      "const D = Date; globalThis.Date = class extends D { constructor(...a) { a.length === 0 ? super(D.now()) : super(...a); } };\n",
    "data.txt": "data\n",
    "p.reprod": `pipeline p
input data = file("data.txt")
param greeting: String = "hello"
node n = T { data, greeting }
transform T {
  in data: File
  param greeting: String
  out o: File = "o"
  run bash \`\`\`
    { echo "$greeting"; cat "$data"; } > "$o"
  \`\`\`
}
`,
  });
  const at = (days: number, ...args: string[]) =>
    reprod(folder, args, {
      NODE_OPTIONS: `--require=${path.join(folder, "clock.cjs")}`,
      DAYS_OFF: String(days),
    });
  const future = Date.now() / 1000 + 30 * 86400;
  fs.utimesSync(path.join(folder, "data.txt"), future, future);
  assert.match(held([], await at(10, "run", "p.reprod")).stdout, /1 made, 0 cached/);
  assert.match(held([], await at(0, "run", "p.reprod", "--set", "greeting=ahoy")).stdout, /1 made, 0 cached/);
  assert.match(
    held([], await at(-400, "run", "p.reprod", "--set", "greeting=ahoy")).stdout,
    /0 made, 1 cached/,
  );
  // History is in the order in which it happened, whatever its dates say.
  const runs = held([], await at(-400, "runs"))
    .stdout.trim()
    .split("\n");
  assert.deepEqual(
    runs.map((line) => /\d{4}-\d\d-\d\d/.exec(line)?.[0]),
    [-400, 0, 10].map((days) => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10)),
  );
  assert.match(
    held([], await at(-400, "explain", "p.reprod", "n", "--set", "greeting=hi")).stdout,
    /"ahoy" → "hi"/,
  );
  // The same bytes with another date are the same; other bytes of the same size and date are not.
  fs.utimesSync(path.join(folder, "data.txt"), 0, 0);
  assert.match(held([], await at(0, "plan", "p.reprod")).stdout, /^1 cached$/m);
  fs.writeFileSync(path.join(folder, "data.txt"), "DATA\n");
  fs.utimesSync(path.join(folder, "data.txt"), 0, 0);
  assert.match(held([], await at(0, "plan", "p.reprod")).stdout, /^1 stale$/m);
  // What seems to be years old is not collected while it is what nodes are named after.
  assert.match(held([], await at(4000, "gc")).stdout, /Kept: 2 results/);
  assert.equal((await say(folder, ["verify"])).code, 0);
});
