import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import type { Sha256 } from "../../server/base/brand.js";
import { type ContainerEngine, findContainerEngine } from "../../server/executors/container.js";
import type { AttemptSpec } from "../../server/executors/executor.js";
import { attempt, executorIn, makeFifo, readFifo, runWell, temporaryFolder } from "./support.js";

const IMAGE = {
  kind: "image",
  image: "example.org/tool@sha256:00",
  engine: "docker",
  platform: "linux/amd64",
  asImageUser: false,
} as const;

/**
 * A stand-in for an engine, since none runs where these tests run: it writes down its arguments and, for `run`, either
 * what `$FAKE` says or the command itself, without a container, in the folder that would be mounted.
 */
function standInEngine(folder: string, engine: "docker" | "podman" = "docker", run = ""): ContainerEngine {
  const command = path.join(folder, "bin", engine);
  fs.mkdirSync(path.dirname(command), { recursive: true });
  const script = `#!/bin/bash
printf '%s\\0' "$@" > ${JSON.stringify(folder)}/argv.$1
env > ${JSON.stringify(folder)}/env.$1
case $1 in
  version) echo 99.1 ;;
  run) ${run || 'while [ "$1" != example.org/tool@sha256:00 ]; do shift; done; shift; exec "$@"'} ;;
  kill) test -e ${JSON.stringify(folder)}/pid && kill "-$3" "$(cat ${JSON.stringify(folder)}/pid)" ;;
esac
`;
  fs.writeFileSync(command, script, { mode: 0o755 });
  return { engine, command, version: "99.1" };
}

function argv(folder: string, word: string): string[] {
  return fs
    .readFileSync(path.join(folder, `argv.${word}`), "utf8")
    .split("\0")
    .slice(0, -1);
}

/** Values of an option that may be given several times. */
function option(words: readonly string[], name: string): string[] {
  return words.filter((_, at) => words[at - 1] === name);
}

test("C8 a container runs as this user, without network, in the folder that is always the same", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder, { containers: standInEngine(folder) });
  assert.equal(executor.engine, "docker 99.1");
  const sha256 = "ab".repeat(32) as Sha256;
  const spec = attempt(folder, 'echo "$v"\n', {
    where: IMAGE,
    network: false,
    values: { v: "it's" },
    env: { KEY: "a b" },
    inputs: [
      {
        staged: "inputs/a,b",
        kind: "file",
        digest: { sha256, executable: false, size: 4 },
        source: { kind: "object" },
      },
    ],
  });
  await runWell(executor, spec);
  const words = argv(folder, "run");
  const { uid, gid } = os.userInfo();
  assert.deepEqual(words.slice(0, 4), ["run", "--rm", "--name", `reprod-${spec.id}`]);
  assert.deepEqual(option(words, "--label"), [`reprod.attempt=${spec.id}`, `reprod.node=${spec.node}`]);
  assert.deepEqual(option(words, "--network"), ["none"]);
  assert.deepEqual(option(words, "--user"), [`${uid}:${gid}`]);
  assert.deepEqual(option(words, "--userns"), []);
  assert.deepEqual(option(words, "--workdir"), ["/reprod/work"]);
  assert.deepEqual(option(words, "--platform"), ["linux/amd64"]);
  assert.deepEqual(option(words, "--mount"), [
    `type=bind,source=${spec.folder}/work,target=/reprod/work`,
    `type=bind,source=${spec.folder}/script,target=/reprod/script,readonly`,
    `type=bind,source=${spec.folder}/values,target=/reprod/values,readonly`,
    // C7: the object itself, read-only.
    `type=bind,source=${folder}/objects/${sha256},"target=/reprod/work/inputs/a,b",readonly`,
  ]);
  assert.deepEqual(option(words, "--env"), [
    "HOME=/reprod/work/.home",
    "TMPDIR=/reprod/work/.tmp",
    "LANG=C.UTF-8",
    "LC_ALL=C.UTF-8",
    "TZ=UTC",
    "SOURCE_DATE_EPOCH=315532800",
    "KEY=a b",
  ]);
  assert.deepEqual(words.slice(words.indexOf(IMAGE.image)), [
    IMAGE.image,
    "sh",
    "-c",
    ". ../values\n. ../script",
    "../script",
  ]);
  assert.equal(fs.readFileSync(path.join(spec.folder, "stdout.log"), "utf8"), "it's\n");
  assert.ok(fs.statSync(path.join(spec.folder, "work", "inputs", "a,b")).isFile());
});

