import type { InterpreterKind } from "../../graph/model.js";
import { bash } from "./bash.js";
import type { Preamble } from "./contract.js";
import { node } from "./node.js";
import { other } from "./other.js";
import { python } from "./python.js";
import { r } from "./r.js";
import { sh } from "./sh.js";

/** To add a language: a file like these, a line here, a word in `InterpreterKind`. */
export const PREAMBLES: { readonly [kind in InterpreterKind]: Preamble } = {
  bash,
  sh,
  python,
  r,
  node,
  other,
};
