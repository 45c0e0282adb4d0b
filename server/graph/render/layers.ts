import { type Item, ordered } from "./crossings.js";

/** What is laid out: `width` and `height` of each box, and the boxes that each edge connects, by position. */
export interface LayoutBox {
  readonly width: number;
  readonly height: number;
}
export interface LayoutEdge {
  readonly from: number;
  readonly to: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Top left corners; boxes of one column are as wide as the widest of them. Edges run from border to border. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly { readonly x: number; readonly y: number; readonly width: number }[];
  readonly edges: readonly (readonly Point[])[];
}

const MARGIN = 16;
const GAP = 14;
const LANE_GAP = 8;
const COLUMN_GAP = 44;
/** Added to the gap between two columns for each line that runs through it, so that steep lines stay apart. */
const GAP_PER_LINE = 1.5;
const WIDEST_GAP = 260;
/** Beyond this many, lines take the straight way behind the boxes: the layout must not grow with boxes × columns. */
const MOST_LANES = 6000;
const PLACEMENTS = 6;

/**
 * A layered layout from left to right: every edge leads to a column further right, unless it closes a circle (families
 * may read each other). Boxes stand in the order in which they are given where that crosses no more lines.
 *
 * Why not dagre here: an editor asks while somebody types, and dagre takes 6 s for 130 boxes with 3,000 edges. This one
 * is linear in boxes, edges and lanes, times a logarithm for sorting.
 */
export function layered(boxes: readonly LayoutBox[], edges: readonly LayoutEdge[]): Layout {
  const ways = forwardWays(boxes.length, edges);
  const columnOf = columns(boxes.length, ways);
  const { items, all } = withLanes(boxes, ways, columnOf);
  const order = ordered(all);
  place(order);
  return picture(boxes, edges, { columns: order, items, columnOf });
}

/** The same edges with those turned round that close a circle, each pair once, in topological order of `from`. */
function forwardWays(count: number, edges: readonly LayoutEdge[]): readonly LayoutEdge[] {
  const after: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) if (from !== to) after[from]?.push(to);
  const left: number[] = [];
  const entered = new Uint8Array(count);
  const closing = new Set<number>();
  for (let root = 0; root < count; root++) {
    if (entered[root] !== 0) continue;
    entered[root] = 1;
    const path: { readonly at: number; next: number }[] = [{ at: root, next: 0 }];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const to = after[step.at]?.[step.next++];
      if (to === undefined) {
        entered[step.at] = 2;
        left.push(step.at);
        path.pop();
      } else if (entered[to] === 1) {
        closing.add(step.at * count + to);
      } else if (entered[to] === 0) {
        entered[to] = 1;
        path.push({ at: to, next: 0 });
      }
    }
  }
  const rank = new Uint32Array(count);
  for (const [at, box] of left.reverse().entries()) rank[box] = at;
  const ways = new Map<number, LayoutEdge>();
  for (const { from, to } of edges) {
    if (from === to) continue;
    const way = closing.has(from * count + to) ? { from: to, to: from } : { from, to };
    ways.set(way.from * count + way.to, way);
  }
  return [...ways.values()].sort((a, b) => (rank[a.from] ?? 0) - (rank[b.from] ?? 0));
}

/** Each box as far left as what it reads allows; what reads nothing stands just before its first reader. */
function columns(count: number, ways: readonly LayoutEdge[]): readonly number[] {
  const column = new Array<number>(count).fill(0);
  const first = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
  const reads = new Uint8Array(count);
  for (const { from, to } of ways) {
    column[to] = Math.max(column[to] ?? 0, (column[from] ?? 0) + 1);
    reads[to] = 1;
  }
  for (const { from, to } of ways) first[from] = Math.min(first[from] ?? 0, (column[to] ?? 0) - 1);
  return column.map((at, box) => {
    const last = first[box] ?? at;
    return reads[box] === 0 && Number.isFinite(last) ? last : at;
  });
}

/** Adds the lanes. Lines of one box share a lane: they leave it where their readers are. */
function withLanes(
  boxes: readonly LayoutBox[],
  ways: readonly LayoutEdge[],
  columnOf: readonly number[],
): { readonly items: readonly Item[]; readonly all: readonly (readonly Item[])[] } {
  const count = columnOf.reduce((most, column) => Math.max(most, column + 1), 0);
  const all: Item[][] = Array.from({ length: count }, () => []);
  const items = boxes.map(({ height }, box): Item => {
    const item = itemOf(box, height, columnOf[box] ?? 0, false);
    all[item.column]?.push(item);
    return item;
  });
  const ends = boxes.map((_, box) => columnOf[box] ?? 0);
  for (const { from, to } of ways) ends[from] = Math.max(ends[from] ?? 0, (columnOf[to] ?? 0) - 1);
  const total = ends.reduce((sum, end, box) => sum + end - (columnOf[box] ?? 0), 0);
  const lanes = items.map((item): readonly Item[] => {
    const chain = [item];
    if (total > MOST_LANES) return chain;
    for (let column = item.column + 1; column <= (ends[item.box] ?? 0); column++) {
      const lane = itemOf(item.box, 0, column, true);
      connect(chain.at(-1), lane);
      chain.push(lane);
      all[column]?.push(lane);
    }
    return chain;
  });
  for (const { from, to } of ways) {
    const target = items[to];
    if (target !== undefined) connect(lanes[from]?.[target.column - 1 - (columnOf[from] ?? 0)], target);
  }
  return { items, all };
}

