import type { Module } from "../../language/program.js";
import type { InClause, OutClause, ParamStatement, Span, TransformStatement } from "../../language/syntax.js";

/** Longer expressions are cut: a hover is read in a second. */
const LONGEST = 160;

/** Text of the file between the offsets of a declaration, on one line, cut where it gets long. */
export function sourceText(
  { file }: Module,
  offset: number,
  { start, end }: Span,
  longest = LONGEST,
): string {
  const text = file.text.slice(offset + start, Math.min(offset + end, offset + start + 4 * longest));
  const line = text.replace(/\s+/g, " ").trim();
  // Never between the two halves of one character.
  const cut = line.slice(0, longest).replace(/[\ud800-\udbff]$/, "");
  return line.length > longest || offset + end > offset + start + text.length ? `${cut}…` : line;
}

/** `in reads: [File]`, `param lossy: Bool = false`, `out bam: File = "${sample}.bam"`, as the file says it. */
export function memberSignature(
  module: Module,
  offset: number,
  item: InClause | ParamStatement | OutClause,
): string {
  const staged =
    item.kind === "in" && item.stagedAs !== undefined
      ? ` as ${sourceText(module, offset, item.stagedAs.span)}`
      : "";
  const value =
    item.value === undefined || item.value.kind === "broken"
      ? ""
      : ` = ${sourceText(module, offset, item.value.span)}`;
  return `${item.kind} ${item.name.text}: ${sourceText(module, offset, item.type.span)}${staged}${value}`;
}

/** The ins, params and outs of a transform between its braces. */
export function transformSignature(module: Module, offset: number, transform: TransformStatement): string {
  const lines = transform.items.flatMap((item) =>
    item.kind === "in" || item.kind === "param" || item.kind === "out"
      ? [`  ${memberSignature(module, offset, item)}`]
      : [],
  );
  return `transform ${transform.name.text} {\n${lines.join("\n")}${lines.length === 0 ? "" : "\n"}}`;
}
