import type { StateCounts } from "../../../server/protocol.js";
import { grouped } from "../../format.js";
import { countsInWords, stateWord } from "../../state-text.js";
import type { Translate } from "../../translate.js";
import type { PictureIndex } from "../picture/picture-index.js";
import { type Row, rowsOf } from "../picture/rows.js";
import { boxInWords, presentStates } from "../picture/words.js";
import { arrange, element, set } from "./elements.js";
import { stateSign } from "./state-signs.js";

export interface ListEvents {
  readonly selected: (id: string | undefined) => void;
  readonly opened: (id: string) => void;
  readonly folded: (family: string) => void;
}

interface ShownRow {
  readonly row: Row;
  readonly item: HTMLElement;
  /** What the item was made of: what has not changed is not made again. */
  readonly made: string;
}

/** The same as the picture, as a tree of text. */
export class List {
  readonly root: HTMLElement;
  readonly #events: ListEvents;
  readonly #t: Translate;
  #rows: readonly ShownRow[] = [];
  #selected: string | undefined;
  /** The row that keys go on from. */
  #current: string | undefined;

  constructor(events: ListEvents, t: Translate) {
    this.#events = events;
    this.#t = t;
    this.root = element("div", { class: "list", role: "tree", "aria-label": t("Nodes and inputs") });
    this.root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.#did(event.key)) event.preventDefault();
    });
    this.root.addEventListener("click", ({ target }) => {
      const found = this.#rowOf(target);
      if (found === undefined) return;
      this.#go(found);
      const { family, expanded } = found.row;
      const onTwist = target instanceof Element && target.closest(".twist") !== null;
      if (family !== undefined && expanded !== undefined && onTwist) this.#events.folded(family);
    });
    this.root.addEventListener("dblclick", ({ target }) => {
      const id = this.#rowOf(target)?.row.box?.id;
      if (id !== undefined) this.#events.opened(id);
    });
  }

  show(index: PictureIndex): void {
    const before = new Map(this.#rows.map((shown) => [shown.row.id, shown]));
    const hadFocus = this.root.contains(document.activeElement);
    this.#rows = rowsOf(index).map((row): ShownRow => {
      const made = JSON.stringify([row, this.#words(index, row)]);
      const shown = before.get(row.id);
      return shown?.made === made ? shown : { row, made, item: this.#item(index, row) };
    });
    arrange(
      this.root,
      this.#rows.map(({ item }) => item),
    );
    this.#rove();
    if (hadFocus && !this.root.contains(document.activeElement)) this.#currentRow()?.item.focus();
  }

  select(id: string | undefined): void {
    const isNew = id !== this.#selected;
    this.#selected = id;
    if (id !== undefined) this.#current = id;
    for (const { row, item } of this.#rows) set(item, { "aria-selected": String(row.id === id) });
    this.#rove();
    // Whoever scrolls on while the picture changes is not taken back.
    if (isNew) this.#rows.find(({ row }) => row.id === id)?.item.scrollIntoView({ block: "nearest" });
  }

  #item(index: PictureIndex, row: Row): HTMLElement {
    const { id, level, label, counts, expanded, position, siblings } = row;
    const words = this.#words(index, row);
    return element(
      "div",
      {
        role: "treeitem",
        class: `row level-${level}`,
        tabindex: -1,
        "data-row": id,
        "aria-level": level,
        "aria-posinset": position,
        "aria-setsize": siblings,
        "aria-expanded": expanded === undefined ? undefined : String(expanded),
        "aria-selected": "false",
        "aria-label": words,
        title: words.split("; ").join("\n"),
      },
      element("span", { class: "twist" }, expanded === undefined ? "" : expanded ? "▾" : "▸"),
      element("span", { class: "name" }, label),
      element("span", { class: "states" }, ...this.#signs(counts)),
    );
  }

  /** One state is said in its word, of several only how many are in each. */
  #signs(counts: StateCounts): readonly HTMLElement[] {
    const states = presentStates(counts);
    return states.map((state) => {
      const count = grouped(counts[state] ?? 0);
      if (states.length > 1) return stateSign(state, count);
      const word = stateWord(state, this.#t);
      return stateSign(state, count === "1" ? word : this.#t("{0} {1}", count, word));
    });
  }

  #words(index: PictureIndex, { box, label, counts }: Row): string {
    if (box !== undefined) return boxInWords(index, box, this.#t);
    return this.#t("{0}, unfolded family: {1}", label, countsInWords(counts, this.#t));
  }

  #did(key: string): boolean {
    const at = this.#rows.findIndex(({ row }) => row.id === this.#current);
    const here = this.#rows[at];
    const family = here?.row.family;
    switch (key) {
      case "ArrowDown":
        this.#go(this.#rows[at + 1]);
        return true;
      case "ArrowUp":
        this.#go(this.#rows[at - 1]);
        return true;
      case "Home":
        this.#go(this.#rows[0]);
        return true;
      case "End":
        this.#go(this.#rows.at(-1));
        return true;
      case "ArrowRight":
        if (here?.row.expanded === true) this.#go(this.#rows[at + 1]);
        else if (here?.row.expanded === false && family !== undefined) this.#events.folded(family);
        return true;
      case "ArrowLeft":
        if (here?.row.level === 2)
          this.#go(this.#rows.find(({ row }) => row.level === 1 && row.family === family));
        else if (here?.row.expanded === true && family !== undefined) this.#events.folded(family);
        return true;
      case "Enter":
        if (here?.row.box !== undefined) this.#events.opened(here.row.box.id);
        return true;
      case " ":
        if (family !== undefined) this.#events.folded(family);
        return true;
      case "Escape":
        this.#events.selected(undefined);
        return true;
      default:
        return false;
    }
  }

  #go(to: ShownRow | undefined): void {
    if (to === undefined) return;
    this.#current = to.row.id;
    this.#events.selected(to.row.box?.id);
    this.#rove();
    to.item.focus();
  }

  /** One row can be reached by Tab. */
  #rove(): void {
    const current = this.#currentRow();
    for (const shown of this.#rows) shown.item.setAttribute("tabindex", shown === current ? "0" : "-1");
  }

  #currentRow(): ShownRow | undefined {
    return this.#rows.find(({ row }) => row.id === this.#current) ?? this.#rows[0];
  }

  #rowOf(target: EventTarget | null): ShownRow | undefined {
    const id = target instanceof Element ? target.closest("[data-row]")?.getAttribute("data-row") : undefined;
    return this.#rows.find(({ row }) => row.id === id);
  }
}
