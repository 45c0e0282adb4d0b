import type { GraphPicture } from "../../server/protocol.js";

/** What the panel and its page say to each other. The page runs apart, without files, commands or network. */

/** Panel → page. */
export type ToPage =
  | { readonly type: "picture"; readonly picture: GraphPicture }
  /** There is no newer picture; the one that is shown stays. `text` is plain text. */
  | { readonly type: "problem"; readonly text: string }
  /** Selects the box of a node or family. */
  | { readonly type: "select"; readonly name: string };

/** Page → panel. */
export type ToPanel =
  /** The page is there, again too when its tab comes back to the front, and shows these families unfolded. */
  | { readonly type: "ready"; readonly unfolded: readonly string[] }
  | { readonly type: "unfolded"; readonly unfolded: readonly string[] }
  /** Go to where the box of this id is declared. */
  | { readonly type: "open"; readonly box: string }
  | { readonly type: "export"; readonly svg: string }
  | { readonly type: "retry" };

/** What the page keeps over being hidden and over a reload of the window. */
export interface PageState {
  readonly uri: string;
  readonly unfolded: readonly string[];
  readonly selected?: string;
  /** Undefined while the whole picture is shown, whatever the size of the page. */
  readonly viewport?: { readonly x: number; readonly y: number; readonly scale: number };
  /** Whether the list beside the picture is open; undefined while nobody has said. */
  readonly list?: boolean;
}

/** Messages come from a page that shows untrusted names: what is no message of ours is nothing. */
export function isToPanel(message: unknown): message is ToPanel {
  if (typeof message !== "object" || message === null || !("type" in message)) return false;
  switch (message.type) {
    case "ready":
    case "unfolded":
      return "unfolded" in message && isTexts(message.unfolded);
    case "open":
      return "box" in message && typeof message.box === "string";
    case "export":
      return "svg" in message && typeof message.svg === "string";
    case "retry":
      return true;
    default:
      return false;
  }
}

export function isPageState(state: unknown): state is PageState {
  return (
    typeof state === "object" &&
    state !== null &&
    "uri" in state &&
    typeof state.uri === "string" &&
    "unfolded" in state &&
    isTexts(state.unfolded)
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
