import { alwaysDeclared, type DeclaredName } from "./scope.js";
import type { BlockStatement, Declaration } from "./syntax.js";

/** Single nodes (without keys) that some way through the branches leaves out (rule 9). */
export function conditionalNodes(
  declarations: readonly Declaration[],
  declared: ReadonlyMap<string, readonly DeclaredName[]>,
): ReadonlySet<string> {
  const conditional = new Set<string>();
  const inBlocks: BlockStatement[] = [];
  for (const { statement } of declarations)
    if (statement.kind === "node" || statement.kind === "if") inBlocks.push(statement);
  const always = alwaysDeclared(inBlocks);
  for (const [name, places] of declared)
    if (!always.has(name) && places.some(({ node, blocks }) => node?.keys.length === 0 && blocks.length > 0))
      conditional.add(name);
  return conditional;
}
