import { unreachable } from "../base/failure.js";
import { numberRange } from "../language/checks/number-range.js";
import type { BinaryOperator, Unit } from "../language/syntax.js";
import { isSizeUnit, unitFactors } from "../language/units.js";
import { badOperand } from "./checks/bad-operand.js";
import { Trouble } from "./reports.js";
import { BytesValue, DurationValue, FloatValue, type Value } from "./value.js";
import { describe, numberOf } from "./values.js";

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;

/** A number literal; with a unit it is exact to the byte or millisecond, rounded down (`0.3 MB` is 300,000 bytes). */
export function numberFromText(text: string, unit: Unit | undefined): Value | Trouble {
  const parts = DECIMAL.exec(text);
  if (parts === null) return new Trouble(badOperand, `this is no number: "${text}"`);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  if (unit === undefined) {
    if (/^[+-]?\d+$/.test(text)) return int(Number(text), text);
    return float(Number(text), text);
  }
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction) * BigInt(unitFactors[unit]);
  const amount = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  const value = Number(sign === "-" ? -amount : amount);
  return isSizeUnit(unit) ? bytes(value, text) : duration(value, text);
}

const WITH_UNIT = /^\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([A-Za-z]+)\s*$/;

/** `12 GiB`, `90min`: an amount as text, of a cell or a `--set`. */
export function amountFromText(text: string): Value | Trouble {
  const [, number, unit] = WITH_UNIT.exec(text) ?? [];
  if (number === undefined || unit === undefined || !isUnit(unit))
    return new Trouble(badOperand, `this is no amount with a unit: "${text}"`);
  return numberFromText(number, unit);
}

function isUnit(text: string): text is Unit {
  return Object.hasOwn(unitFactors, text);
}

/** An Int, or what is wrong with it: 2^53 and its neighbour are one double, so beyond that nothing is exact. */
export function int(value: number, shown: string | number = value): number | Trouble {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return new Trouble(numberRange, `an Int is at most 2^53 − 1 either way, but this is "${shown}"`);
}

export function float(value: number, shown: string | number = value): FloatValue | Trouble {
  if (Number.isFinite(value)) return new FloatValue(value === 0 ? 0 : value);
  return new Trouble(numberRange, `the result is not a number that can be written: "${shown}"`);
}

function bytes(value: number, shown: string | number = value): BytesValue | Trouble {
  if (Number.isSafeInteger(value) && value >= 0) return new BytesValue(value === 0 ? 0 : value);
  return new Trouble(numberRange, `a size is from 0 to 2^53 − 1 bytes, but this is "${shown}"`);
}

function duration(value: number, shown: string | number = value): DurationValue | Trouble {
  if (Number.isSafeInteger(value) && value >= 0) return new DurationValue(value === 0 ? 0 : value);
  return new Trouble(numberRange, `a time span is from 0 to 2^53 − 1 ms, but this is "${shown}"`);
}

export type ArithmeticOperator = Extract<BinaryOperator, "+" | "-" | "*" | "/">;

/** Int stays Int but for `/`; texts join with `+`; sizes and time spans add, compare and scale, rounding down (rule 13). */
export function arithmetic(operator: ArithmeticOperator, a: Value, b: Value): Value | Trouble {
  if (typeof a === "number" && typeof b === "number" && operator !== "/")
    return int(onNumbers(operator, a, b));
  const left = numberOf(a);
  const right = numberOf(b);
  if (left !== undefined && right !== undefined) {
    if (operator === "/" && right === 0) return new Trouble(badOperand, "this divides by zero");
    return float(onNumbers(operator, left, right));
  }
  if (a instanceof BytesValue || b instanceof BytesValue) {
    const amount = onAmounts(
      operator,
      a instanceof BytesValue ? a.bytes : left,
      b instanceof BytesValue ? b.bytes : right,
      a instanceof BytesValue,
      b instanceof BytesValue,
    );
    if (amount !== undefined) return amount.ratio ? ratio(amount.value) : bytes(Math.floor(amount.value));
  }
  if (a instanceof DurationValue || b instanceof DurationValue) {
    const amount = onAmounts(
      operator,
      a instanceof DurationValue ? a.milliseconds : left,
      b instanceof DurationValue ? b.milliseconds : right,
      a instanceof DurationValue,
      b instanceof DurationValue,
    );
    if (amount !== undefined) return amount.ratio ? ratio(amount.value) : duration(Math.floor(amount.value));
  }
  if (operator === "+" && typeof a === "string" && typeof b === "string") return a + b;
  return new Trouble(badOperand, `${describe(a)} and ${describe(b)} cannot be combined with "${operator}"`);
}

function ratio(value: number): Value | Trouble {
  return Number.isFinite(value) ? float(value) : new Trouble(badOperand, "this divides by zero");
}

function onNumbers(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    default:
      return unreachable(operator);
  }
}

/** Amounts add to amounts and scale by numbers; an amount divided by another is a number (`ratio`). */
function onAmounts(
  operator: ArithmeticOperator,
  a: number | undefined,
  b: number | undefined,
  aIsAmount: boolean,
  bIsAmount: boolean,
): { readonly value: number; readonly ratio: boolean } | undefined {
  if (a === undefined || b === undefined) return undefined;
  const value = onNumbers(operator, a, b);
  const bothAmounts = aIsAmount && bIsAmount;
  switch (operator) {
    case "+":
    case "-":
      return bothAmounts ? { value, ratio: false } : undefined;
    case "*":
      return bothAmounts ? undefined : { value, ratio: false };
    case "/":
      return aIsAmount ? { value, ratio: bothAmounts } : undefined;
    default:
      return unreachable(operator);
  }
}

export function negative(value: Value): Value | Trouble {
  if (typeof value === "number") return int(-value);
  if (value instanceof FloatValue) return float(-value.value);
  return new Trouble(badOperand, `only numbers have a negative, not ${describe(value)}`);
}
