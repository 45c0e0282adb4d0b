import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";

/** A folder of this test alone, gone after it. Its real path, since macOS keeps temporary folders behind a link. */
export function temporaryFolder(test: TestContext): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-")));
  // A server that was watching it may still write when it goes.
  test.after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Writes files by their path below `folder`, making the folders between. */
export function writeFiles(folder: string, files: { readonly [name: string]: string | Uint8Array }): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}
