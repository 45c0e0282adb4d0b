import type { GraphBox, GraphEdge, GraphPicture } from "../../../server/protocol.js";
import type { Translate } from "../../translate.js";
import { attentionOf } from "../picture/attention.js";
import { boxDrawing, definitions, edgeDrawing } from "../picture/drawing.js";
import { type Direction, moved } from "../picture/moves.js";
import type { PictureIndex } from "../picture/picture-index.js";
import { shape } from "../picture/shape.js";
import {
  begun,
  fitted,
  type Point,
  panned,
  READABLE,
  revealing,
  type Size,
  type Viewport,
  zoomed,
} from "../picture/viewport.js";
import { boxInWords } from "../picture/words.js";
import { arrange, drawn, element, set } from "./elements.js";
import { measure } from "./theme.js";

export interface CanvasEvents {
  readonly selected: (id: string | undefined) => void;
  readonly opened: (id: string) => void;
  /** To be folded or unfolded. */
  readonly folded: (family: string) => void;
  readonly moved: () => void;
}

/** What stands out; everything else steps back when `only` is given. */
export interface Marks {
  readonly only: ReadonlySet<string> | undefined;
  readonly edges: ReadonlySet<GraphEdge>;
  readonly found: ReadonlySet<string> | undefined;
}

const STEP = 60;
const ZOOM = 1.25;
/** Pixels that a pointer may move before a click becomes a drag. */
const STILL = 4;
/** Below this scale small texts are specks. */
const FAR = 0.45;
/** And below this one names are too: then a box is filled with its state. */
const SPECKS = 0.25;
/** With more lines than this they are drawn thin. */
const CROWDED = 150;

const arrows: { readonly [key: string]: Direction } = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

interface DrawnBox {
  readonly group: SVGElement;
  /** What the drawing was made of: what has not changed is not drawn again. */
  readonly made: string;
}

interface DrawnEdge extends DrawnBox {
  readonly edge: GraphEdge;
}

/** The picture itself: draws boxes and edges, moves over them, and tells what is done with them. */
export class Canvas {
  readonly root: HTMLElement;
  readonly #world = drawn(shape("g", {}));
  readonly #edges = drawn(shape("g", { "aria-hidden": "true" }));
  readonly #boxes = drawn(shape("g", {}));
  readonly #events: CanvasEvents;
  readonly #t: Translate;
  readonly #drawnBoxes = new Map<string, DrawnBox>();
  #drawnEdges: readonly DrawnEdge[] = [];
  #index: PictureIndex | undefined;
  #selected: string | undefined;
  #viewport: Viewport = { x: 0, y: 0, scale: 1 };
  /** Whether the whole picture is to be seen, also when the page gets another size. */
  #whole = true;

