import type { StateCounts } from "../server/protocol.js";
import type { Translate } from "./translate.js";

/** `850 ms`, `12 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function duration(milliseconds: number, t: Translate): string {
  if (milliseconds < 1000) return t("{0} ms", Math.max(0, Math.round(milliseconds)));
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return t("{0} s", seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return seconds % 60 === 0 || minutes >= 10
      ? t("{0} min", Math.round(seconds / 60))
      : t("{0} min {1} s", minutes, seconds % 60);
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return minutes % 60 === 0 ? t("{0} h", hours) : t("{0} h {1} min", hours, minutes % 60);
  }
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? t("{0} d", days) : t("{0} d {1} h", days, hours % 24);
}

/** How long ago something was, in one unit, as people say it. */
export function ago(iso: string, now: number, t: Translate): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 45) return t("just now");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t("{0} min ago", minutes);
  const hours = Math.round(minutes / 60);
  if (hours < 24) return t("{0} h ago", hours);
  const days = Math.round(hours / 24);
  if (days === 1) return t("yesterday");
  return days < 60 ? t("{0} days ago", days) : t("{0} months ago", Math.round(days / 30));
}

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 B`, `3.1 GiB`: three digits at most, in the units that pipelines are written in. */
export function bytes(amount: number): string {
  let rest = amount;
  let unit = 0;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${unit === 0 || rest >= 99.95 ? Math.round(rest) : rest.toFixed(1).replace(/\.0$/, "")} ${units[unit]}`;
}

/** `about 12 min`, `10 to 15 min`: an estimate is never told more exactly than it is. */
export function estimated(low: number, high: number, t: Translate): string {
  const [from, to] = [duration(rounded(low), t), duration(rounded(high), t)];
  return from === to ? t("about {0}", to) : t("{0} to {1}", from, to);
}

export function dollars(low: number, high: number, t: Translate): string {
  const text = (amount: number): string => `$${amount.toFixed(amount < 0.1 && amount > 0 ? 3 : 2)}`;
  return text(low) === text(high) ? text(high) : t("{0} to {1}", text(low), text(high));
}

export function nodesText(count: number, t: Translate): string {
  return count === 1 ? t("1 node") : t("{0} nodes", grouped(count));
}

/** `1,990`: thousands apart. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** How many nodes a run would have to deal with: all that are not cached. */
export function notCached(counts: StateCounts, nodes: number): number {
  return nodes - (counts.cached ?? 0);
}

/** Whole seconds below a minute, then whole minutes. */
function rounded(milliseconds: number): number {
  const unit = milliseconds < 60_000 ? 1000 : 60_000;
  return Math.max(1000, Math.round(milliseconds / unit) * unit);
}
