import type { Writable } from "node:stream";
import colors from "picocolors";
import { systemCode } from "../base/failure.js";

export type Colours = ReturnType<typeof colors.createColors>;

/** One of the two streams that a person or a program reads. */
export interface Output {
  write(text: string): void;
  readonly colours: Colours;
  /** Whether a person watches: a terminal that understands cursor movement. */
  readonly interactive: boolean;
  /** In characters; 80 when nobody knows. */
  readonly columns: number;
}

/** Everything a command knows of the outside: what it was asked for goes to `out`, remarks about it to `notes`. */
export interface Terminal {
  readonly out: Output;
  readonly notes: Output;
  /** Aborts when nothing can be written to `out` any more (`| head`, a full disk): whoever waits for more can stop. */
  readonly unread: AbortSignal;
  /** Aborts at the first Ctrl-C or TERM. A command that has more to do than to stop listens to it. */
  readonly interrupted: AbortSignal;
  /** From now on an interrupt only aborts `interrupted`; the command itself ends, or a second interrupt does it. */
  handleInterrupts(): void;
}

interface Stream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** NO_COLOR and FORCE_COLOR as their conventions say: set and not empty. */
export function wantsColours(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  if ((environment.NO_COLOR ?? "") !== "") return false;
  const forced = environment.FORCE_COLOR ?? "";
  if (forced !== "") return forced !== "0";
  return isTerminal && environment.TERM !== "dumb";
}

/**
 * `closed` is called once when nothing more can be written: without an error when the reader has what it wanted, else
 * with what stood in the way (a full disk behind a redirection). The command goes on in both cases: what it does is
 * worth more than its lines.
 */
export function openOutput(
  stream: Stream,
  environment: NodeJS.ProcessEnv,
  closed: (error: Error | undefined) => void,
): Output {
  let gone = false;
  stream.on("error", (error) => {
    if (gone) return;
    gone = true;
    closed(systemCode(error) === "EPIPE" ? undefined : error);
  });
  return {
    write: (text) => {
      if (!gone && text !== "") stream.write(text);
    },
    colours: colors.createColors(wantsColours(stream.isTTY === true, environment)),
    interactive: stream.isTTY === true && environment.TERM !== "dumb" && (environment.CI ?? "") === "",
    get columns() {
      return stream.columns ?? 80;
    },
  };
}
