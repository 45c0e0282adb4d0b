import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import type { Sha256 } from "../../server/base/brand.js";
import { readAttemptState } from "../../server/executors/attempt-state.js";
import {
  attempt,
  executorIn,
  makeFifo,
  processRuns,
  readFifo,
  runWell,
  standInStager,
  stderrOf,
  temporaryFolder,
  workFile,
} from "./support.js";

const PRINT_ALL = "env | sort > env.txt; export -p > exports.txt; set > set.txt; pwd > /dev/null\n";

/** What the shells keep for themselves and change with every process; none of it names the attempt or the host. */
const NOISE = /^(PPID|BASHPID|RANDOM|SRANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME)=.*\n/gm;

for (const kind of ["sh", "bash"] as const) {
  test(`A6 a ${kind} script that prints all its variables prints the same in two folders`, async (t) => {
    const seen = [];
    for (const folder of [temporaryFolder(t), temporaryFolder(t)]) {
      const executor = executorIn(t, folder);
      const spec = attempt(folder, PRINT_ALL, {
        interpreter: { kind, command: [kind] },
        values: { sample: "a", cpus: 2 },
        env: { MODEL: "x" },
      });
      await runWell(executor, spec);
      const all = ["env.txt", "exports.txt", "set.txt"].map((name) => workFile(spec, name)).join("---\n");
      assert.ok(!all.includes(folder), all);
      assert.ok(!all.includes(spec.id), all);
      seen.push(all.replace(NOISE, ""));
    }
    assert.equal(seen[0], seen[1]);
  });
}

test("A7 a script starts with a cleared environment, umask 022, empty stdin and no other descriptor", async (t) => {
  const folder = temporaryFolder(t);
  process.env.REPROD_TEST_LEAK = "leaked";
  t.after(() => delete process.env.REPROD_TEST_LEAK);
  const script = [
    'const fs = require("fs");',
    "const descriptors = fs.readdirSync('/proc/self/fd').map(Number).filter((fd) => {",
    "  try { return !/anon_inode|pipe|eventpoll|\\/proc\\//.test(fs.readlinkSync(`/proc/self/fd/${fd}`)); } catch { return false; }",
    "});",
    "const mask = process.umask();",
    "fs.writeFileSync('out.json', JSON.stringify({ env: process.env, stdin: fs.readFileSync(0, 'utf8'), mask, descriptors }));",
  ].join("\n");
  const spec = attempt(folder, script, {
    interpreter: { kind: "node", command: ["node"] },
    env: { KEY: "it's" },
    where: { kind: "host", path: [path.dirname(process.execPath), "/opt/tool/bin"] },
  });
  await runWell(executorIn(t, folder), spec);
  const found = JSON.parse(workFile(spec, "out.json"));
  assert.deepEqual(found.env, {
    PATH: [
      ...new Set([path.dirname(process.execPath), "/opt/tool/bin", "/usr/local/bin", "/usr/bin", "/bin"]),
    ].join(":"),
    HOME: ".reprod",
    TMPDIR: ".reprod",
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: "315532800",
    KEY: "it's",
  });
  assert.equal(found.stdin, "");
  assert.equal(found.mask, 0o022);
  assert.deepEqual(
    found.descriptors.filter((fd: number) => fd > 2),
    [],
  );
});

test("exit codes are told apart from signals", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const cases: readonly [string, unknown][] = [
    ["exit 3", { kind: "exited", code: 3 }],
    ["exit 137", { kind: "exited", code: 137 }],
    ["exit 143", { kind: "exited", code: 143 }],
    ["kill -TERM $$", { kind: "signalled", signal: "SIGTERM" }],
    ["kill -INT $$", { kind: "signalled", signal: "SIGINT" }],
    ["kill -PIPE $$", { kind: "signalled", signal: "SIGPIPE" }],
    ["kill -SEGV $$", { kind: "signalled", signal: "SIGSEGV" }],
  ];
  for (const [script, end] of cases) {
    const result = await executor.start(attempt(folder, `ulimit -c 0\n${script}\n`)).ended;
    assert.deepEqual(result.end, end, script);
  }
});

test("attempts of one setting follow each other in one supervisor, and each gets its own folder", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const supervisors = new Set<number | undefined>();
  for (let i = 0; i < 20; i++) {
    const spec = attempt(folder, 'echo "$i" > out.txt\n', { values: { i } });
    const result = await runWell(executor, spec);
    assert.equal(workFile(spec, "out.txt"), `${i}\n`);
    assert.ok(result.usage.wallMilliseconds >= 0);
    assert.equal(typeof result.usage.cpuMilliseconds, "number");
    supervisors.add(readAttemptState(spec.folder)?.started?.supervisorPid);
  }
  assert.equal(supervisors.size, 1);
});

