import "./graph.css";
import type { GraphPicture } from "../../../server/protocol.js";
import { isPageState, type PageState, type ToPage, type ToPanel } from "../messages.js";
import { type Causes, causesOf } from "../picture/causes.js";
import { PictureIndex } from "../picture/picture-index.js";
import { found } from "../picture/search.js";
import { drawingStyle } from "../picture/style.js";
import { svgText } from "../picture/svg-text.js";
import { translator } from "../picture/translator.js";
import { anchored, type Point } from "../picture/viewport.js";
import { Canvas } from "./canvas.js";
import { element } from "./elements.js";
import { List } from "./list.js";
import { Status } from "./status.js";
import { look, measure } from "./theme.js";
import { Toolbar } from "./toolbar.js";

declare function acquireVsCodeApi(): {
  postMessage(message: ToPanel): void;
  getState(): unknown;
  setState(state: PageState): void;
};

const vscode = acquireVsCodeApi();
const { uri = "", bundle = "{}" } = document.body.dataset;
// The panel wrote it: the texts of the display language by their English ones.
const t = translator(JSON.parse(bundle) as { readonly [text: string]: string });

/** The page: knows what is shown, selected and looked for, and keeps picture, list and status line in step. */
class Page {
  readonly #canvas: Canvas;
  readonly #list: List;
  readonly #status = new Status(t);
  readonly #toolbar: Toolbar;
  readonly #notice = element("div", { class: "notice", role: "status" }, t("Reading the pipeline …"));
  /** Said by screen readers. */
  readonly #said = element("div", { class: "said", "aria-live": "polite" });
  readonly #body = element("main", { class: "body" });
  #state: PageState = { uri, unfolded: [] };
  #index: PictureIndex | undefined;
  #found: ReadonlySet<string> | undefined;
  #searched = "";
  /** The family that was just folded or unfolded: it stays where the eye is. */
  #anchor: string | undefined;
  /** The node or family to be selected once there is a picture. */
  #wanted: string | undefined;

