import type { JournalLine } from "../run/events.js";
import type { Colours } from "./terminal.js";
import { count, displayWidth, duration, grouped, printable, shortened } from "./text.js";

interface RunningNode {
  readonly startedAt: number;
  readonly attempt: number;
}

/**
 * What a run has done so far, folded from its events: for the live view, and for the summary at its end. An event
 * costs the same however many nodes the run has; times are milliseconds since 1970, given from outside.
 */
export class RunProgress {
  /** Nodes that the targets need, with those that were cached from the start. Undefined until the run has planned. */
  nodes: number | undefined;
  cached = 0;
  made = 0;
  reused = 0;
  failed = 0;
  skipped = 0;
  /** Scripts that were ended because the run was. They are no failures: nothing is known against them. */
  cancelled = 0;
  readonly running = new Map<string, RunningNode>();
  /** In the order in which they failed. */
  readonly failures: {
    readonly node: string;
    readonly message: string;
    readonly folder: string | undefined;
  }[] = [];
  readonly #folders = new Map<string, string>();
  #startedAt: number | undefined;

  apply(line: JournalLine): void {
    const time = Date.parse(line.time);
    this.#startedAt ??= time;
    switch (line.event) {
      case "run-started":
        this.nodes = line.nodes;
        this.cached = line.cached;
        break;
      case "attempt-started":
        this.running.set(line.node, { startedAt: time, attempt: line.attempt });
        this.#folders.set(line.node, line.folder);
        break;
      case "attempt-ended":
        // After a last attempt its outs are hashed and stored, which is part of what a person waits for.
        if (line.willRetry) this.running.delete(line.node);
        break;
      case "node-done":
        this.running.delete(line.node);
        this.#folders.delete(line.node);
        if (line.from === "made") this.made++;
        else this.reused++;
        break;
      case "node-failed":
        this.running.delete(line.node);
        if (line.failure === "Cancelled") {
          this.cancelled++;
          break;
        }
        this.failed++;
        this.failures.push({ node: line.node, message: line.message, folder: this.#folders.get(line.node) });
        break;
      case "node-skipped":
        this.skipped++;
        break;
      case "node-queued":
      case "warning":
      case "request":
      case "run-ended":
        break;
    }
  }

  /** Nodes that need nothing more. */
  get settled(): number {
    return this.cached + this.made + this.reused + this.failed + this.skipped + this.cancelled;
  }

  /** Nodes a second that were made or reused since the run began. */
  rate(now: number): number {
    const seconds = this.#startedAt === undefined ? 0 : (now - this.#startedAt) / 1000;
    return seconds <= 0 ? 0 : (this.made + this.reused) / seconds;
  }

  /** Undefined as long as too little has happened to guess from. */
  millisecondsLeft(now: number): number | undefined {
    const rate = this.rate(now);
    if (this.nodes === undefined || this.made + this.reused < 3 || rate === 0) return undefined;
    return ((this.nodes - this.settled) / rate) * 1000;
  }
}

// ---------------------------------------------------------------- the live view

/** Lines below which the view never grows, whatever runs: what has scrolled off can't be written over. */
const RUNNING_SHOWN = 8;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_MILLISECONDS = 80;

/** The running nodes, longest first, then one line of counts, rate and time left. No line is wider than the terminal. */
export function renderProgress(
  progress: RunProgress,
  now: number,
  screen: { readonly columns: number; readonly rows: number; readonly colours: Colours },
): string {
  const { colours } = screen;
  // A row stays free below, and the last column too: some terminals wrap when it is written.
  const columns = Math.max(20, screen.columns - 1);
  const shown = Math.max(1, Math.min(RUNNING_SHOWN, screen.rows - 4));
  const spinner = SPINNER[Math.floor(now / SPINNER_MILLISECONDS) % SPINNER.length] ?? "";
  const lines: string[] = [];
  const running = [...progress.running].sort(([, a], [, b]) => a.startedAt - b.startedAt);
  for (const [node, { startedAt, attempt }] of running.slice(0, shown)) {
    const elapsed = duration(now - startedAt);
    const again = attempt > 1 ? `  attempt ${attempt}` : "";
    const name = shortened(printable(node), columns - 6 - elapsed.length - again.length);
    lines.push(`${colours.cyan(spinner)} ${name}  ${colours.dim(elapsed + again)}`);
  }
  if (running.length > shown) lines.push(colours.dim(`  … and ${running.length - shown} more`));
  lines.push(summary(progress, now, columns, colours));
  return lines.join("\n");
}

function summary(progress: RunProgress, now: number, columns: number, colours: Colours): string {
  const { nodes } = progress;
  if (nodes === undefined) return colours.dim("planning …");
  const left = progress.millisecondsLeft(now);
  const rate = progress.rate(now);
  const parts = [
    `${grouped(progress.settled)} of ${grouped(nodes)}`,
    progress.cached > 0 ? `${grouped(progress.cached)} cached` : "",
    `${progress.running.size} running`,
    progress.failed > 0 ? `${progress.failed} failed` : "",
    rate > 0 ? `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s` : "",
    left === undefined ? "" : `about ${duration(left < 1000 ? 1000 : Math.round(left / 1000) * 1000)} left`,
  ].filter((part) => part !== "");
  const text = shortened(parts.join(" · "), columns);
  const room = Math.min(30, columns - displayWidth(text) - 2);
  if (room < 8) return text;
  const full = nodes === 0 ? room : Math.round((room * progress.settled) / nodes);
  const bar = colours.green("━".repeat(full)) + colours.dim("─".repeat(room - full));
  return `${bar}  ${text}`;
}

// ---------------------------------------------------------------- lines that stay

/** What is told of an event in plain lines; undefined when it would only repeat another. */
export function eventLine(line: JournalLine, progress: RunProgress, colours: Colours): string | undefined {
  switch (line.event) {
    case "run-started": {
      const todo = line.nodes - line.cached;
      return (
        `${colours.bold(printable(line.pipeline))}  run ${line.run}: ${count(line.nodes, "node")}, ` +
        `${grouped(line.cached)} cached, ${grouped(todo)} to do (${printable(line.engine)})`
      );
    }
    case "attempt-started":
      return line.adopted
        ? `${colours.cyan("→")} ${printable(line.node)}: still runs from an earlier run, taken over`
        : undefined;
    case "attempt-ended": {
      if (line.failure === undefined || !line.willRetry) return undefined;
      const what = `attempt ${line.attempt} ended with ${line.failure}, trying again`;
      return `${colours.yellow("↻")} ${printable(line.node)}: ${what}`;
    }
    case "node-done": {
      const started = progress.running.get(line.node)?.startedAt;
      const took = started === undefined ? "" : colours.dim(`  ${duration(Date.parse(line.time) - started)}`);
      if (line.from === "made") return `${colours.green("✓")} ${printable(line.node)}${took}`;
      const how = line.from === "adopted" ? "same inputs as an earlier result" : "cached by now";
      return `${colours.green("=")} ${printable(line.node)}  ${colours.dim(`reused: ${how}`)}`;
    }
    case "node-failed":
      if (line.failure === "Cancelled")
        return `${colours.yellow("•")} ${printable(line.node)}: ended with the run`;
      return `${colours.red("✗")} ${printable(line.node)}: ${printable(line.message)}`;
    case "warning": {
      const where = line.node === undefined ? "" : `${printable(line.node)}: `;
      return `${colours.yellow(`warning[${line.code}]`)}: ${where}${printable(line.message)}`;
    }
    case "request":
      return `${colours.yellow("•")} asked to ${printable(line.request)}`;
    case "node-queued":
    case "node-skipped":
    case "run-ended":
      return undefined;
  }
}
