import { alwaysDeclared, type DeclaredName } from "./scope.js";
import type { BlockStatement, Declaration } from "./syntax.js";

/** Single nodes (without keys) that some way through the branches leaves out (rule 9). */
export function conditionalNodes(
  declarations: readonly Declaration[],
  declared: ReadonlyMap<string, readonly DeclaredName[]>,
): ReadonlySet<string> {
  const candidates: string[] = [];
  for (const [name, places] of declared)
    if (places.some(({ node, blocks }) => node?.keys.length === 0 && blocks.length > 0))
      candidates.push(name);
  if (candidates.length === 0) return new Set();
  const inBlocks: BlockStatement[] = [];
  for (const { statement } of declarations)
    if (statement.kind === "node" || statement.kind === "if") inBlocks.push(statement);
  const always = alwaysDeclared(inBlocks);
  return new Set(candidates.filter((name) => !always.has(name)));
}
