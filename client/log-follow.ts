export interface LogPiece {
  readonly text: string;
  readonly cursor: string;
  readonly ended: boolean;
}

export interface Following {
  /** Asks for what is beyond the cursor; waits by itself while there is nothing. */
  readonly ask: (cursor: string | undefined) => Promise<LogPiece>;
  readonly took: (piece: LogPiece) => void;
  readonly stopped: () => boolean;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
}

/** A server that does not wait must not be asked in a circle. */
const shortestRound = 300;

/**
 * Takes a log piece by piece until the attempt has ended and everything is there. A piece may be cut where the server
 * likes, so only one without text tells that there is no more.
 */
export async function followLog(from: string | undefined, following: Following): Promise<void> {
  const { ask, took, stopped, pause, now } = following;
  let cursor = from;
  while (!stopped()) {
    const asked = now();
    const piece = await ask(cursor);
    if (stopped()) return;
    cursor = piece.cursor;
    took(piece);
    if (piece.text !== "") continue;
    if (piece.ended) return;
    const rest = shortestRound - (now() - asked);
    if (rest > 0) await pause(rest);
  }
}
