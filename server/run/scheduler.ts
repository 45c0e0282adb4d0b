import { Heap } from "./heap.js";

/** What a node takes of the machine while it runs. `cpus` may be fractional. */
export interface Demand {
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface SchedulerOptions {
  readonly capacity: Demand;
  /** Nodes that run at once, at most. */
  readonly jobs: number;
  /** After a failure: whether nodes that don't rest on the failed one still start. */
  readonly keepGoing: boolean;
  /** How many that wait for room may be made ready meanwhile, so that a room that is freed is taken at once. */
  readonly standby: number;
  /**
   * What starts first when several could: the one with the longest way to a target below it, so that the end of
   * the run is not one long chain; or the one that was ready first.
   */
  readonly priority: "longest-path" | "first-ready";
}

/** A node that starts now, with what it is given: never more than the machine has. */
export interface Start {
  readonly position: number;
  readonly given: Demand;
}

/** Why nothing new starts any more. */
export type StopReason = "failure" | "cancelled" | "disk-full";

enum Phase {
  /** Something above is not settled. */
  Blocked,
  /** Everything above is settled: to be taken by `takeReady`. */
  Ready,
  /** Taken; its owner looks whether it has to run at all. */
  Resolving,
  /** Wants to run; waits for room. */
  Queued,
  /** Waits for room as well, and its owner makes it ready to start meanwhile. */
  Standby,
  Running,
  /** Its script has ended and gave its room back; its owner owes the end. */
  Ending,
  /** Waits for work that another node or another run does. */
  Aside,
  Succeeded,
  Failed,
  Skipped,
}

/** Bounds the search for a node that fits when the first in line doesn't; the next event searches again. */
const LOOK_AHEAD = 32;
/** After so many others went ahead of it, the first in line gets the next room, or it could wait for ever. */
const OVERTAKEN_AT_MOST = 64;

/**
 * Decides what starts when. It knows positions, counts and numbers: no clock, no file, no process, so that a test
 * drives it through any order of events. Its owner takes ready positions, says which of them want to run, starts
 * what `takeStart` gives and reports how each ended.
 *
 * Positions are in topological order. An event costs O(its edges + log(queued)); nothing costs O(nodes) but making
 * one, so 100,000 nodes are no slower each than 1,000.
 *
 * A node that asks for more than the machine has is given the whole machine and runs alone: pipelines are written
 * for machines of many sizes, and on a host these numbers steer admission only (engine-rules.md C12).
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #phase: Uint8Array;
  /** How many upstream positions are not settled. */
  readonly #missing: Int32Array;
  /** Dependents of `p` are `#dependents[#first[p] … #first[p + 1]]`. */
  readonly #first: Int32Array;
  readonly #dependents: Int32Array;
  /** Longest way down, in nodes; or when it got ready, negative. */
  readonly #rank: Float64Array;
  readonly #ready: number[] = [];
  #readyAt = 0;
  readonly #queue: Heap;
  readonly #cpus: Float64Array;
  readonly #memory: Float64Array;
  readonly #overtaken: Uint16Array;
  readonly #followers = new Map<number, number[]>();
  #freeCpus: number;
  #freeMemory: number;
  /** Positions that hold room. */
  #running = 0;
  #ending = 0;
  /** Positions on standby, in the order they were taken from the queue. They start before what is in it. */
  readonly #standby = new Set<number>();
  #unsettled: number;
  #smallestCpus = Number.POSITIVE_INFINITY;
  #smallestMemory = Number.POSITIVE_INFINITY;
  #arrivals = 0;
  #stopped: StopReason | undefined;

  /** `upstream[p]` are the positions that `p` waits for, each once and smaller than `p`. */
  constructor(upstream: readonly (readonly number[])[], options: SchedulerOptions) {
    const count = upstream.length;
    this.#options = options;
    this.#phase = new Uint8Array(count);
    this.#missing = new Int32Array(count);
    this.#cpus = new Float64Array(count);
    this.#memory = new Float64Array(count);
    this.#overtaken = new Uint16Array(count);
    this.#rank = new Float64Array(count);
    this.#freeCpus = thousandths(options.capacity.cpus);
    this.#freeMemory = options.capacity.memoryBytes;
    this.#unsettled = count;

    const first = new Int32Array(count + 1);
    upstream.forEach((above, position) => {
      this.#missing[position] = above.length;
      for (const up of above) {
        if (up >= position) throw new Error(`position ${up} is not above ${position}`);
        first[up + 1] = at(first, up + 1) + 1;
      }
    });
    for (let p = 0; p < count; p++) first[p + 1] = at(first, p + 1) + at(first, p);
    const next = first.slice();
    this.#first = first;
    this.#dependents = new Int32Array(at(first, count));
    upstream.forEach((above, position) => {
      for (const up of above) {
        this.#dependents[at(next, up)] = position;
        next[up] = at(next, up) + 1;
      }
    });
    if (options.priority === "longest-path") {
      for (let p = count - 1; p >= 0; p--) {
        for (const up of upstream[p] ?? [])
          this.#rank[up] = Math.max(at(this.#rank, up), at(this.#rank, p) + 1);
      }
    }
    this.#queue = new Heap((a, b) => {
      const difference = at(this.#rank, a) - at(this.#rank, b);
      return difference === 0 ? a < b : difference > 0;
    });
    for (let p = 0; p < count; p++) if (this.#missing[p] === 0) this.#makeReady(p);
  }

  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  get running(): number {
    return this.#running;
  }

