import { Failure } from "../base/failure.js";
import type { DataReference } from "../graph/value.js";
import { walk } from "../language/children.js";
import type { Program } from "../language/program.js";
import { plainText, plainTextOf } from "../language/text.js";
import { type FetchOptions, fetchFile } from "./fetch.js";
import type { Lock, LockedImage, LockedUrl } from "./lock.js";
import { resolveImage } from "./registry.js";

export interface PinOptions extends Pick<FetchOptions, "folder" | "sink" | "signal" | "wait"> {
  /** References as written; `imagesOf(program)` gives them. */
  readonly images: readonly string[];
  /** Addresses; `addressesOf(program, graph.data)` gives them. */
  readonly addresses: readonly PinAddress[];
  readonly lock: Lock;
  /** Resolve again what is locked already. */
  readonly update?: boolean;
  /** Called as each begins. */
  readonly onStep?: (name: string) => void;
}

export interface PinAddress {
  /** `http:` or `https:` */
  readonly url: string;
  /** A digest that the text gives: the fetched file must have it. */
  readonly verify: string | undefined;
}

export type PinStep =
  | { readonly kind: "image"; readonly name: string; readonly change: PinChange; readonly now: LockedImage }
  | { readonly kind: "url"; readonly name: string; readonly change: PinChange; readonly now: LockedUrl }
  | { readonly kind: "failed"; readonly name: string; readonly failure: Failure };

/** `kept`: it was looked up again and is the same. What was locked already is not listed at all without `update`. */
export type PinChange = "added" | "changed" | "kept";

export interface PinResult {
  readonly lock: Lock;
  /** In the order of the options, images first. */
  readonly steps: readonly PinStep[];
}

/** Servers limit the requests of one caller; downloads share one line. */
const AT_ONCE = 4;

/**
 * Fills a lock (language.md rule 27): tags are resolved, urls fetched into the store. What fails is told in `steps`
 * and leaves the lock as it was for that name. Entries that nothing names any more stay: another pipeline file of the
 * folder may need them. Rejects with the signal's reason only.
 */
export async function pin(options: PinOptions): Promise<PinResult> {
  const { lock, update = false, signal, onStep } = options;
  const images = new Map(lock.images);
  const urls = new Map(lock.urls);
  const retries = { signal, ...(options.wait && { wait: options.wait }) };
  const tasks: { readonly name: string; readonly run: () => Promise<PinStep> }[] = [];
  for (const name of new Set(options.images)) {
    if (isPinned(name) || (images.has(name) && !update)) continue;
    const run = async (): Promise<PinStep> => {
      const now = await resolveImage(name, retries);
      const before = images.get(name);
      images.set(name, now);
      return { kind: "image", name, change: changeOf(before?.digest, now.digest), now };
    };
    tasks.push({ name, run });
  }
  for (const [name, verify] of byAddress(options.addresses)) {
    if (urls.has(name) && !update) continue;
    const run = async (): Promise<PinStep> => {
      const { folder, sink } = options;
      const fetched = await fetchFile(name, { folder, sink, verify, ...retries });
      const now: LockedUrl = { ...fetched, version: undefined };
      const before = urls.get(name);
      urls.set(name, now);
      return { kind: "url", name, change: changeOf(before?.sha256, now.sha256), now };
    };
    tasks.push({ name, run });
  }
  const steps: PinStep[] = [];
  const ahead = [...tasks.entries()].reverse();
  const work = async (): Promise<void> => {
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      signal?.throwIfAborted();
      const [index, { name, run }] = next;
      onStep?.(name);
      try {
        steps[index] = await run();
      } catch (failure) {
        if (!(failure instanceof Failure)) {
          // Cancelled, or a defect: what has not begun must not begin behind the caller's back.
          ahead.length = 0;
          throw failure;
        }
        steps[index] = { kind: "failed", name, failure };
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { lock: { images, urls }, steps };
}

/** Every image that a transform of the program or of its imports names, as written, each once. */
export function imagesOf(program: Program): readonly string[] {
  const images = new Set<string>();
  for (const { file } of program.modules.values()) {
    for (const { statement } of file.declarations) {
      if (statement.kind !== "transform") continue;
      for (const item of statement.items) {
        const text = item.kind === "image" ? plainText(item.reference) : undefined;
        if (text !== undefined && text !== "") images.add(text);
      }
    }
  }
  return [...images];
}

/** What can name an address that shapes the graph, so that its nodes are not known before it is fetched. */
const READERS: ReadonlySet<string> = new Set(["csv", "tsv", "json", "lines"]);

/** Addresses of the data that nodes read (`graph.data`), and of the tables and lists that the text reads. */
export function addressesOf(program: Program, data: readonly DataReference[]): readonly PinAddress[] {
  const addresses: PinAddress[] = [];
  for (const { place } of data) if (place.kind === "http") addresses.push(place);
  for (const { file } of program.modules.values()) {
    for (const { statement } of file.declarations) {
      walk(statement, (node) => {
        if (node.kind !== "call" || !READERS.has(node.callee.text)) return true;
        const first = node.arguments[0];
        const url = first && plainTextOf(first.value);
        if (url !== undefined && /^https?:/.test(url)) addresses.push({ url, verify: undefined });
        return true;
      });
    }
  }
  return addresses;
}

/** Each address once; a digest that any mention of it gives is held against it. */
function byAddress(addresses: readonly PinAddress[]): ReadonlyMap<string, string | undefined> {
  const byUrl = new Map<string, string | undefined>();
  for (const { url, verify } of addresses) byUrl.set(url, byUrl.get(url) ?? verify);
  return byUrl;
}

/** The text itself says which image it is: there is nothing to resolve. */
function isPinned(image: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(image);
}

function changeOf(before: string | undefined, now: string): PinChange {
  if (before === undefined) return "added";
  return before === now ? "kept" : "changed";
}
