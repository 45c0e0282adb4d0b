import type { AbsolutePath } from "../base/brand.js";
import { lockPath, readLock, writeLock } from "../data/lock.js";
import { addressesOf, imagesOf, type PinStep, pin } from "../data/pin.js";
import { prepareProject } from "../data/project.js";
import { openLocalStore } from "../store/local-store.js";
import type { OpenedPipeline } from "./pipeline.js";

/** A table behind a url may name more urls; each turn makes one such layer known. */
const LAYERS = 8;

export interface PinPipelineOptions {
  /** Images and urls that are resolved; all when left out. */
  readonly only?: ReadonlySet<string>;
  /** Whether what is locked already is resolved anew. */
  readonly update?: boolean;
  readonly signal?: AbortSignal;
  /** What is being resolved now. */
  readonly onStep?: (name: string) => void;
}

export interface PinnedPipeline {
  /** Absolute path of `reprod.lock`. */
  readonly lock: string;
  readonly steps: readonly PinStep[];
  /** Images and urls that there are to pin. */
  readonly asked: number;
}

/**
 * Writes what tags and urls are now into `reprod.lock` beside the pipeline file (rule 27). `open` gives the pipeline as
 * it is at each turn; when it gives none, nothing more is done.
 */
export async function pinPipeline(
  open: () => Promise<OpenedPipeline | undefined>,
  { only, update = false, signal, onStep }: PinPipelineOptions,
): Promise<PinnedPipeline | undefined> {
  const steps: PinStep[] = [];
  const tried = new Set<string>();
  const isWanted = (name: string): boolean => !tried.has(name) && only?.has(name) !== false;
  let lock: AbsolutePath | undefined;
  for (let layer = 0; layer < LAYERS; layer++) {
    const opened = await open();
    if (opened === undefined) return undefined;
    const { store: folder, tmp } = opened.project.folders;
    lock = lockPath(opened.file);
    const images = imagesOf(opened.program).filter(isWanted);
    const addresses = addressesOf(opened.program, opened.graph.data).filter(({ url }) => isWanted(url));
    if (images.length === 0 && addresses.length === 0) break;
    for (const name of [...images, ...addresses.map(({ url }) => url)]) tried.add(name);
    prepareProject(opened.project);
    const store = openLocalStore(folder);
    try {
      const result = await pin({
        images,
        addresses,
        lock: readLock(lock),
        update,
        folder: tmp,
        sink: (temporary, sha256, size) => store.objects.put(temporary, sha256, size),
        ...(signal && { signal }),
        ...(onStep && { onStep }),
      });
      if (result.steps.some((step) => step.kind !== "failed" && step.change !== "kept"))
        writeLock(lock, result.lock);
      steps.push(...result.steps);
    } finally {
      await store.close();
    }
  }
  return lock === undefined ? undefined : { lock, steps, asked: tried.size };
}
