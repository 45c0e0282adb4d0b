import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pipelinesRequest } from "../../server/protocol.js";
import { type ProcessFigures, processFigures } from "../../test/support/language-server.js";
import { json, type LanguageServer, ours, Session, yaml } from "../language-client.js";
import { median, quantile } from "../measure.js";
import { freshFolder, installLanguageServers, peerVersion, reprod } from "../peers.js";
import { mebibytes, type Row } from "../table.js";
import { keysCase, pacedKey, quantiles } from "./keys.js";

/** The language server as an editor meets it, over stdin and stdout, beside the ones for YAML and JSON. */
export async function editorCase(options: { readonly quick: boolean }): Promise<readonly Row[]> {
  installLanguageServers();
  const versions = `yaml-language-server ${peerVersion("yaml-language-server")}, vscode-langservers-extracted ${peerVersion("vscode-langservers-extracted")}`;
  process.stdout.write(`Language servers beside ours: ${versions}.\n`);
  const rows: Row[] = [];
  for (const measure of [
    () => readyRows(options.quick ? 3 : 9),
    () => keysCase(2_000, options),
    ...(options.quick ? [] : [() => keysCase(10_000, { quick: true })]),
    () => restRows(),
    () => libraryRows(options.quick ? 50 : 200),
    () => nodesRows(options.quick ? 1_000 : 10_000),
  ]) {
    rows.push(...(await measure()));
    process.stdout.write(`load ${os.loadavg()[0]?.toFixed(1)}\n`);
  }
  return rows;
}

const servers = [ours, yaml, json];

/** From the start of the process to the answer to `initialize`, and to the diagnostics of a file of 2,000 lines. */
async function readyRows(rounds: number): Promise<readonly Row[]> {
  const initialized = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
  const checked = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < servers.length; turn++) {
      const server = servers[(turn + round) % servers.length];
      if (server === undefined) continue;
      const session = await Session.withLines(server, folderOf("ready", server), 2_000);
      initialized.get(server.name)?.push(session.ready.initialized);
      checked.get(server.name)?.push(session.ready.checked);
      await session.end();
    }
  }
  return [
    row("start to `initialize` answered", initialized, 200),
    row("start to first diagnostics, 2,000 lines", checked, undefined),
  ];
}

function row(what: string, samples: ReadonlyMap<string, readonly number[]>, aim: number | undefined): Row {
  const own = samples.get(ours.name) ?? [];
  return {
    what,
    ours: quantiles(own),
    peers: servers
      .filter((server) => server !== ours)
      .map(({ name }) => {
        const its = samples.get(name) ?? [];
        return { name, figure: quantiles(its), ratio: median(its) / median(own) };
      }),
    aim: aim === undefined ? undefined : { text: `p50 under ${aim} ms`, met: median(own) < aim },
  };
}

const watched = 5_000;
const windows = 7;

/** Processor time and memory of servers with a checked file of 2,000 lines, after some keys. */
async function restRows(): Promise<readonly Row[]> {
  const sessions: Session[] = [];
  for (const server of servers) {
    const session = await Session.withLines(server, folderOf("rest", server), 2_000);
    for (let key = 0; key < 20; key++) await session.key();
    sessions.push(session);
  }
  // Time itself is what is measured here: nothing happens, and that must cost nothing. V8 tidies up once or twice some
  // ten seconds after the last work, on every side; the window that counts is the first one without, or the last.
  let ticks: readonly number[] = [];
  let after = figuresOf(sessions);
  for (let window = 0; window < windows; window++) {
    const before = after;
    await pause(watched);
    after = figuresOf(sessions);
    ticks = after.map((one, at) => one.ticks - (before[at]?.ticks ?? 0));
    if (window > 0 && ticks.every((spent) => spent === 0)) break;
  }
  await Promise.all(sessions.map((session) => session.end()));
  const resident = after.map(({ residentBytes }) => residentBytes);
  const others = (values: readonly number[], show: (value: number) => string): Row["peers"] =>
    servers.slice(1).map(({ name }, at) => ({
      name,
      figure: show(values[at + 1] ?? 0),
      ratio: values[at + 1] === values[0] ? 1 : (values[at + 1] ?? 0) / (values[0] ?? 0),
    }));
  const show = (value: number): string => `${value * 10} ms`;
  return [
    {
      what: `processor time while nothing happens, ${watched / 1000} s`,
      ours: show(ticks[0] ?? 0),
      peers: others(ticks, show),
      aim: { text: "none", met: ticks[0] === 0 },
    },
    {
      what: "memory, 2,000 lines checked and 20 keys typed",
      ours: `${mebibytes(resident[0])} (peak ${mebibytes(after[0]?.peakBytes)})`,
      peers: others(resident, mebibytes),
      aim: undefined,
    },
  ];
}

