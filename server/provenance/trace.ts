import type { RecipeId } from "../base/brand.js";
import type { RecordedFile, RecordedInputFile, RecordedOut, ResultRecord } from "../store/record.js";

/** What tracing needs of a store. */
export interface RecordSource {
  readRecord(recipe: RecipeId): Promise<ResultRecord | undefined>;
}

/** A file or folder that a result was made from. */
export interface TracedInput {
  /** Name of the in. */
  readonly name: string;
  readonly file: RecordedInputFile;
  readonly origin: /** It existed before the pipeline ran: a path or url. */
    | { readonly kind: "source" }
    | { readonly kind: "made"; readonly recipe: RecipeId }
    /** Its maker's record is gone: collected, or never in this store. */
    | { readonly kind: "forgotten"; readonly recipe: RecipeId }
    /** Its maker has been run again and gave other bytes, so its record no longer tells of this file (A2). */
    | { readonly kind: "remade"; readonly recipe: RecipeId };
}

export interface TracedRecord {
  readonly record: ResultRecord;
  /** In the order of the transform's ins, elements of lists in theirs. */
  readonly inputs: readonly TracedInput[];
}

/** A record with everything it rests on. */
export interface Ancestry {
  readonly root: RecipeId;
  /** Upstream before downstream, each once; the root is last. */
  readonly records: ReadonlyMap<RecipeId, TracedRecord>;
  /** Sources by digest, each once, in order of first use. */
  readonly sources: readonly RecordedInputFile[];
}

/**
 * Follows a record to everything it was made from. Reads each record once and visits each input once, so the cost is
 * linear in records and inputs, whatever the number of paths between them; the stack stays flat on long chains.
 */
export async function traceRecord(store: RecordSource, record: ResultRecord): Promise<Ancestry> {
  const known = new Map<RecipeId, ResultRecord | undefined>([[record.recipeId, record]]);
  const traced = new Map<RecipeId, TracedRecord>();
  const sources = new Map<string, RecordedInputFile>();
  const stack: { readonly record: ResultRecord; readonly upstream: RecipeId[] }[] = [];

  const enter = async (next: ResultRecord): Promise<void> => {
    const upstream: RecipeId[] = [];
    for (const { file } of inputFiles(next)) {
      if (file.recipe === undefined) continue;
      if (!known.has(file.recipe)) known.set(file.recipe, await store.readRecord(file.recipe));
      upstream.push(file.recipe);
    }
    stack.push({ record: next, upstream: upstream.reverse() });
  };

  // A record never rests on itself: its id is made from the ids of what it rests on.
  await enter(record);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.upstream.pop();
    if (next === undefined) {
      stack.pop();
      traced.set(top.record.recipeId, {
        record: top.record,
        inputs: inputFiles(top.record).map((input) => trace(input, known, sources)),
      });
      continue;
    }
    const upstream = known.get(next);
    if (upstream !== undefined && !traced.has(next)) await enter(upstream);
  }
  return { root: record.recipeId, records: traced, sources: [...sources.values()] };
}

function trace(
  { name, file }: { readonly name: string; readonly file: RecordedInputFile },
  known: ReadonlyMap<RecipeId, ResultRecord | undefined>,
  sources: Map<string, RecordedInputFile>,
): TracedInput {
  if (file.recipe === undefined) {
    const key = `${file.sha256} ${file.from}`;
    if (!sources.has(key)) sources.set(key, file);
    return { name, file, origin: { kind: "source" } };
  }
  const maker = known.get(file.recipe);
  if (maker === undefined) return { name, file, origin: { kind: "forgotten", recipe: file.recipe } };
  const still = outFiles(maker).some(({ out }) => out.sha256 === file.sha256);
  return { name, file, origin: { kind: still ? "made" : "remade", recipe: file.recipe } };
}

/** Every file that a record says was read, with the name of its in. */
export function inputFiles(
  record: ResultRecord,
): readonly { readonly name: string; readonly file: RecordedInputFile }[] {
  return Object.entries(record.inputs).flatMap(([name, input]) =>
    input === null ? [] : isList(input) ? input.map((file) => ({ name, file })) : [{ name, file: input }],
  );
}

/** Every file or folder that a record says was made, with the name of its out. */
export function outFiles(
  record: Pick<ResultRecord, "outs">,
): readonly { readonly name: string; readonly out: RecordedFile }[] {
  return Object.entries(record.outs).flatMap(([name, out]) =>
    filesOfOut(out).map((file) => ({ name, out: file })),
  );
}

export function filesOfOut(out: RecordedOut): readonly RecordedFile[] {
  return out === null ? [] : isList(out) ? out : [out];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
