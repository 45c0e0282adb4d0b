import { createLogUpdate } from "log-update";
import type { RunView } from "./live.js";
import { eventLine, type RunProgress, renderProgress } from "./progress.js";
import type { Output } from "./terminal.js";

const FRAME_MILLISECONDS = 100;

/**
 * Lines that stay, and below them what runs now, drawn anew ten times a second. Lines are collected between two
 * frames: a run that ends a thousand nodes a second must not draw a thousand frames.
 */
export function liveView(progress: RunProgress, output: Output, stream: NodeJS.WriteStream): RunView {
  const log = createLogUpdate(stream);
  const waiting: string[] = [];
  const draw = (): void => {
    if (waiting.length > 0) log.persist(waiting.splice(0).join("\n"));
    log(
      renderProgress(progress, Date.now(), {
        columns: stream.columns ?? 80,
        rows: stream.rows ?? 24,
        colours: output.colours,
      }),
    );
  };
  const timer = setInterval(draw, FRAME_MILLISECONDS);
  return {
    show(line) {
      const text = eventLine(line, progress, output.colours);
      progress.apply(line);
      if (text !== undefined) waiting.push(text);
    },
    note: (text) => waiting.push(text),
    close() {
      clearInterval(timer);
      if (waiting.length > 0) log.persist(waiting.splice(0).join("\n"));
      log.clear();
      log.done();
    },
  };
}
