import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";

const ends = new WeakMap<TestContext, (() => void | Promise<void>)[]>();

/**
 * Done after the test, what was asked for last first, and all of it even when some of it fails: a server is ended
 * before the folder that it works in is deleted. (`TestContext.after` goes the other way, and stops at a failure.)
 */
export function afterwards(test: TestContext, action: () => void | Promise<void>): void {
  const known = ends.get(test);
  if (known !== undefined) {
    known.push(action);
    return;
  }
  const actions = [action];
  ends.set(test, actions);
  test.after(async () => {
    const errors: unknown[] = [];
    for (let next = actions.pop(); next !== undefined; next = actions.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
}

/** A folder of this test alone, gone after it. Its real path, since macOS keeps temporary folders behind a link. */
export function temporaryFolder(test: TestContext): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-")));
  afterwards(test, () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
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