  constructor(events: CanvasEvents, t: Translate) {
    this.#events = events;
    this.#t = t;
    const svg = drawn(shape("svg", { class: "drawing" }));
    this.#world.append(this.#edges, this.#boxes);
    svg.append(drawn(definitions()), this.#world);
    this.root = element(
      "div",
      { class: "canvas", tabindex: -1, role: "group", "aria-roledescription": t("graph") },
      svg,
    );
    this.root.addEventListener("keydown", (event) => this.#pressed(event));
    this.root.addEventListener("focusin", ({ target }) => this.#focused(target));
    this.root.addEventListener("dblclick", (event) => this.#doubleClicked(event));
    this.root.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    this.root.addEventListener("pointerdown", (event) => this.#grabbed(event));
    new ResizeObserver(() => {
      if (this.#whole) this.fit();
    }).observe(this.root);
  }

  get viewport(): Viewport | undefined {
    return this.#whole ? undefined : this.#viewport;
  }

  set viewport(viewport: Viewport | undefined) {
    if (viewport === undefined) this.fit();
    else this.#look(viewport);
  }

  /** Where the picture is on the page, the whole of it or not. */
  get place(): Viewport {
    return this.#viewport;
  }

  get hasFocus(): boolean {
    return this.root.contains(document.activeElement);
  }

  show(index: PictureIndex): void {
    const shown = this.#index?.picture;
    this.#index = index;
    this.root.setAttribute("aria-label", `${index.picture.title}. ${index.picture.description}`);
    // Elements stand in the order in which people read.
    const groups = index.inOrder.map((box) => this.#showBox(index, box));
    arrange(this.#boxes, groups);
    for (const id of [...this.#drawnBoxes.keys()])
      if (index.box(id) === undefined) this.#drawnBoxes.delete(id);
    // Causes lie over the others.
    const edges = [...index.picture.edges].sort((a, b) => Number(a.causal) - Number(b.causal));
    const before = new Map(this.#drawnEdges.map((one) => [one.made, one]));
    this.#drawnEdges = edges.map((edge): DrawnEdge => {
      const made = JSON.stringify(edge);
      return { edge, made, group: before.get(made)?.group ?? drawn(edgeDrawing(edge)) };
    });
    this.root.classList.toggle("crowded", edges.length > CROWDED);
    arrange(
      this.#edges,
      this.#drawnEdges.map(({ group }) => group),
    );
    this.#rove();
    const { picture } = index;
    const grown = picture.width !== shown?.width || picture.height !== shown.height;
    if (this.#whole && grown) this.#fitReadably(picture, shown === undefined);
  }

  /** As long as it can be read, the whole picture stays in view; unfolding must not shrink it to a speck. */
  #fitReadably(picture: GraphPicture, isFirst: boolean): void {
    const whole = fitted(picture, this.#page());
    if (whole.scale >= READABLE) this.#look(whole, true);
    else if (!isFirst) this.#look(this.#viewport);
    else this.#look(begun(picture, this.#page(), attentionOf(picture.boxes)));
  }

  #showBox(index: PictureIndex, box: GraphBox): SVGElement {
    const words = boxInWords(index, box, this.#t);
    const made = JSON.stringify([box, words]);
    const before = this.#drawnBoxes.get(box.id);
    if (before?.made === made) return before.group;
    // The group stays, with the focus that it may have; what is in it is new.
    const group = before?.group ?? drawn(shape("g", { role: "button", tabindex: -1, "data-id": box.id }));
    set(group, { transform: `translate(${box.x} ${box.y})`, "aria-label": words });
    const { width, height } = box;
    group.replaceChildren(
      drawn(shape("title", {}, words.split("; ").join("\n"))),
      drawn(shape("rect", { class: "ring", x: -3, y: -3, width: width + 6, height: height + 6, rx: 7 })),
      drawn(boxDrawing(box, { measure, t: this.#t })),
    );
    this.#drawnBoxes.set(box.id, { group, made });
    return group;
  }

  select(id: string | undefined, { focus = false, reveal = false } = {}): void {
    this.#selected = id;
    for (const [other, { group }] of this.#drawnBoxes) {
      group.classList.toggle("selected", other === id);
      set(group, { "aria-pressed": String(other === id) });
    }
    this.#rove();
    const box = this.#index?.box(id);
    if (box === undefined) return;
    if (reveal) this.#look(revealing(this.#viewport, box, this.#page()), this.#whole);
    if (focus) this.#drawnBoxes.get(box.id)?.group.focus({ preventScroll: true });
  }

  mark({ only, edges, found }: Marks): void {
    const steppedBack = (id: string) =>
      (only !== undefined && !only.has(id)) || (only === undefined && found !== undefined && !found.has(id));
    for (const [id, { group }] of this.#drawnBoxes) {
      group.classList.toggle("dimmed", steppedBack(id));
      group.classList.toggle("found", found?.has(id) === true);
    }
    for (const { edge, group } of this.#drawnEdges) {
      group.classList.toggle("marked", edges.has(edge));
      group.classList.toggle("dimmed", !edges.has(edge) && (only !== undefined || found !== undefined));
    }
  }

  fit(): void {
    this.#whole = true;
    if (this.#index !== undefined) this.#look(fitted(this.#index.picture, this.#page()), true);
  }

  zoom(factor: number, at?: Point): void {
    const { width, height } = this.#page();
    this.#look(zoomed(this.#viewport, factor, at ?? { x: width / 2, y: height / 2 }));
  }

  zoomIn(): void {
    this.zoom(ZOOM);
  }

  zoomOut(): void {
    this.zoom(1 / ZOOM);
  }

  #pan(by: Point): void {
    if (this.#index !== undefined) this.#look(panned(this.#viewport, by, this.#index.picture, this.#page()));
  }

  #look(viewport: Viewport, whole = false): void {
    const { x, y, scale } = viewport;
    this.#viewport = viewport;
    this.#whole = whole && this.#whole;
    this.#world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.root.classList.toggle("far", scale < FAR);
    this.root.classList.toggle("specks", scale < SPECKS);
    this.#events.moved();
  }

  #page(): Size {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  /** One box can be reached by Tab: the selected one, or the first. From there arrow keys lead on. */
  #rove(): void {
    const [first] = this.#index?.inOrder ?? [];
    const reached = this.#drawnBoxes.has(this.#selected ?? "") ? this.#selected : first?.id;
    for (const [id, { group }] of this.#drawnBoxes)
      group.setAttribute("tabindex", id === reached ? "0" : "-1");
  }

  #boxAt(target: EventTarget | null): GraphBox | undefined {
    const group = target instanceof Element ? target.closest("[data-id]") : null;
    return this.#index?.box(group?.getAttribute("data-id") ?? undefined);
  }

  /** Tab, and screen readers, move the focus themselves: what has it is selected. */
  #focused(target: EventTarget | null): void {
    const box = this.#boxAt(target);
    if (box !== undefined && box.id !== this.#selected) this.#events.selected(box.id);
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#did(event.key, event.shiftKey)) event.preventDefault();
  }

  #did(key: string, shift: boolean): boolean {
    const index = this.#index;
    const box = index?.box(this.#selected);
    const direction = arrows[key];
    if (direction !== undefined && index !== undefined) {
      if (box === undefined || shift) this.#pan(stepTowards(direction));
      else this.#go(moved(index, box.id, direction));
      return true;
    }
    switch (key) {
      case "+":
      case "=":
        this.zoomIn();
        return true;
      case "-":
      case "_":
        this.zoomOut();
        return true;
      case "0":
        this.fit();
        return true;
      case "Home":
        this.#go(index?.inOrder[0]);
        return true;
      case "End":
        this.#go(index?.inOrder.at(-1));
        return true;
      case "Escape":
        this.#events.selected(undefined);
        this.root.focus({ preventScroll: true });
        return true;
      case "Enter":
        if (box !== undefined) this.#events.opened(box.id);
        return true;
      case " ":
        if (box?.family !== undefined) this.#events.folded(box.family);
        return true;
      default:
        return false;
    }
  }

  #go(box: GraphBox | undefined): void {
    if (box === undefined) return;
    this.#events.selected(box.id);
    this.select(box.id, { focus: true, reveal: true });
  }

  #wheeled(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.ctrlKey || event.metaKey) {
      // A pinch on a touchpad comes as this too, in small steps.
      const { left, top } = this.root.getBoundingClientRect();
      const factor = Math.exp(-Math.max(-60, Math.min(60, event.deltaY * unit)) * 0.006);
      this.zoom(factor, { x: event.clientX - left, y: event.clientY - top });
    } else if (event.shiftKey && event.deltaX === 0) {
      this.#pan({ x: -event.deltaY * unit, y: 0 });
    } else {
      this.#pan({ x: -event.deltaX * unit, y: -event.deltaY * unit });
    }
  }

  #grabbed(event: PointerEvent): void {
    if (event.button !== 0 && event.button !== 1) return;
    const start = { x: event.clientX, y: event.clientY };
    let last = start;
    let dragging = false;
    const drag = (move: PointerEvent) => {
      const now = { x: move.clientX, y: move.clientY };
      if (!dragging && Math.hypot(now.x - start.x, now.y - start.y) < STILL) return;
      if (!dragging) {
        dragging = true;
        this.root.setPointerCapture(event.pointerId);
        this.root.classList.add("dragging");
      }
      this.#pan({ x: now.x - last.x, y: now.y - last.y });
      last = now;
    };
    const drop = (up: PointerEvent) => {
      this.root.removeEventListener("pointermove", drag);
      this.root.removeEventListener("pointerup", drop);
      this.root.removeEventListener("pointercancel", drop);
      this.root.classList.remove("dragging");
      if (!dragging && up.type === "pointerup" && up.button === 0) this.#clicked(event.target);
    };
    this.root.addEventListener("pointermove", drag);
    this.root.addEventListener("pointerup", drop);
    this.root.addEventListener("pointercancel", drop);
  }

  #clicked(target: EventTarget | null): void {
    const box = this.#boxAt(target);
    this.#events.selected(box?.id);
    if (box === undefined) this.root.focus({ preventScroll: true });
    else if (box.family !== undefined && isFold(target)) this.#events.folded(box.family);
  }

  #doubleClicked({ target }: MouseEvent): void {
    const box = this.#boxAt(target);
    if (box !== undefined && !isFold(target)) this.#events.opened(box.id);
  }
}

function isFold(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(".fold") !== null;
}

function stepTowards(direction: Direction): Point {
  switch (direction) {
    case "left":
      return { x: STEP, y: 0 };
    case "right":
      return { x: -STEP, y: 0 };
    case "up":
      return { x: 0, y: STEP };
    case "down":
      return { x: 0, y: -STEP };
  }
}