test("C4 what a script leaves behind in its group is ended before the attempt is", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(
    folder,
    "sleep 1000 & echo $! > left\n(trap '' TERM; exec sleep 1000) & echo $! > deaf\n",
  );
  await runWell(executorIn(t, folder), spec);
  for (const name of ["left", "deaf"]) assert.ok(!processRuns(Number(workFile(spec, name))), name);
});

test("a script that reads stdin, closes its output or removes its folder ends as it says", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  for (const [script, code] of [
    ["cat; exit 4", 4],
    ["exec >&- 2>&-; exit 5", 5],
    ['rm -rf "$(pwd)"; exit 6', 6],
    ['rm -rf "$(dirname "$(pwd)")"; exit 7', 7],
  ] as const) {
    const { end } = await executor.start(attempt(folder, `${script}\n`)).ended;
    assert.deepEqual(end, { kind: "exited", code }, script);
  }
  await runWell(executor, attempt(folder, "true\n"));
});

test("a script that floods its output and prints binary ends, and the log keeps every byte", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(folder, "head -c 67108864 /dev/zero\nprintf '\\377\\000\\033[2J' >&2\n");
  await runWell(executorIn(t, folder), spec);
  assert.equal(fs.statSync(path.join(spec.folder, "stdout.log")).size, 64 * 1024 * 1024);
  assert.deepEqual([...fs.readFileSync(path.join(spec.folder, "stderr.log"))], [255, 0, 27, 91, 50, 74]);
});

test("an interpreter that is missing is start-failed, and says what to install", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(folder, "x\n", {
    interpreter: { kind: "python", command: ["python-that-is-not-there"] },
  });
  const { end } = await executorIn(t, folder).start(spec).ended;
  assert.equal(end.kind, "start-failed");
  assert.match(end.kind === "start-failed" ? end.message : "", /Python 3.*"python-that-is-not-there"$/);
});

test("a command in the script that is missing is the script's own failure", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(folder, "true\ncommand-that-is-not-there\n");
  const { end } = await executorIn(t, folder).start(spec).ended;
  assert.deepEqual(end, { kind: "exited", code: 127 });
  assert.match(stderrOf(spec), /^\.\.\/script: 2: /);
});

test("the limit ends the whole group, also a script that ignores TERM", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder, { graceMilliseconds: 50 });
  for (const script of ["sleep 1000", "trap '' TERM; sleep 1000 & sleep 1000; sleep 1000"]) {
    const result = await executor.start(attempt(folder, `${script}\n`, { timeoutMilliseconds: 50 })).ended;
    assert.deepEqual(result.end, { kind: "timed-out" }, script);
  }
  const quick = await executor.start(attempt(folder, "exit 3\n", { timeoutMilliseconds: 60_000 })).ended;
  assert.deepEqual(quick.end, { kind: "exited", code: 3 });
});

test("cancel ends the group by TERM, and by KILL after the grace", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder, { graceMilliseconds: 50 });
  const fifo = path.join(folder, "ready");
  makeFifo(fifo);
  for (const script of [
    'sleep 1000 & echo $! > "$fifo"; wait',
    'trap "" TERM; sleep 1000 & echo $! > "$fifo"; wait; wait',
    "kill -STOP $$; echo never",
  ]) {
    const spec = attempt(folder, `${script}\n`, { values: { fifo } });
    const handle = executor.start(spec);
    const child = script.includes("fifo") ? Number(await readFifo(fifo)) : undefined;
    handle.cancel();
    assert.deepEqual((await handle.ended).end, { kind: "cancelled" }, script);
    if (child !== undefined) assert.ok(!processRuns(child));
  }
});

test("cancel at once keeps the script from starting", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const marker = path.join(folder, "ran");
  for (let i = 0; i < 10; i++) {
    const handle = executor.start(
      attempt(folder, 'echo ran >> "$marker"; sleep 1000\n', { values: { marker } }),
    );
    handle.cancel();
    assert.deepEqual((await handle.ended).end, { kind: "cancelled" });
  }
});

