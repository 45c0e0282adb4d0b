import type { GraphPicture } from "../../../server/protocol.js";

/** Ids of the boxes whose name has all the words of the text in it; undefined when nothing is looked for. */
export function found(picture: GraphPicture, text: string): ReadonlySet<string> | undefined {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return undefined;
  const matching = picture.boxes.filter(({ label, detail }) => {
    const name = `${label} ${detail}`.toLowerCase();
    return words.every((word) => name.includes(word));
  });
  return new Set(matching.map(({ id }) => id));
}
