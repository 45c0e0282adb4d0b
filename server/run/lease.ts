import { performance } from "node:perf_hooks";
import type { Claim, Claims } from "../store/local.js";
import type { Clock } from "./journal.js";

/** A gap between the two clocks that only a stopped process or a set clock leaves. */
const GAP_MILLISECONDS = 10_000;

/**
 * Says whether this runner is still the one that its claims say. After a pause (a laptop asleep, a stopped process)
 * others may have taken them over, so they are read again before anything is launched (engine-rules.md C2). Without
 * a pause it costs two looks at a clock.
 */
export class LeaseGuard {
  readonly #claims: Pick<Claims, "stillHolds">;
  readonly #lease: Claim;
  readonly #wall: Clock;
  readonly #monotonic: Clock;
  #lastWall: number;
  #lastMonotonic: number;
  #pauses = 0;

  constructor(
    claims: Pick<Claims, "stillHolds">,
    lease: Claim,
    wall: Clock = Date.now,
    monotonic: Clock = () => performance.now(),
  ) {
    this.#claims = claims;
    this.#lease = lease;
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#lastWall = wall();
    this.#lastMonotonic = monotonic();
  }

  /** Grows with each pause that was seen: what was read under a smaller number has to be read again. */
  get pauses(): number {
    const wall = this.#wall();
    const monotonic = this.#monotonic();
    const gap = Math.abs(wall - this.#lastWall - (monotonic - this.#lastMonotonic));
    this.#lastWall = wall;
    this.#lastMonotonic = monotonic;
    if (gap > GAP_MILLISECONDS) this.#pauses++;
    return this.#pauses;
  }

  /** Reads the run's own lease again. */
  holds(): boolean {
    return this.#claims.stillHolds(this.#lease);
  }
}
