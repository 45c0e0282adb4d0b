import type { NumberLiteral, Unit } from "./syntax.js";

/** Bytes of a size unit (rule 13: exact), milliseconds of a time unit. */
export const unitFactors: Readonly<Record<Unit, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const sizeUnits: ReadonlySet<Unit> = new Set<Unit>(["B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"]);

export function isSizeUnit(unit: Unit): boolean {
  return sizeUnits.has(unit);
}

/** A literal as a plain number, in bytes or milliseconds if it has a unit. */
export function literalValue(literal: NumberLiteral): number {
  return Number(literal.text) * (literal.unit === undefined ? 1 : unitFactors[literal.unit]);
}

const SIZES: readonly Unit[] = ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"];
const TIMES: readonly Unit[] = ["d", "h", "min", "s"];

/** `1 GiB`, `500 MB`, `1025 B`: exactly these bytes, in the unit that needs the smallest whole number. */
export function sizeText(bytes: number): string {
  return inWholeUnits(bytes, SIZES) ?? `${bytes} B`;
}

/** `2 h`, `90 s`, `1.5 s`, `200 ms`: exactly these milliseconds. */
export function timeText(milliseconds: number): string {
  const whole = inWholeUnits(milliseconds, TIMES);
  if (whole !== undefined) return whole;
  return Math.abs(milliseconds) < 1000 && milliseconds !== 0
    ? `${milliseconds} ms`
    : `${milliseconds / 1000} s`;
}

function inWholeUnits(amount: number, units: readonly Unit[]): string | undefined {
  // A number beyond these is rounded already: no unit would be exact.
  if (amount === 0 || !Number.isSafeInteger(amount)) return undefined;
  const whole = units
    .map((unit) => ({ unit, count: amount / unitFactors[unit] }))
    .filter(({ count }) => Number.isInteger(count));
  const [first, ...rest] = whole;
  if (first === undefined) return undefined;
  const { count, unit } = rest.reduce(
    (best, next) => (Math.abs(next.count) < Math.abs(best.count) ? next : best),
    first,
  );
  return `${count} ${unit}`;
}
