/** Which part of the picture is seen: picture × scale + (x, y) = page. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}

const SMALLEST = 0.05;
const LARGEST = 3;
/** Below it names are no longer read. */
export const READABLE = 0.45;
/** Of a picture that does not fit. */
const BEGUN = 0.85;
/** Between a box that is brought into view and the border of the page. */
const AIR = 24;

/** The whole picture in the middle of the page, never larger than it is. */
export function fitted(picture: Size, page: Size): Viewport {
  const scale = limited(Math.min(page.width / picture.width, page.height / picture.height, 1));
  return {
    x: (page.width - picture.width * scale) / 2,
    y: (page.height - picture.height * scale) / 2,
    scale,
  };
}

/** Nearer or further, with the point of the page where it is. */
export function zoomed({ x, y, scale }: Viewport, factor: number, at: Point): Viewport {
  const next = limited(scale * factor);
  const ratio = next / scale;
  return { x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio, scale: next };
}

/** Some of the picture always stays in the page, so that nobody gets lost. */
export function panned({ x, y, scale }: Viewport, by: Point, picture: Size, page: Size): Viewport {
  const kept = (start: number, length: number, room: number) =>
    Math.min(Math.max(start, 2 * AIR - length * scale), room - 2 * AIR);
  return {
    x: kept(x + by.x, picture.width, page.width),
    y: kept(y + by.y, picture.height, page.height),
    scale,
  };
}

/**
 * Large enough to be read: from the left and in the middle of its height, or where `attention` is wanted, all of that if
 * it can be.
 */
export function begun(picture: Size, page: Size, attention?: Point & Size): Viewport {
  const room = { width: page.width - 2 * AIR, height: page.height - 2 * AIR };
  const all = attention === undefined ? BEGUN : fitted(attention, room).scale;
  const scale = all < READABLE ? BEGUN : Math.min(all, BEGUN);
  const left = { x: AIR, y: (page.height - picture.height * scale) / 2, scale };
  return attention === undefined ? left : revealing(left, attention, page);
}

/** Moved no further than it takes to see the whole box. */
export function revealing(viewport: Viewport, box: Point & Size, page: Size): Viewport {
  const { x, y, scale } = viewport;
  const shift = (start: number, length: number, room: number) => {
    if (start >= 0 && start + length <= room) return 0;
    // What is larger than the page is shown from its start.
    return start < 0 || length > room - 2 * AIR ? AIR - start : room - AIR - (start + length);
  };
  return {
    x: x + shift(box.x * scale + x, box.width * scale, page.width),
    y: y + shift(box.y * scale + y, box.height * scale, page.height),
    scale,
  };
}

/** Moved so that `now` of the picture is where `before` was. */
export function anchored({ x, y, scale }: Viewport, before: Point, now: Point): Viewport {
  return { x: x + (before.x - now.x) * scale, y: y + (before.y - now.y) * scale, scale };
}

function limited(scale: number): number {
  return Math.min(Math.max(scale, SMALLEST), LARGEST);
}