/** Keys in a library that pipelines of the workspace import, which the Pipelines view follows. */
async function libraryRows(pipelines: number): Promise<readonly Row[]> {
  const folder = freshFolder(`editor-library-${pipelines}`);
  writeFileSync(path.join(folder, "reprod.json"), '{ "projectId": "bench2bench2" }\n');
  for (let i = 0; i < pipelines; i++) {
    const nodes = `for n in range(100) {\n  node said[n] = Say { n }\n}\n`;
    writeFileSync(
      path.join(folder, `p${i}.reprod`),
      `pipeline p${i}\nimport { Say } from "./bench.reprod"\n${nodes}`,
    );
  }
  const text =
    'transform Say {\n  param n: Int\n  out o: File = "o.txt"\n  run sh ```\n    echo "$n" > "$o"\n  ```\n}\n';
  const session = await Session.start(ours, folder, text, [text.indexOf("Int")]);
  await session.client.request(pipelinesRequest, {});
  const typed: number[] = [];
  for (let key = 0; key < 110; key++) {
    const figures = await pacedKey(session, { complete: false });
    if (key >= 10) typed.push(figures.checked);
  }
  await session.end();
  return [
    {
      what: `a library that ${pipelines} pipelines of 100 nodes import: key to diagnostics`,
      ours: quantiles(typed),
      peers: [],
      aim: undefined,
    },
  ];
}

/** A pipeline of many nodes, all of them in the store: keys, and states after edits that change them all. */
async function nodesRows(nodes: number): Promise<readonly Row[]> {
  const folder = freshFolder(`editor-${nodes}-nodes`);
  reprod.prepare(folder, "independent", nodes);
  await reprod.run(folder, nodes);
  const text = readFileSync(path.join(folder, "bench.reprod"), "utf8");
  const places = [...text.matchAll(/\bInt\b|\bi(?= })/g)].map((match) => match.index);
  const session = await Session.start(ours, folder, text, places);
  await session.known(nodes);
  const changed: number[] = [];
  const back: number[] = [];
  for (let round = 0; round < 12; round++) {
    // Every script is another then, and the same again.
    const there = await session.states('echo "$i"', 'echo  "$i"', nodes);
    const again = await session.states('echo  "$i"', 'echo "$i"', nodes);
    // The first two find code that has not been compiled yet.
    if (round < 2) continue;
    changed.push(there);
    back.push(again);
  }
  const typed: number[] = [];
  const completed: number[] = [];
  for (let key = 0; key < 110; key++) {
    const figures = await pacedKey(session, { complete: false });
    if (key >= 10) typed.push(figures.checked);
  }
  for (let key = 0; key < 60; key++) {
    const figures = await pacedKey(session, { complete: true });
    if (figures.completed !== undefined && key >= 10) completed.push(figures.completed.milliseconds);
  }
  const { residentBytes, peakBytes } = processFigures(session.client.pid);
  await session.end();
  const what = `${nodes.toLocaleString("en")} nodes by loops`;
  const aimed = nodes === 10_000;
  const states = quantile([...changed, ...back], 0.95);
  return [
    {
      what: `${what}: key to diagnostics`,
      ours: quantiles(typed),
      peers: [],
      aim: aimed ? { text: "p95 under 50 ms", met: quantile(typed, 0.95) < 50 } : undefined,
    },
    {
      what: `${what}: key to completions`,
      ours: quantiles(completed),
      peers: [],
      aim: aimed ? { text: "p95 under 20 ms", met: quantile(completed, 0.95) < 20 } : undefined,
    },
    {
      what: `${what}: edit to all states, cached → stale`,
      ours: quantiles(changed),
      peers: [],
      aim: aimed ? { text: "p95 under 100 ms", met: states < 100 } : undefined,
    },
    { what: `${what}: edit to all states, stale → cached`, ours: quantiles(back), peers: [], aim: undefined },
    {
      what: `${what}: memory after that`,
      ours: `${mebibytes(residentBytes)} (peak ${mebibytes(peakBytes)})`,
      peers: [],
      aim: undefined,
    },
  ];
}

function figuresOf(sessions: readonly Session[]): readonly ProcessFigures[] {
  return sessions.map(({ client }) => processFigures(client.pid));
}

function folderOf(what: string, server: LanguageServer): string {
  const folder = path.join(freshFolder(`editor-${what}`), server.name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
