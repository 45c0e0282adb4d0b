import { shownStates } from "../../../server/protocol.js";

/** The colours of a drawing. Each is a variable of the page; an export has the colours that they are there. */
export const colourNames = [
  "background",
  "text",
  "muted",
  "line",
  "box",
  "border",
  "input",
  "target",
  ...shownStates,
] as const;
export type ColourName = (typeof colourNames)[number];

/** How a drawing looks, the same in the page and in an export. */
export function drawingStyle(colour: (name: ColourName) => string): string {
  return [
    ".drawing text{font-size:11px;fill:currentColor;white-space:pre}",
    `.drawing .label{font-size:13px;fill:${colour("text")}}`,
    `.drawing .detail{fill:${colour("muted")}}`,
    `.drawing .frame{fill:${colour("box")};stroke:${colour("border")};stroke-width:1}`,
    `.drawing .input .frame{fill:${colour("input")}}`,
    ".drawing .family .label{font-weight:600}",
    `.drawing .more .frame{stroke-dasharray:4 3}`,
    `.drawing .corner,.drawing .chevron{fill:none;stroke:${colour("border")};stroke-width:1}`,
    `.drawing .chevron{stroke:${colour("muted")};stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}`,
    ".drawing .hit{fill:none;pointer-events:all}",
    `.drawing .target .frame{stroke:${colour("target")};stroke-width:2}`,
    `.drawing .target-mark{color:${colour("target")}}`,
    ".drawing .part{stroke:currentColor;stroke-width:.75}",
    `.drawing .edge{color:${colour("line")}}`,
    `.drawing .causal{color:${colour("stale")}}`,
    ".drawing .line{fill:none;stroke:currentColor;stroke-width:1.25}",
    ".drawing .causal .line{stroke-width:1.5;stroke-dasharray:7 3}",
    ".drawing .head{fill:currentColor}",
    ...shownStates.map((state) => `.drawing .state-${state}{color:${colour(state)}}`),
  ].join("\n");
}
