export interface PageParts {
  /** Uri of the pipeline's file. */
  readonly uri: string;
  /** BCP 47. */
  readonly language: string;
  /** `vscode.l10n.bundle` */
  readonly bundle: { readonly [text: string]: string } | undefined;
  readonly script: string;
  readonly styles: string;
  /** `webview.cspSource` */
  readonly source: string;
  /** Unguessable, new for each page. */
  readonly nonce: string;
}

/** The page in the panel: a script and a style sheet of the extension, and nothing from anywhere else. */
export function pageText({ uri, language, bundle, script, styles, source, nonce }: PageParts): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${attribute(styles)}">
</head>
<body data-uri="${attribute(uri)}" data-bundle="${attribute(JSON.stringify(bundle ?? {}))}">
<script nonce="${nonce}" src="${attribute(script)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
