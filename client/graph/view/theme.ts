import { colourNames } from "../picture/style.js";
import type { Look } from "../picture/svg-text.js";
import type { Measure } from "../picture/text-fit.js";

const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function font(): string {
  return getComputedStyle(document.body).fontFamily;
}

export const measure: Measure = (text, { size, bold }) => {
  if (context === null) return text.length * size * 0.6;
  context.font = `${bold ? 600 : 400} ${size}px ${font()}`;
  return context.measureText(text).width;
};

/** The colours of the theme as plain values: any way that CSS writes a colour is painted, and the pixel read. */
export function look(): Look {
  const probe = document.createElement("span");
  document.body.append(probe);
  const computed = (name: string): string => {
    probe.style.color = `var(--graph-${name})`;
    return getComputedStyle(probe).color;
  };
  const background = computed("background");
  const colours = new Map<string, string>();
  const colour: Look["colour"] = (name) => {
    const known = colours.get(name) ?? painted(computed(name), background);
    colours.set(name, known);
    return known;
  };
  const made = { colour, font: font().replaceAll('"', "'") };
  // Colours are read now: the page may have another theme by the time that they are used.
  for (const name of colourNames) colour(name);
  probe.remove();
  return made;
}

function painted(colour: string, background: string): string {
  if (context === null) return colour;
  context.fillStyle = background;
  context.fillRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