test("C7 a script that changed an object through its link fails with input-modified", async (t) => {
  const folder = temporaryFolder(t);
  const sha256 = "ab".repeat(32) as Sha256;
  fs.mkdirSync(path.join(folder, "objects"));
  fs.writeFileSync(path.join(folder, "objects", sha256), "data");
  let asked = 0;
  const changed = () => {
    asked++;
    return ['the script changed an input: "inputs/x"'];
  };
  const spec = attempt(folder, "cat inputs/x > out.txt\n", {
    inputs: [
      {
        staged: "inputs/x",
        kind: "file",
        digest: { sha256, executable: false, size: 4 },
        source: { kind: "object" },
      },
    ],
  });
  const { end } = await executorIn(t, folder, { stager: standInStager(folder, changed) }).start(spec).ended;
  assert.equal(end.kind, "input-modified");
  assert.equal(workFile(spec, "out.txt"), "data");
  assert.equal(asked, 1);
});

test("staging that fails is told as what it is, and nothing is started", async (t) => {
  const folder = temporaryFolder(t);
  const input = {
    staged: "inputs/x",
    kind: "file",
    digest: { sha256: "cd".repeat(32) as Sha256, executable: false, size: 4 },
    source: { kind: "object" },
  } as const;
  for (const [staged, kind] of [
    [{ kind: "changed", message: "m" }, "input-changed"],
    [{ kind: "failed", failure: "DiskFull", message: "m" }, "disk-full"],
    [{ kind: "failed", failure: "StageFailed", message: "m" }, "stage-failed"],
  ] as const) {
    const stager = { ...standInStager(folder), stage: async () => staged };
    const spec = attempt(folder, "true\n", { inputs: [input] });
    const { end } = await executorIn(t, folder, { stager }).start(spec).ended;
    assert.deepEqual(end, { kind, message: "m" });
    assert.equal(readAttemptState(spec.folder), undefined);
  }
});

test("D11 a secret is in the environment alone: no file of the attempt and no log has it", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(
    folder,
    'printf %s "$TOKEN" > /dev/null; echo "a$TOKEN"b; echo "$TOKEN" >&2; test "${#TOKEN}" = 7\n',
    {
      secrets: { TOKEN: "s3cr et" },
    },
  );
  await runWell(executorIn(t, folder), spec);
  for (const entry of fs.readdirSync(spec.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = fs.readFileSync(path.join(entry.parentPath, entry.name), "utf8");
    assert.ok(!text.includes("s3cr et"), entry.name);
  }
  assert.equal(fs.readFileSync(path.join(spec.folder, "stdout.log"), "utf8"), "a***b\n");
  assert.equal(stderrOf(spec), "***\n");
});

test("a supervisor that is killed takes its script with it: lost, and the next attempt gets a new one", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const fifo = path.join(folder, "ready");
  makeFifo(fifo);
  const spec = attempt(folder, 'sleep 1000 & echo $! > "$fifo"; wait\n', { values: { fifo } });
  const handle = executor.start(spec);
  const child = Number(await readFifo(fifo));
  const started = readAttemptState(spec.folder)?.started;
  assert.ok(started !== undefined);
  process.kill(started.supervisorPid, "SIGKILL");
  const { end } = await handle.ended;
  assert.equal(end.kind, "lost");
  assert.ok(!processRuns(started.pid) && !processRuns(child));
  await runWell(executor, attempt(folder, "true\n"));
});

test("an attempt is made ready before there is room for it, and starts when there is", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(folder, 'echo done > "$out"\n', { values: { out: "made.txt" } });
  let give: (room: boolean) => void = () => undefined;
  const handle = executorIn(t, folder).start(spec, new Promise((resolve) => (give = resolve)));
  assert.ok(fs.existsSync(path.join(spec.folder, "script")));
  assert.equal(readAttemptState(spec.folder), undefined);
  give(true);
  assert.deepEqual((await handle.ended).end, { kind: "exited", code: 0 });
  assert.equal(workFile(spec, "made.txt"), "done\n");
});

test("an attempt that is refused room, or cancelled while it waits, never starts", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder);
  const refused = attempt(folder, "echo > started\n");
  assert.deepEqual((await executor.start(refused, Promise.resolve(false)).ended).end, { kind: "cancelled" });
  const cancelled = attempt(folder, "echo > started\n");
  const handle = executor.start(cancelled, Promise.resolve(true));
  handle.cancel();
  assert.deepEqual((await handle.ended).end, { kind: "cancelled" });
  for (const spec of [refused, cancelled])
    assert.ok(!fs.existsSync(path.join(spec.folder, "work", "started")));
});
