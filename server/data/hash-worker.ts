import { parentPort, workerData } from "node:worker_threads";
import { type HashOutcome, hashFile } from "./hash-file.js";

/**
 * A thread that hashes files. Reading is synchronous: the thread does nothing else, and a read that waits for no
 * event loop is what keeps up with the processor's SHA-256.
 */
export interface HashWorkerData {
  /** [0]: not 0 when everything is to stop. [1]: bytes read by all threads together. */
  readonly shared: BigInt64Array<SharedArrayBuffer>;
}
export interface HashRequest {
  readonly batch: number;
  readonly files: readonly string[];
}
export interface HashReply {
  readonly batch: number;
  readonly outcomes: readonly HashOutcome[];
}

function isWorkerData(data: unknown): data is HashWorkerData {
  return (
    typeof data === "object" && data !== null && "shared" in data && data.shared instanceof BigInt64Array
  );
}

const data: unknown = workerData;
if (parentPort !== null && isWorkerData(data)) {
  const { shared } = data;
  const control = {
    cancelled: () => Atomics.load(shared, 0) !== 0n,
    progress: (bytes: number) => void Atomics.add(shared, 1, BigInt(bytes)),
  };
  const port = parentPort;
  port.on("message", (request: HashRequest) => {
    const outcomes = request.files.map((file) => hashFile(file, control));
    const reply: HashReply = { batch: request.batch, outcomes };
    port.postMessage(reply);
  });
}