  constructor() {
    const kept = vscode.getState();
    if (isPageState(kept) && kept.uri === uri) this.#state = kept;
    const events = {
      selected: (id: string | undefined) => this.#select(id),
      opened: (box: string) => vscode.postMessage({ type: "open", box }),
      folded: (family: string) => this.#fold(family),
    };
    this.#canvas = new Canvas({ ...events, moved: () => this.#keepSoon() }, t);
    this.#list = new List(events, t);
    this.#toolbar = new Toolbar(
      {
        searched: (text) => this.#search(text),
        next: () => this.#next(),
        left: () => this.#canvas.root.focus(),
        zoomIn: () => this.#canvas.zoomIn(),
        zoomOut: () => this.#canvas.zoomOut(),
        fit: () => this.#canvas.fit(),
        list: () => this.#toggleList(),
        exported: () => this.#export(),
      },
      t,
    );
    this.#body.append(this.#canvas.root, this.#list.root);
    document.body.append(this.#toolbar.root, this.#notice, this.#body, this.#status.root, this.#said);
    this.#showList();
    window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => this.#told(data));
    window.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#toolbar.search();
    });
    this.#keep();
    vscode.postMessage({ type: "ready", unfolded: this.#state.unfolded });
  }

  #told(message: ToPage): void {
    switch (message.type) {
      case "picture":
        this.#show(message.picture);
        break;
      case "problem":
        this.#showProblem(message.text);
        break;
      case "select":
        this.#wanted = message.name;
        this.#selectWanted();
        break;
    }
  }

  #show(picture: GraphPicture): void {
    const before = this.#index;
    const index = new PictureIndex(picture);
    const selected = successor(before, index, this.#state.selected);
    const hadFocus = this.#canvas.hasFocus;
    const place = before === undefined ? undefined : this.#anchorPlaces(before, index);
    this.#index = index;
    this.#canvas.show(index);
    if (before === undefined && this.#state.viewport !== undefined)
      this.#canvas.viewport = this.#state.viewport;
    // The whole picture stays the whole picture.
    if (place !== undefined && this.#canvas.viewport !== undefined)
      this.#canvas.viewport = anchored(this.#canvas.place, place.before, place.now);
    this.#list.show(index);
    this.#found = found(picture, this.#searched);
    const empty = picture.boxes.length === 0;
    this.#notice.textContent = empty
      ? t("This pipeline has no nodes yet. What it declares by “node NAME = TRANSFORM” is drawn here.")
      : "";
    this.#notice.hidden = !empty;
    this.#select(selected);
    if (hadFocus && selected !== undefined && !this.#canvas.hasFocus)
      this.#canvas.select(selected, { focus: true });
    this.#selectWanted();
  }

  /** Where the family that was folded or unfolded was, and where it is now. */
  #anchorPlaces(
    before: PictureIndex,
    now: PictureIndex,
  ): { readonly before: Point; readonly now: Point } | undefined {
    const family = this.#anchor;
    if (family === undefined) return undefined;
    const [from, to] = [middle(before, family), middle(now, family)];
    if (from === undefined || to === undefined) return undefined;
    // A picture that was on its way already does not show it yet.
    if (from.x !== to.x || from.y !== to.y) this.#anchor = undefined;
    return { before: from, now: to };
  }

  #showProblem(text: string): void {
    const retry = element("button", { type: "button" }, t("Try Again"));
    retry.addEventListener("click", () => vscode.postMessage({ type: "retry" }));
    this.#notice.replaceChildren(element("span", { class: "problem" }, text), retry);
    this.#notice.hidden = false;
  }

  #selectWanted(): void {
    if (this.#wanted === undefined || this.#index === undefined) return;
    const box = this.#index.boxNamed(this.#wanted);
    this.#wanted = undefined;
    if (box === undefined) return;
    this.#select(box.id);
    this.#canvas.select(box.id, { focus: true, reveal: true });
  }

  #select(id: string | undefined): void {
    const { selected: _, ...state } = this.#state;
    this.#state = id === undefined ? state : { ...state, selected: id };
    this.#keepSoon();
    const index = this.#index;
    if (index === undefined) return;
    const causes = id === undefined ? undefined : causesOf(index, id);
    this.#canvas.select(id);
    this.#list.select(id);
    this.#status.show(index, id, causes);
    this.#mark(index, id, causes);
  }

  #mark(index: PictureIndex, id: string | undefined, causes: Causes | undefined): void {
    const near = id === undefined ? [] : [...index.into(id), ...index.outOf(id)];
    this.#canvas.mark({ only: causes?.boxes, edges: causes?.edges ?? new Set(near), found: this.#found });
  }

  #fold(family: string): void {
    const { unfolded } = this.#state;
    const folded = unfolded.includes(family);
    const next = folded ? unfolded.filter((name) => name !== family) : [...unfolded, family];
    this.#state = { ...this.#state, unfolded: next };
    this.#anchor = family;
    this.#keep();
    this.#said.textContent = folded ? t("{0} folded", family) : t("{0} unfolded", family);
    vscode.postMessage({ type: "unfolded", unfolded: next });
  }

  #search(text: string): void {
    this.#searched = text;
    const index = this.#index;
    if (index === undefined) return;
    this.#found = found(index.picture, text);
    this.#toolbar.showFound(this.#found?.size);
    this.#select(undefined);
  }

  /** From what is selected to the next box that was found, round and round. */
  #next(): void {
    const found = this.#index?.inOrder.filter(({ id }) => this.#found?.has(id) === true) ?? [];
    const at = found.findIndex(({ id }) => id === this.#state.selected);
    const next = found[(at + 1) % Math.max(found.length, 1)];
    if (next === undefined) return;
    this.#select(next.id);
    this.#canvas.select(next.id, { reveal: true });
    this.#said.textContent = next.label;
  }

  #toggleList(): void {
    this.#state = { ...this.#state, list: !this.#listIsOpen };
    this.#keep();
    this.#showList();
  }

  /** For those who use a screen reader it is open from the start. */
  get #listIsOpen(): boolean {
    return this.#state.list ?? document.body.classList.contains("vscode-using-screen-reader");
  }

  #showList(): void {
    this.#list.root.hidden = !this.#listIsOpen;
    this.#toolbar.showList(this.#listIsOpen);
  }

  #export(): void {
    if (this.#index === undefined) return;
    vscode.postMessage({ type: "export", svg: svgText(this.#index.picture, { measure, t }, look()) });
  }

  #keepTimer: number | undefined;

  /** Zooming and panning come sixty times a second. */
  #keepSoon(): void {
    this.#keepTimer ??= window.setTimeout(() => {
      this.#keepTimer = undefined;
      this.#keep();
    }, 200);
  }

  #keep(): void {
    const { viewport: _, ...state } = this.#state;
    // Before the first picture there is none to look at, but maybe one to come back to.
    const viewport = this.#index === undefined ? this.#state.viewport : this.#canvas.viewport;
    this.#state = viewport === undefined ? state : { ...state, viewport };
    vscode.setState(this.#state);
  }
}

/** What is selected after a picture has changed: the same box, or what it was folded into or unfolded to. */
function successor(
  before: PictureIndex | undefined,
  now: PictureIndex,
  selected: string | undefined,
): string | undefined {
  if (selected === undefined || now.box(selected) !== undefined) return selected;
  const family = before?.box(selected)?.family;
  return family === undefined ? undefined : now.boxNamed(family)?.id;
}

function middle(index: PictureIndex, family: string): Point | undefined {
  const boxes = index.picture.boxes.filter((box) => box.family === family);
  const [first] = boxes;
  if (first === undefined) return undefined;
  const top = Math.min(...boxes.map(({ y }) => y));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  return { x: first.x, y: (top + bottom) / 2 };
}

const sheet = new CSSStyleSheet();
sheet.replaceSync(drawingStyle((name) => `var(--graph-${name})`));
document.adoptedStyleSheets = [sheet];
new Page();
