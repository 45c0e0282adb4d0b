import type { DocumentLink } from "vscode-languageserver-types";
import type { Document, Workspace } from "./document.js";
import { type LiteralLink, literalLinks } from "./literal-links.js";

/** The paths, addresses and images in a file, as links. O(size of the tree); nothing is asked of disk or network. */
export function documentLinks(document: Document, workspace: Pick<Workspace, "uri">): DocumentLink[] {
  const { module, lines } = document;
  return module.file.declarations.flatMap((declaration) =>
    literalLinks(module, declaration).map(({ span, target }) => ({
      range: lines.range(span),
      target: "path" in target ? workspace.uri(target.path) : target.url,
      tooltip: TOOLTIPS[target.kind],
    })),
  );
}

const TOOLTIPS: { readonly [Kind in LiteralLink["target"]["kind"]]: string } = {
  import: "Open the imported file",
  file: "Open the file",
  folder: "Open the folder",
  address: "Open the address in a browser",
  image: "Show the image's tags in a browser",
};
