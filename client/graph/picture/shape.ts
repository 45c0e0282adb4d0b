/** An element of a drawing, from which the page makes elements and the export makes text. */
export interface Shape {
  readonly tag: string;
  readonly attributes: Attributes;
  readonly children: readonly (Shape | string)[];
}

export type Attributes = { readonly [name: string]: string | number };

export function shape(tag: string, attributes: Attributes, ...children: readonly (Shape | string)[]): Shape {
  return { tag, attributes, children };
}

/** As SVG text. Names are data from anywhere: markup in them stays text. */
export function shapeText({ tag, attributes, children }: Shape): string {
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const inner = children.map((child) => (typeof child === "string" ? escaped(child) : shapeText(child)));
  return inner.length === 0
    ? `<${tag}${given.join("")}/>`
    : `<${tag}${given.join("")}>${inner.join("")}</${tag}>`;
}

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What XML cannot hold, or would turn the direction of the letters around it, is shown as a mark. */
function escaped(text: string): string {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\u202a-\u202e\u2066-\u2069]|[\ud800-\udfff]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
