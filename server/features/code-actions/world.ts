import { commands } from "../../protocol.js";
import { t } from "../words.js";
import type { Fix, FixesOf, ProblemPlace } from "./fix.js";

/** Takes the digest of an image or address into `reprod.lock`; the client runs it, since it uses the network. */
const pin =
  (what: string): FixesOf =>
  (place) => {
    const reference = /"([^"]+)"$/.exec(place.problem.message)?.[1];
    if (reference === undefined) return [];
    const { uri } = place.document;
    return [
      ...commanded(place, what, commands.pin, { uri, references: [reference] }, true),
      ...commanded(place, t("Pin all images and addresses of this file"), commands.pin, { uri }, false),
    ];
  };

export const unpinnedImage: FixesOf = (place) => pin(t("Pin Image"))(place);
export const unlockedUrl: FixesOf = (place) => pin(t("Pin Input"))(place);

export const missingTool: FixesOf = (place) =>
  commanded(place, t("Find tools anew"), commands.findTools, { uri: place.document.uri }, true);

function commanded(
  { options }: ProblemPlace,
  title: string,
  command: string,
  argument: object,
  preferred: boolean,
): readonly Fix[] {
  return options.commands ? [{ title, command: { title, command, arguments: [argument] }, preferred }] : [];
}