test("C8 podman keeps the user's id; an image's own user hands the folder over", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder, { containers: standInEngine(folder, "podman") });
  const run = async (more: Partial<AttemptSpec>) => {
    await runWell(executor, attempt(folder, "true\n", more));
    return argv(folder, "run");
  };
  const kept = await run({ where: { ...IMAGE, engine: "podman" }, network: true });
  assert.deepEqual(option(kept, "--userns"), ["keep-id"]);
  assert.deepEqual(option(kept, "--network"), []);
  const own = await run({ where: { ...IMAGE, engine: "podman", asImageUser: true } });
  assert.deepEqual([option(own, "--user"), option(own, "--userns")], [[], []]);
  assert.match(own[own.indexOf(IMAGE.image) + 3] ?? "", /chown -R \d+:\d+ \./);
});

test("D11 a secret reaches a container by the client's environment, never by an argument", async (t) => {
  const folder = temporaryFolder(t);
  const executor = executorIn(t, folder, { containers: standInEngine(folder) });
  const spec = attempt(folder, 'test "$TOKEN" = "$(printf hush)"\n', {
    where: IMAGE,
    secrets: { TOKEN: "hush" },
  });
  await runWell(executor, spec);
  const words = argv(folder, "run");
  assert.ok(option(words, "--env").includes("TOKEN"));
  assert.ok(!words.join("\0").includes("hush"));
  const clash = attempt(folder, "true\n", { where: IMAGE, secrets: { PATH: "hush" } });
  assert.equal((await executor.start(clash).ended).end.kind, "start-failed");
});

test("C4 a container is cancelled by its name", async (t) => {
  const folder = temporaryFolder(t);
  const ready = path.join(folder, "ready");
  makeFifo(ready);
  const run = `sleep 1000 & echo $! > ${folder}/pid; echo yes > ${ready}; wait; exit 143`;
  const executor = executorIn(t, folder, { containers: standInEngine(folder, "docker", run) });
  const spec = attempt(folder, "true\n", { where: IMAGE });
  const handle = executor.start(spec);
  await readFifo(ready);
  handle.cancel();
  assert.deepEqual((await handle.ended).end, { kind: "cancelled" });
  assert.deepEqual(argv(folder, "kill"), ["kill", "--signal", "TERM", `reprod-${spec.id}`]);
});

test("C4 the limit of a container holds by its name too, and nothing of it stays", async (t) => {
  const folder = temporaryFolder(t);
  const run = `sleep 1000 & echo $! > ${folder}/pid; wait; exit 143`;
  const executor = executorIn(t, folder, { containers: standInEngine(folder, "docker", run) });
  const spec = attempt(folder, "true\n", { where: IMAGE, timeoutMilliseconds: 100 });
  assert.deepEqual((await executor.start(spec).ended).end, { kind: "timed-out" });
  assert.deepEqual(argv(folder, "kill"), ["kill", "--signal", "TERM", `reprod-${spec.id}`]);
  assert.deepEqual(argv(folder, "rm"), ["rm", "--force", `reprod-${spec.id}`]);
});

test("an engine that cannot start the container is start-failed, with its own words", async (t) => {
  const folder = temporaryFolder(t);
  const run = "echo 'docker: no such image' >&2; exit 125";
  const executor = executorIn(t, folder, { containers: standInEngine(folder, "docker", run) });
  const { end } = await executor.start(attempt(folder, "true\n", { where: IMAGE })).ended;
  assert.deepEqual(end, {
    kind: "start-failed",
    message: "the container could not be started: docker: no such image",
  });
});

test("A9 without the engine that was decided on nothing runs, on the host neither", async (t) => {
  const folder = temporaryFolder(t);
  const spec = attempt(folder, "true\n", { where: IMAGE });
  const { end } = await executorIn(t, folder).start(spec).ended;
  assert.ok(end.kind === "start-failed" && end.message.includes('"docker"'));
});

test("an engine counts as found when its daemon answers", async (t) => {
  const folder = temporaryFolder(t);
  const engine = standInEngine(folder, "podman");
  assert.deepEqual(await findContainerEngine(undefined, [path.dirname(engine.command)]), engine);
  assert.equal(await findContainerEngine("docker", [path.dirname(engine.command)]), undefined);
  fs.writeFileSync(engine.command, "#!/bin/sh\nexit 1\n");
  assert.equal(await findContainerEngine(undefined, [path.dirname(engine.command)]), undefined);
});