function itemOf(box: number, height: number, column: number, lane: boolean): Item {
  return { height, box, lane, column, before: [], after: [], y: 0 };
}

function connect(from: Item | undefined, to: Item): void {
  // Without lanes there is nothing beside a box that stands further away: its line has no say in the order.
  if (from === undefined || from.column + 1 !== to.column) return;
  from.after.push(to);
  to.before.push(from);
}

/** Moves items towards what they are connected with, in turns from the left and from the right. */
function place(order: readonly (readonly Item[])[]): void {
  for (const column of order) {
    let y = 0;
    for (const [at, item] of column.entries()) {
      const above = column[at - 1];
      y += above === undefined ? item.height / 2 : distance(above, item);
      item.y = y;
    }
    for (const item of column) item.y -= y / 2;
  }
  for (let turn = 0; turn < PLACEMENTS; turn++) {
    const rightwards = turn % 2 === 0;
    for (const column of rightwards ? order : [...order].reverse())
      settle(column, (item) => (rightwards ? item.before : item.after));
  }
}

function distance(above: Item, below: Item): number {
  return (above.height + below.height) / 2 + (above.lane && below.lane ? LANE_GAP : GAP);
}

/**
 * The places nearest to those that are wished for, with the order and the distances kept: least squares, found by
 * merging neighbours that would overlap into blocks (isotonic regression). Linear.
 */
function settle(column: readonly Item[], neighbours: (item: Item) => readonly Item[]): void {
  const blocks: { mean: number; weight: number; count: number }[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const [at, item] of column.entries()) {
    const above = column[at - 1];
    if (above !== undefined) offset += distance(above, item);
    offsets.push(offset);
    const near = neighbours(item);
    const wish = near.length === 0 ? item.y : near.reduce((sum, { y }) => sum + y, 0) / near.length;
    // What is connected with nothing makes room; a lane that bends looks worse than a box that is off.
    let block = { mean: wish - offset, weight: near.length === 0 ? 0.1 : item.lane ? 3 : 1, count: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.mean > block.mean; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      const mean = (last.mean * last.weight + block.mean * block.weight) / weight;
      block = { mean, weight, count: last.count + block.count };
    }
    blocks.push(block);
  }
  let at = 0;
  for (const { mean, count } of blocks)
    for (const end = at + count; at < end; at++) {
      const item = column[at];
      if (item !== undefined) item.y = mean + (offsets[at] ?? 0);
    }
}

interface Placed {
  readonly columns: readonly (readonly Item[])[];
  /** Of the boxes, by position. */
  readonly items: readonly Item[];
  readonly columnOf: readonly number[];
}

/** From middles to pixels: columns get their places, and every edge its points. */
function picture(boxes: readonly LayoutBox[], edges: readonly LayoutEdge[], placed: Placed): Layout {
  const { columns, items } = placed;
  const widths = columns.map((column) =>
    column.reduce((most, { box, lane }) => (lane ? most : Math.max(most, boxes[box]?.width ?? 0)), 0),
  );
  const lefts: number[] = [];
  let x = MARGIN;
  for (const [at, column] of columns.entries()) {
    lefts.push(x);
    const lines = column.reduce((sum, { after }) => sum + after.length, 0);
    const gap = at === columns.length - 1 ? 0 : Math.min(COLUMN_GAP + GAP_PER_LINE * lines, WIDEST_GAP);
    x += Math.ceil((widths[at] ?? 0) + gap);
  }
  let top = Number.POSITIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (const { y, height } of columns.flat()) {
    top = Math.min(top, y - height / 2);
    bottom = Math.max(bottom, y + height / 2);
  }
  if (columns.length === 0) top = bottom = 0;
  const left = (column: number) => lefts[column] ?? 0;
  const right = (column: number) => left(column) + (widths[column] ?? 0);
  const down = (y: number) => Math.round((y - top + MARGIN) * 2) / 2;

  const lanes = new Map<string, number>();
  for (const { box, column, lane, y } of columns.flat()) if (lane) lanes.set(`${box} ${column}`, y);
  const edgePoints = edges.map(({ from, to }): readonly Point[] => {
    const [start, end] = [items[from], items[to]];
    if (start === undefined || end === undefined || start === end) return [];
    const turned = start.column > end.column;
    const [near, far] = turned ? [end, start] : [start, end];
    const points = [{ x: right(near.column), y: down(near.y) }];
    for (let column = near.column + 1; column < far.column; column++) {
      const y = lanes.get(`${near.box} ${column}`);
      if (y !== undefined) points.push({ x: left(column), y: down(y) }, { x: right(column), y: down(y) });
    }
    points.push({ x: left(far.column), y: down(far.y) });
    return turned ? points.reverse() : points;
  });
  return {
    width: Math.max(x + MARGIN, 2 * MARGIN),
    height: Math.ceil(bottom - top) + 2 * MARGIN,
    boxes: items.map(({ column, y, height }) => ({
      x: left(column),
      y: down(y - height / 2),
      width: widths[column] ?? 0,
    })),
    edges: edgePoints,
  };
}
