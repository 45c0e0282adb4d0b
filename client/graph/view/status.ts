import { type ShownState, shownStates } from "../../../server/protocol.js";
import { grouped } from "../../format.js";
import { stateWord } from "../../state-text.js";
import type { Translate } from "../../translate.js";
import type { Causes } from "../picture/causes.js";
import type { PictureIndex } from "../picture/picture-index.js";
import { sum } from "../picture/rows.js";
import { shape } from "../picture/shape.js";
import { sign } from "../picture/signs.js";
import { causesInWords, kindInWords, statesInWords } from "../picture/words.js";
import { drawn, element } from "./elements.js";

/** The line below the picture: what is selected and why it is as it is; else what the signs mean. */
export class Status {
  readonly root = element("footer", { class: "status" });
  readonly #t: Translate;

  constructor(t: Translate) {
    this.#t = t;
  }

  show(index: PictureIndex, selected: string | undefined, causes: Causes | undefined): void {
    const box = index.box(selected);
    if (box === undefined) {
      const counts = sum(index.picture.boxes.map((one) => one.counts));
      const states = shownStates.filter((state) => (counts[state] ?? 0) > 0);
      this.root.replaceChildren(
        element("span", { class: "about" }, index.picture.description),
        ...states.map((state) => this.#legend(state, counts[state] ?? 0)),
      );
      return;
    }
    const states = statesInWords(box, this.#t);
    const parts = [element("strong", {}, kindInWords(box, this.#t))];
    if (states !== "") parts.push(element("span", {}, states));
    if (causes !== undefined) {
      parts.push(
        element("span", { class: "because" }, this.#t("because of {0}", causesInWords(causes, this.#t))),
      );
    } else if (box.why !== undefined) parts.push(element("span", { class: "because" }, box.why));
    this.root.replaceChildren(...parts);
  }

  #legend(state: ShownState, count: number): HTMLElement {
    const svg = drawn(
      shape(
        "svg",
        { class: "drawing", viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
        sign(state, 0, 0, 12),
      ),
    );
    return element(
      "span",
      { class: "legend" },
      svg,
      this.#t("{0} {1}", grouped(count), stateWord(state, this.#t)),
    );
  }
}
