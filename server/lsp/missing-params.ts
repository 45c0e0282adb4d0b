import type { Program } from "../language/program.js";
import type { ParamStatement } from "../language/syntax.js";
import { typeFromSyntax } from "../language/types.js";

/** The params of a pipeline that have no value unless a run sets one. */
export function missingParams(program: Program): readonly ParamStatement[] {
  return program.root.file.declarations.flatMap(({ statement }) =>
    statement.kind === "param" && isMissing(statement) ? [statement] : [],
  );
}

function isMissing({ name, value, type }: ParamStatement): boolean {
  return name.text !== "" && value === undefined && typeFromSyntax(type).kind !== "optional";
}
