import * as fs from "node:fs";
import * as path from "node:path";
import type { Diagnostic } from "vscode-languageserver/node";
import type { ClientDocument, LanguageClient } from "../support/language-client.js";

/** Two greetings, each a node, and one that joins them. */
export const GREETINGS = `/// Joins greetings.
pipeline greetings

/// What is said to everybody.
param greeting: String = "hello"
let names = ["ann", "bob"]

for name in names {
  node said[name] = Say { name, greeting }
}
node all = Join { parts: said[*].text }

/// Says it.
transform Say {
  param name: String
  param greeting: String
  out text: File = "\${name}.txt"
  run sh \`\`\`
    echo "$greeting, $name" > "$text"
    echo "saying $greeting to $name"
  \`\`\`
}

transform Join {
  tools cat
  in parts: [File]
  out text: File = "all.txt"
  run bash \`\`\`
    cat "\${parts[@]}" > "$text"
  \`\`\`
}
`;

/** Opens a file of a project as the disk has it. */
export function openFile(client: LanguageClient, folder: string, name: string): ClientDocument {
  const file = path.join(folder, name);
  return client.open(file, fs.readFileSync(file, "utf8"));
}

export function codes(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ code }) => String(code)).sort();
}

/** For `until`: a problem with this code is among them. */
export function withCode(code: string): (diagnostics: readonly Diagnostic[]) => boolean {
  return (diagnostics) => diagnostics.some((diagnostic) => diagnostic.code === code);
}

export function withoutCode(code: string): (diagnostics: readonly Diagnostic[]) => boolean {
  return (diagnostics) => !diagnostics.some((diagnostic) => diagnostic.code === code);
}

/** Every file and folder below a folder with its size and time: the same listing, and nothing was written. */
export function listing(folder: string): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => {
      const { size, mtimeMs, mode } = fs.lstatSync(file);
      return `${path.relative(folder, file)} ${size} ${mtimeMs} ${mode.toString(8)}`;
    })
    .sort();
}
