import { grouped } from "../../format.js";
import { stateWord } from "../../state-text.js";
import type { Translate } from "../../translate.js";
import type { Causes } from "../picture/causes.js";
import type { PictureIndex } from "../picture/picture-index.js";
import { sum } from "../picture/rows.js";
import { causesInWords, kindInWords, presentStates, statesInWords } from "../picture/words.js";
import { element } from "./elements.js";
import { stateSign } from "./state-signs.js";

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
      this.root.replaceChildren(
        element("span", { class: "about" }, index.picture.description),
        ...presentStates(counts).map((state) =>
          stateSign(state, this.#t("{0} {1}", grouped(counts[state] ?? 0), stateWord(state, this.#t))),
        ),
      );
      return;
    }
    const states = statesInWords(box, this.#t);
    const parts = [element("strong", {}, kindInWords(box, this.#t))];
    if (states !== "") parts.push(element("span", {}, states));
    // What is different with itself, and what leads to it from elsewhere.
    const reasons = [
      box.why ?? "",
      causes === undefined ? "" : this.#t("because of {0}", causesInWords(causes, this.#t)),
    ];
    for (const reason of reasons)
      if (reason !== "") parts.push(element("span", { class: "because" }, reason));
    this.root.replaceChildren(...parts);
  }
}
