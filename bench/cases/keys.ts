import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { processFigures } from "../../test/support/language-server.js";
import { json, type KeyFigures, type LanguageServer, ours, Session, yaml } from "../language-client.js";
import { quantile } from "../measure.js";
import { freshFolder } from "../peers.js";
import { milliseconds, type Row } from "../table.js";

/** Twenty keys a second: nobody types faster, and what a server does behind a key it has that time for. */
const between = 50;
/** Keys that a server is given at a time, before it is the turn of the next one. */
const chunk = 10;

interface Typist {
  readonly session: Session;
  readonly keys: number;
}

/** The same server, asked for diagnostics right after the key instead of waiting until it sends them. */
const asked = (server: LanguageServer): LanguageServer => ({
  ...server,
  diagnostics: "pull",
  delay: 0,
  // The client of ours that has its commands is VS Code's, which is sent diagnostics and never asks.
  options: () => ({
    ...server.options(),
    ...(server === ours && { initializationOptions: { trusted: true } }),
  }),
});

/** Key typed to diagnostics and to completions on the client's side, in files of as many lines and bytes. */
export async function keysCase(lines: number, options: { readonly quick: boolean }): Promise<readonly Row[]> {
  const many = options.quick ? 100 : 300;
  // Peers that wait before they check are given fewer keys: the wait alone would take minutes.
  const [reprod, yamlPeer, jsonPeer, reprodAsked, jsonAsked] = await Promise.all([
    typist(ours, lines, many),
    typist(yaml, lines, many / 5),
    typist(json, lines, many / 5),
    typist(asked(ours), lines, many),
    typist(asked(json), lines, many),
  ]);
  const all = [reprod, yamlPeer, jsonPeer, reprodAsked, jsonAsked];
  const spent = all.map(({ session }) => meter(session));
  const complete = await alternate(all, { complete: false });
  const perKey = spent.map((read) => read());
  const completed = await alternate([reprod, yamlPeer, jsonPeer], { complete: true });
  const kibibytes = `${(reprod.session.document.text.length / 1024).toFixed(0)} KiB`;
  const size = `${lines.toLocaleString("en")} lines (${kibibytes})`;
  await Promise.all(all.map(({ session }) => session.end()));
  const checked = (one: Typist): readonly number[] =>
    (complete.get(one) ?? []).map((figure) => figure.checked);
  const worked = (one: Typist): readonly number[] =>
    checked(one).map((value) => value - one.session.server.delay);
  const completions = (one: Typist): readonly number[] =>
    (completed.get(one) ?? []).flatMap((figure) => figure.completed?.milliseconds ?? []);
  const under16 = { text: "p95 under 16 ms", met: quantile(checked(reprod), 0.95) < 16 };
  const aim = lines === 2_000 ? under16 : undefined;
  return [
    row(`${size}: key to diagnostics, as sent`, reprod, [yamlPeer, jsonPeer], checked, aim),
    row(`the same without the peers' own waits of 200 and 500 ms`, reprod, [yamlPeer, jsonPeer], worked),
    {
      what: "the same, processor time a key (states too, which only ours has)",
      ours: milliseconds(perKey[0] ?? 0),
      peers: [yamlPeer, jsonPeer].map((peer, at) => ({
        name: peer.session.server.name,
        figure: milliseconds(perKey[at + 1] ?? 0),
        ratio: (perKey[at + 1] ?? 0) / (perKey[0] ?? 1),
      })),
      aim: undefined,
    },
    row(`${size}: key to diagnostics, asked for`, reprodAsked, [jsonAsked], checked),
    row(
      `${size}: key to completions`,
      reprod,
      [yamlPeer, jsonPeer],
      completions,
      lines === 2_000
        ? { text: "p95 under 20 ms", met: quantile(completions(reprod), 0.95) < 20 }
        : undefined,
    ),
  ];
}

async function typist(server: LanguageServer, lines: number, keys: number): Promise<Typist> {
  const folder = path.join(freshFolder(`keys-${lines}`), `${server.name}-${server.diagnostics}`);
  mkdirSync(folder, { recursive: true });
  return { session: await Session.withLines(server, folder, lines), keys };
}

/** The next key, not before its time. */
export async function pacedKey(
  session: Session,
  options: { readonly complete: boolean },
): Promise<KeyFigures> {
  const wait = session.document.changedAt + between - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  return await session.key(options);
}

/** Lets them type in turns, so that a busy moment of the machine falls on all of them. */
async function alternate(
  typists: readonly Typist[],
  options: { readonly complete: boolean },
): Promise<ReadonlyMap<Typist, readonly KeyFigures[]>> {
  const figures = new Map<Typist, KeyFigures[]>(typists.map((one) => [one, []]));
  // The first keys find code that has not been compiled yet, on every side.
  for (const one of typists) for (let i = 0; i < chunk; i++) await one.session.key(options);
  for (let round = 0; ; round++) {
    const left = typists.filter((one) => (figures.get(one)?.length ?? 0) < one.keys);
    if (left.length === 0) break;
    const turn = round % left.length;
    for (const one of [...left.slice(turn), ...left.slice(0, turn)]) {
      for (let i = 0; i < chunk; i++) figures.get(one)?.push(await pacedKey(one.session, options));
    }
  }
  for (const [{ session }, keys] of figures) {
    const silent = keys.filter(({ diagnostics }) => diagnostics === 0).length;
    if (silent > keys.length / 10)
      throw new Error(`${session.server.name} found nothing wrong after ${silent} of ${keys.length} keys`);
    if (options.complete && !keys.some(({ completed }) => (completed?.items ?? 0) > 0))
      throw new Error(`${session.server.name} never had a completion`);
  }
  return figures;
}

/** Processor time of the server for each change from now on, milliseconds: what a busy machine does not blur. */
function meter(session: Session): () => number {
  const { pid } = session.client;
  const { changes } = session;
  const { ticks } = processFigures(pid);
  return () => ((processFigures(pid).ticks - ticks) * 10) / Math.max(1, session.changes - changes);
}

function row(
  what: string,
  reprod: Typist,
  peers: readonly Typist[],
  samples: (one: Typist) => readonly number[],
  aim?: Row["aim"],
): Row {
  const median = quantile(samples(reprod), 0.5);
  return {
    what,
    ours: quantiles(samples(reprod)),
    peers: peers.map((peer) => ({
      name: peer.session.server.name,
      figure: quantiles(samples(peer)),
      ratio: quantile(samples(peer), 0.5) / median,
    })),
    aim,
  };
}

export function quantiles(samples: readonly number[]): string {
  return `p50 ${milliseconds(quantile(samples, 0.5))}, p95 ${milliseconds(quantile(samples, 0.95))}`;
}
