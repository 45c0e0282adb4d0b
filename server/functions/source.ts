import { networkError, type RetryOptions, Transient } from "../data/http.js";

/** One answer of a source: its bytes from `from` on. */
export interface Opened {
  readonly from: number;
  /** Bytes of the whole, if the source tells. */
  readonly total: number | undefined;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Of an object in a versioned bucket. */
  readonly version?: string | undefined;
  /** The source can go on where a connection broke, and would say if it had changed since. */
  readonly resumable: boolean;
  /** Must be read or destroyed. */
  readonly body: AsyncIterable<unknown> & { destroy(): void };
}

/** A file somewhere else. */
export interface Source {
  /** What may be written where others read (engine-rules.md A15). */
  readonly shown: string;
  /** Rejects with `Transient` for what may mend itself. `etag` is of the answer that broke, when `from` is not 0. */
  open(from: number, etag: string | undefined, signal: AbortSignal): Promise<Opened>;
}

export interface ReadOptions extends RetryOptions {
  readonly signal: AbortSignal;
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** So often in a row a connection may break without bringing anything. */
const BREAKS = 5;

/**
 * All bytes of a source whose first answer is there. Where a connection breaks it goes on with what is missing; from
 * a source that cannot, rejects with `Transient`, and everything has to be begun anew.
 */
export async function* readWhole(
  source: Source,
  first: Opened,
  options: ReadOptions,
): AsyncGenerator<Buffer> {
  let opened: Opened | undefined = first;
  let at = 0;
  let breaks = 0;
  // Where the server says nothing any more, only this ends the waiting.
  const stop = () => opened?.body.destroy();
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      try {
        opened ??= await source.open(at, first.etag, options.signal);
        // The source has another file now, or has forgotten how to go on.
        if (opened.from !== at) throw new Changed(`the connection broke off after ${at} bytes`);
        for await (const chunk of opened.body) {
          if (!(chunk instanceof Buffer)) throw new Error("a body without encoding comes as bytes");
          at += chunk.length;
          breaks = 0;
          yield chunk;
        }
        if (first.total !== undefined && at !== first.total)
          throw new Transient(`${at} of ${first.total} bytes came`);
        return;
      } catch (error) {
        options.signal.throwIfAborted();
        const trouble = networkError(error, source.shown);
        breaks++;
        if (!(trouble instanceof Transient) || trouble instanceof Changed) throw trouble;
        if (!first.resumable || at === 0 || breaks > BREAKS) throw trouble;
        opened?.body.destroy();
        opened = undefined;
        await options.wait(trouble.after ?? 500 * 2 ** (breaks - 1), options.signal);
      }
    }
  } finally {
    options.signal.removeEventListener("abort", stop);
    opened?.body.destroy();
  }
}

class Changed extends Transient {}
