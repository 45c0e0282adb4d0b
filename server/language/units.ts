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
