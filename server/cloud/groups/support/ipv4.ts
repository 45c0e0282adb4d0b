/** A range of IPv4 addresses. Numbers are exact up to 2^53, so no sign bit is in the way. */
export interface Range {
  readonly start: number;
  readonly bits: number;
}

/** `10.0.0.7/16` is `10.0.0.0/16`, as AWS has it too. Undefined for what is no range. */
export function parseRange(text: string): Range | undefined {
  const [, address = "", length = ""] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(text) ?? [];
  const numbers = address.split(".").map(Number);
  const bits = Number(length);
  if (address === "" || bits > 32 || numbers.some((number) => number > 255)) return undefined;
  const at = numbers.reduce((sum, number) => sum * 256 + number, 0);
  return { start: at - (at % sizeOf(bits)), bits };
}

export function printRange({ start, bits }: Range): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${parts.join(".")}/${bits}`;
}

/** The first ranges of this size inside `within` that touch none of `taken`, in order. */
export function* freeRanges(
  within: readonly Range[],
  taken: readonly Range[],
  bits: number,
): Generator<Range, void> {
  const size = sizeOf(bits);
  for (const whole of within) {
    const end = whole.start + sizeOf(whole.bits);
    for (let start = whole.start; start + size <= end; start += size) {
      const overlaps = taken.some(
        (other) => start < other.start + sizeOf(other.bits) && other.start < start + size,
      );
      if (!overlaps) yield { start, bits };
    }
  }
}

function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}