  /** Nothing runs, and nothing is left that could start. */
  get finished(): boolean {
    if (this.#running > 0 || this.#ending > 0 || this.#standby.size > 0) return false;
    return this.#stopped !== undefined || this.#unsettled === 0;
  }

  /** The next position whose upstream is all settled; its owner answers with enqueue, aside, follow or an end. */
  takeReady(): number | undefined {
    if (this.#stopped !== undefined) return undefined;
    const position = this.#ready[this.#readyAt];
    if (position === undefined) return undefined;
    this.#readyAt++;
    if (this.#readyAt > 1024 && this.#readyAt * 2 > this.#ready.length) {
      this.#ready.splice(0, this.#readyAt);
      this.#readyAt = 0;
    }
    this.#phase[position] = Phase.Resolving;
    return position;
  }

  /** It has to run: puts it in line. Also for a further attempt, with what that one asks for. */
  enqueue(position: number, demand: Demand): void {
    this.#leave(position);
    this.#phase[position] = Phase.Queued;
    const cpus = Math.min(thousandths(demand.cpus), thousandths(this.#options.capacity.cpus));
    const memory = Math.min(demand.memoryBytes, this.#options.capacity.memoryBytes);
    this.#cpus[position] = cpus;
    this.#memory[position] = memory;
    this.#smallestCpus = Math.min(this.#smallestCpus, cpus);
    this.#smallestMemory = Math.min(this.#smallestMemory, memory);
    if (this.#options.priority === "first-ready") this.#rank[position] = -this.#arrivals++;
    this.#queue.add(position);
  }

  /** It waits for another run; it takes no room meanwhile, and its owner brings it back. */
  setAside(position: number): void {
    this.#leave(position);
    this.#phase[position] = Phase.Aside;
  }

  /** It is the same work as `leader` (C1): it shares that one's end, and gets ready again when that is a success. */
  follow(position: number, leader: number): void {
    this.#leave(position);
    this.#phase[position] = Phase.Aside;
    const followers = this.#followers.get(leader);
    if (followers === undefined) this.#followers.set(leader, [position]);
    else followers.push(position);
  }

  /** The next node to start, or undefined while nothing fits or nothing may start. */
  takeStart(): Start | undefined {
    if (this.#stopped !== undefined || this.#running >= this.#options.jobs) return undefined;
    const found = this.#takeStandbyThatFits() ?? this.#overtakeStandby();
    if (found === undefined) return undefined;
    this.#phase[found] = Phase.Running;
    this.#running++;
    this.#freeCpus -= at(this.#cpus, found);
    this.#freeMemory -= at(this.#memory, found);
    return this.#startOf(found);
  }

  /**
   * The next node to make ready while it waits for room; \`takeStart\` gives it again when there is room. Undefined when
   * enough stand by. To be asked when \`takeStart\` gives nothing.
   */
  takeStandby(): Start | undefined {
    if (this.#stopped !== undefined || this.#standby.size >= this.#options.standby) return undefined;
    const position = this.#queue.take();
    if (position === undefined) return undefined;
    this.#phase[position] = Phase.Standby;
    this.#standby.add(position);
    return this.#startOf(position);
  }

  /**
   * The run has stopped, so what stands by, or was given room and has not used it, is not going to start: it has no
   * end, as what was never taken.
   */
  dropStandby(position: number): void {
    if (this.#phase[position] !== Phase.Standby && this.#phase[position] !== Phase.Running)
      throw new Error(`position ${position} does not stand by`);
    this.#leave(position);
    this.#phase[position] = Phase.Queued;
  }

  /** Its script has ended well: what it held is free for the next one while its owner takes its outs in. */
  release(position: number): void {
    if (this.#phase[position] !== Phase.Running) return;
    this.#leave(position);
    this.#phase[position] = Phase.Ending;
    this.#ending++;
  }

  /** It has its result, made or found. */
  succeed(position: number): void {
    this.#leave(position);
    this.#settle(position, Phase.Succeeded);
    for (let edge = at(this.#first, position); edge < at(this.#first, position + 1); edge++) {
      const dependent = at(this.#dependents, edge);
      const missing = at(this.#missing, dependent) - 1;
      this.#missing[dependent] = missing;
      if (missing === 0 && this.#phase[dependent] === Phase.Blocked) this.#makeReady(dependent);
    }
    for (const follower of this.#takeFollowers(position)) this.#makeReady(follower);
  }

  /**
   * It has failed for good. Gives the positions that failed with it, being the same work, and everything below all of
   * them, which is skipped; both in topological order.
   */
  fail(position: number): { readonly failed: readonly number[]; readonly skipped: readonly number[] } {
    this.#leave(position);
    this.#settle(position, Phase.Failed);
    const failed = [...this.#takeFollowers(position)];
    for (const follower of failed) this.#settle(follower, Phase.Failed);
    const skipped: number[] = [];
    const walk = [position, ...failed];
    for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
      for (let edge = at(this.#first, next); edge < at(this.#first, next + 1); edge++) {
        const dependent = at(this.#dependents, edge);
        if (this.#phase[dependent] !== Phase.Blocked) continue;
        this.#settle(dependent, Phase.Skipped);
        skipped.push(dependent);
        walk.push(dependent);
      }
    }
    if (!this.#options.keepGoing) this.stop("failure");
    return { failed: failed.sort((a, b) => a - b), skipped: skipped.sort((a, b) => a - b) };
  }

  /** Nothing new starts; what runs goes on until its owner ends it. The first reason counts. */
  stop(reason: StopReason): void {
    this.#stopped ??= reason;
  }

  /** Positions without an end, once the run has stopped. */
  unsettled(): number[] {
    const left: number[] = [];
    this.#phase.forEach((phase, position) => {
      if (phase < Phase.Succeeded) left.push(position);
    });
    return left;
  }

  #takeStandbyThatFits(): number | undefined {
    for (const position of this.#standby) {
      if (!this.#fits(position)) continue;
      this.#standby.delete(position);
      return position;
    }
    return undefined;
  }

  /** One from the queue that fits where those on standby don't, within bounds: the first of them shall start too. */
  #overtakeStandby(): number | undefined {
    const [waiting] = this.#standby;
    if (waiting === undefined) return this.#takeQueuedThatFits();
    if (at(this.#overtaken, waiting) >= OVERTAKEN_AT_MOST) return undefined;
    const found = this.#takeQueuedThatFits();
    if (found !== undefined) this.#overtaken[waiting] = at(this.#overtaken, waiting) + 1;
    return found;
  }

  #takeQueuedThatFits(): number | undefined {
    // With the machine full, the common case, nothing is searched.
    if (
      this.#queue.size === 0 ||
      this.#freeCpus < this.#smallestCpus ||
      this.#freeMemory < this.#smallestMemory
    )
      return undefined;
    const passed: number[] = [];
    let found: number | undefined;
    while (passed.length < LOOK_AHEAD) {
      const position = this.#queue.take();
      if (position === undefined) break;
      if (this.#fits(position)) {
        found = position;
        break;
      }
      passed.push(position);
      if (passed.length === 1 && at(this.#overtaken, position) >= OVERTAKEN_AT_MOST) break;
    }
    for (const position of passed) this.#queue.add(position);
    const head = passed[0];
    if (found !== undefined && head !== undefined) this.#overtaken[head] = at(this.#overtaken, head) + 1;
    return found;
  }

  #fits(position: number): boolean {
    return at(this.#cpus, position) <= this.#freeCpus && at(this.#memory, position) <= this.#freeMemory;
  }

  #startOf(position: number): Start {
    return {
      position,
      given: { cpus: at(this.#cpus, position) / 1000, memoryBytes: at(this.#memory, position) },
    };
  }

  #makeReady(position: number): void {
    this.#phase[position] = Phase.Ready;
    this.#ready.push(position);
  }

  #settle(position: number, phase: Phase): void {
    this.#phase[position] = phase;
    this.#unsettled--;
  }

  /** Ends the phase in which a position was; what it held is free again. */
  #leave(position: number): void {
    switch (this.#phase[position]) {
      case Phase.Running:
        this.#running--;
        this.#freeCpus += at(this.#cpus, position);
        this.#freeMemory += at(this.#memory, position);
        return;
      case Phase.Ending:
        this.#ending--;
        return;
      case Phase.Standby:
        this.#standby.delete(position);
        return;
      case Phase.Resolving:
      case Phase.Aside:
        return;
      default:
        throw new Error(`position ${position} was not taken`);
    }
  }

  #takeFollowers(position: number): readonly number[] {
    const followers = this.#followers.get(position) ?? [];
    this.#followers.delete(position);
    return followers;
  }
}

/** Whole thousandths, since sums of 0.1 would drift. */
function thousandths(cpus: number): number {
  return Math.round(cpus * 1000);
}

/** An element that is there by construction. */
function at(array: Int32Array | Uint8Array | Uint16Array | Float64Array, index: number): number {
  const value = array[index];
  if (value === undefined) throw new Error(`index ${index} is outside of ${array.length}`);
  return value;
}
