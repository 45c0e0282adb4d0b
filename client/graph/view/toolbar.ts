import type { Translate } from "../../translate.js";
import { button, element, set } from "./elements.js";

export interface ToolbarEvents {
  readonly searched: (text: string) => void;
  /** On to the next box that was found. */
  readonly next: () => void;
  readonly left: () => void;
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  readonly fit: () => void;
  readonly list: () => void;
  readonly exported: () => void;
}

const icons = {
  list: "M2 4h1M5 4h9M2 8h1M5 8h9M2 12h1M5 12h9",
  minus: "M3 8h10",
  plus: "M3 8h10M8 3v10",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  download: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
};

export class Toolbar {
  readonly root: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #found = element("output", { class: "found-count", "aria-live": "polite" });
  readonly #list: HTMLButtonElement;
  readonly #t: Translate;

  constructor(events: ToolbarEvents, t: Translate) {
    this.#t = t;
    const label = t("Find nodes");
    this.#search = element("input", {
      type: "search",
      placeholder: label,
      "aria-label": label,
      spellcheck: "false",
    });
    this.#search.addEventListener("input", () => events.searched(this.#search.value));
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") events.next();
      else if (event.key === "Escape" && this.#search.value === "") events.left();
      else if (event.key === "Escape") {
        this.#search.value = "";
        events.searched("");
      } else return;
      event.preventDefault();
    });
    this.#list = button(t("List"), t("List: the same as text"), icons.list, events.list);
    this.root = element(
      "header",
      { class: "toolbar", role: "group", "aria-label": t("Graph") },
      this.#search,
      this.#found,
      element("span", { class: "space" }),
      button(t("Zoom Out"), t("Zoom Out (-)"), icons.minus, events.zoomOut),
      button(t("Zoom In"), t("Zoom In (+)"), icons.plus, events.zoomIn),
      button(t("Show Everything"), t("Show Everything (0)"), icons.fit, events.fit),
      this.#list,
      button(t("Export as SVG"), t("Export as SVG…"), icons.download, events.exported),
    );
  }

  showFound(count: number | undefined): void {
    this.#found.textContent =
      count === undefined ? "" : count === 1 ? this.#t("1 found") : this.#t("{0} found", count);
  }

  showList(open: boolean): void {
    set(this.#list, { "aria-pressed": String(open) });
  }

  search(): void {
    this.#search.focus();
    this.#search.select();
  }
}
