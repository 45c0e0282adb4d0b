/** A box, or the lane in which the lines of one box pass through a column of others. */
export interface Item {
  readonly height: number;
  /** Position of the box; of a lane, of the box whose lines it carries. */
  readonly box: number;
  readonly lane: boolean;
  readonly column: number;
  /** In the column to the left and to the right. */
  readonly before: Item[];
  readonly after: Item[];
  /** Of the middle. */
  y: number;
}

const SWEEPS = 8;

/**
 * The items of each column in an order with few crossings: in turns from the left and from the right, every item moves
 * to the mean place of those that it is connected with. Of all orders on the way the first with the fewest crossings is
 * taken, so that a change of the order has a reason. Sorting makes it O(items × log) a turn, counting O(lines × log).
 */
export function ordered(columns: readonly (readonly Item[])[]): readonly (readonly Item[])[] {
  let current = columns.map((column) => [...column].sort(asDeclared));
  let best = current;
  let fewest = crossings(best);
  for (let turn = 0; turn < SWEEPS && fewest > 0; turn++) {
    current = swept(current, turn % 2 === 0);
    const found = crossings(current);
    if (found < fewest) {
      fewest = found;
      best = current;
    }
  }
  return best;
}

/** As declared, a lane where the box is whose lines it carries. */
function asDeclared(a: Item, b: Item): number {
  return a.box - b.box || Number(a.lane) - Number(b.lane);
}

function swept(columns: readonly Item[][], rightwards: boolean): Item[][] {
  const result = [...columns];
  const places = new Map<Item, number>();
  const remember = (column: readonly Item[]) => {
    // Relative places: a column of two faces one of twenty.
    for (const [at, item] of column.entries()) places.set(item, (at + 0.5) / column.length);
  };
  for (const column of columns) remember(column);
  const order = [...columns.keys()];
  for (const at of rightwards ? order : order.reverse()) {
    const column = result[at] ?? [];
    const wishes = new Map<Item, number>();
    for (const item of column) {
      const near = rightwards ? item.before : item.after;
      const sum = near.reduce((total, other) => total + (places.get(other) ?? 0), 0);
      wishes.set(item, near.length === 0 ? (places.get(item) ?? 0) : sum / near.length);
    }
    const sorted = [...column].sort((a, b) => (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0));
    result[at] = sorted;
    remember(sorted);
  }
  return result;
}

/** How often lines between neighbouring columns cross: inversions, counted with a tree of sums. */
function crossings(columns: readonly (readonly Item[])[]): number {
  let total = 0;
  for (const [at, column] of columns.entries()) {
    const next = columns[at + 1];
    if (next === undefined) break;
    const places = new Map(next.map((item, place) => [item, place]));
    const tree = new Uint32Array(next.length + 1);
    let lines = 0;
    for (const item of column) {
      const ends = item.after.map((other) => places.get(other) ?? 0);
      for (const end of ends) {
        total += lines;
        for (let i = end + 1; i > 0; i -= i & -i) total -= tree[i] ?? 0;
      }
      for (const end of ends)
        for (let i = end + 1; i < tree.length; i += i & -i) tree[i] = (tree[i] ?? 0) + 1;
      lines += ends.length;
    }
  }
  return total;
}
