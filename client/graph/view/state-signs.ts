import type { ShownState } from "../../../server/protocol.js";
import { shape } from "../picture/shape.js";
import { sign } from "../picture/signs.js";
import { drawn, element } from "./elements.js";

/** The sign of a state with what is said about it, outside of the picture. */
export function stateSign(state: ShownState, text: string): HTMLElement {
  const size = { viewBox: "0 0 12 12", width: 12, height: 12 };
  const svg = shape("svg", { class: "drawing", ...size, "aria-hidden": "true" }, sign(state, 0, 0, 12));
  return element("span", { class: "state-sign" }, drawn(svg), text);
}
