import type { DocumentLink } from "vscode-languageserver-types";
import type { Document, Workspace } from "./document.js";
import { type LiteralLink, literalLinks } from "./literal-links.js";
import { t } from "./words.js";

/** The paths, addresses and images in a file, as links. O(size of the tree); nothing is asked of disk or network. */
export function documentLinks(document: Document, workspace: Pick<Workspace, "uri">): DocumentLink[] {
  const { module, lines } = document;
  return module.file.declarations.flatMap((declaration) =>
    literalLinks(module, declaration).map(({ span, target }) => ({
      range: lines.range(span),
      target: "path" in target ? workspace.uri(target.path) : target.url,
      tooltip: tooltipOf(target.kind),
    })),
  );
}

function tooltipOf(kind: LiteralLink["target"]["kind"]): string {
  switch (kind) {
    case "import":
      return t("Open the imported file");
    case "file":
      return t("Open the file");
    case "folder":
      return t("Open the folder");
    case "address":
      return t("Open the address in a browser");
    case "image":
      return t("Show the image's tags in a browser");
  }
}
