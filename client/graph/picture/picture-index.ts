import type { GraphBox, GraphEdge, GraphPicture } from "../../../server/protocol.js";

/** A picture, made ready for questions about its boxes. */
export class PictureIndex {
  readonly picture: GraphPicture;
  /** From left to right, and in each from top to bottom. */
  readonly columns: readonly (readonly GraphBox[])[];
  readonly #boxes: ReadonlyMap<string, GraphBox>;
  readonly #into = new Map<string, GraphEdge[]>();
  readonly #outOf = new Map<string, GraphEdge[]>();

  constructor(picture: GraphPicture) {
    this.picture = picture;
    this.#boxes = new Map(picture.boxes.map((box) => [box.id, box]));
    for (const edge of picture.edges) {
      add(this.#into, edge.to, edge);
      add(this.#outOf, edge.from, edge);
    }
    const columns = new Map<number, GraphBox[]>();
    for (const box of picture.boxes) add(columns, box.x, box);
    this.columns = [...columns].sort(([a], [b]) => a - b).map(([, boxes]) => boxes.sort((a, b) => a.y - b.y));
  }

  box(id: string | undefined): GraphBox | undefined {
    return id === undefined ? undefined : this.#boxes.get(id);
  }

  into(id: string): readonly GraphEdge[] {
    return this.#into.get(id) ?? [];
  }

  outOf(id: string): readonly GraphEdge[] {
    return this.#outOf.get(id) ?? [];
  }

  /** In the order in which people read: column by column. */
  get inOrder(): readonly GraphBox[] {
    return this.columns.flat();
  }

  /** The box that shows a node or family, or the one that it is folded into. */
  boxNamed(name: string): GraphBox | undefined {
    const family = familyName(name);
    const ids = [`node:${name}`, `family:${family}`, `more:${family}`];
    return ids.map((id) => this.box(id)).find((box) => box !== undefined) ?? this.firstOf(family);
  }

  /** The first member of an unfolded family. */
  firstOf(family: string): GraphBox | undefined {
    return this.inOrder.find((box) => box.family === family);
  }
}

/** `aligned` of `aligned["ANN0830", 2]`. */
function familyName(name: string): string {
  const keys = name.indexOf("[");
  return keys < 0 ? name : name.slice(0, keys);
}

function add<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
