import type { GraphPicture } from "../../../server/protocol.js";
import { boxDrawing, definitions, edgeDrawing, type Pen } from "./drawing.js";
import { shape, shapeText } from "./shape.js";
import { type ColourName, drawingStyle } from "./style.js";

export interface Look {
  readonly colour: (name: ColourName) => string;
  /** As in CSS. */
  readonly font: string;
}

/** The whole picture as a file that needs nothing beside it: no script, no variable, nothing from anywhere else. */
export function svgText(picture: GraphPicture, pen: Pen, { colour, font }: Look): string {
  const { width, height } = picture;
  const titles = { title: "reprod-graph-title", description: "reprod-graph-description" };
  const causalLast = [...picture.edges].sort((a, b) => Number(a.causal) - Number(b.causal));
  const drawing = shape(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      role: "img",
      "aria-labelledby": `${titles.title} ${titles.description}`,
      class: "drawing",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "font-family": font,
    },
    shape("title", { id: titles.title }, picture.title),
    shape("desc", { id: titles.description }, picture.description),
    shape("style", {}, drawingStyle(colour)),
    definitions(),
    shape("rect", { width, height, fill: colour("background") }),
    shape("g", {}, ...causalLast.map(edgeDrawing)),
    shape(
      "g",
      {},
      ...picture.boxes.map((box) =>
        shape("g", { transform: `translate(${box.x} ${box.y})` }, boxDrawing(box, pen)),
      ),
    ),
  );
  return `${shapeText(drawing)}\n`;
}
