import * as os from "node:os";
import { Worker } from "node:worker_threads";
import { bundlePath } from "../base/bundle.js";
import { type HashOutcome, hashFile } from "./hash-file.js";
import type { HashReply, HashRequest } from "./hash-worker.js";

export interface HashJob {
  readonly file: string;
  /** Bytes, as far as known: it decides how jobs are put together, and nothing else. */
  readonly size: number;
}

export interface HashOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called some ten times a second with the bytes read so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Threads at most; the number of cores. */
  readonly threads?: number;
  /** Called as each file is done, in no order. */
  readonly onOutcome: (job: HashJob, outcome: HashOutcome) => void;
}

/** So little is read at once here, without waiting 30 ms for a thread to start. */
const INLINE_FILES = 32;
const INLINE_BYTES = 1024 * 1024;
/** Small files travel to a thread together: a message costs as much as hashing some kilobytes. */
const BATCH_FILES = 64;
const BATCH_BYTES = 4 * 1024 * 1024;
const PROGRESS_MILLISECONDS = 100;

/**
 * Hashes files on as many threads as there are cores. Rejects with the signal's reason when cancelled (outcomes
 * that came before have been handed over), never for what a file does.
 */
export async function hashFiles(jobs: readonly HashJob[], options: HashOptions): Promise<void> {
  options.signal?.throwIfAborted();
  const total = jobs.reduce((sum, job) => sum + job.size, 0);
  if (jobs.length <= INLINE_FILES && total <= INLINE_BYTES) {
    let bytes = 0;
    const control = {
      // The size was a guess: a file that has grown meanwhile must not hold this thread.
      cancelled: () => bytes > 8 * INLINE_BYTES,
      progress: (count: number) => {
        bytes += count;
      },
    };
    const grown: HashJob[] = [];
    for (const job of jobs) {
      const outcome = hashFile(job.file, control);
      if (outcome.kind === "cancelled") grown.push(job);
      else options.onOutcome(job, outcome);
    }
    options.onBytes?.(bytes);
    if (grown.length > 0) await hashOnThreads(grown, options);
    return;
  }
  await hashOnThreads(jobs, options);
}

async function hashOnThreads(jobs: readonly HashJob[], options: HashOptions): Promise<void> {
  const { signal, onBytes, onOutcome } = options;
  const shared = new BigInt64Array(new SharedArrayBuffer(16));
  const batches = inBatches(jobs);
  const count = Math.min(options.threads ?? os.availableParallelism(), batches.length);
  const workers = Array.from(
    { length: count },
    // No environment, arguments or standard streams of ours: the thread needs none.
    () => new Worker(bundlePath("hash-worker"), { workerData: { shared }, execArgv: [], env: {} }),
  );
  const stop = () => Atomics.store(shared, 0, 1n);
  signal?.addEventListener("abort", stop, { once: true });
  const timer = onBytes && setInterval(() => onBytes(Number(Atomics.load(shared, 1))), PROGRESS_MILLISECONDS);
  let next = 0;
  try {
    await Promise.all(
      workers.map(async (worker) => {
        while (next < batches.length && signal?.aborted !== true) {
          const number = next++;
          const batch = batches[number] ?? [];
          const request: HashRequest = { batch: number, files: batch.map((job) => job.file) };
          const { outcomes } = await ask(worker, request);
          for (const [index, job] of batch.entries()) {
            const outcome = outcomes[index];
            if (outcome !== undefined && outcome.kind !== "cancelled") onOutcome(job, outcome);
          }
        }
      }),
    );
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", stop);
    // After an error in one thread the others still read: they are told, and then ended.
    stop();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  onBytes?.(Number(Atomics.load(shared, 1)));
  signal?.throwIfAborted();
}

/** Largest files first, one a batch, so that no thread begins a long one when the others are done; then small ones together. */
function inBatches(jobs: readonly HashJob[]): readonly (readonly HashJob[])[] {
  const batches: HashJob[][] = [];
  let small: HashJob[] = [];
  let bytes = 0;
  for (const job of [...jobs].sort((a, b) => b.size - a.size)) {
    if (job.size >= BATCH_BYTES) {
      batches.push([job]);
      continue;
    }
    if (small.length === BATCH_FILES || bytes + job.size > BATCH_BYTES) {
      batches.push(small);
      small = [];
      bytes = 0;
    }
    small.push(job);
    bytes += job.size;
  }
  if (small.length > 0) batches.push(small);
  return batches;
}

function ask(worker: Worker, request: HashRequest): Promise<HashReply> {
  return new Promise((resolve, reject) => {
    const done = (then: () => void) => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      then();
    };
    const onMessage = (reply: HashReply) => done(() => resolve(reply));
    const onError = (error: Error) => done(() => reject(error));
    const onExit = () => done(() => reject(new Error("a hashing thread ended on its own")));
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage(request);
  });
}
