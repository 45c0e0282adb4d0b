// The Lambda functions: each bundled to one file and zipped, as `<outdir>/functions/<name>.zip`. Equal code gives an
// equal zip on every machine, with --dev or without, so that the SHA-256 of the zip says whether Lambda has it.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { zipSync } from "fflate";

/** Of the files in server/functions/; a test compares them with server/functions/table.ts. */
const names = ["data-import", "data-rehash", "log-collect", "manage"];

// ZIP has local time, and fflate asks the date for its local parts: so this is the same in every time zone.
const mtime = new Date(1980, 0, 1);

export async function buildFunctions(outdir) {
  const result = await build({
    entryPoints: Object.fromEntries(names.map((name) => [name, `server/functions/${name}.ts`])),
    // Nothing is written: only the zips are.
    outdir,
    write: false,
    bundle: true,
    metafile: true,
    // Always as it is shipped. Without whitespace there are no comments with paths, and names stay for the log.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    // Lambda's Node 22 runtime brings the AWS SDK, and AWS mends it there: a zip has a few KiB instead of a MiB. Its version
    // is not ours to choose: conditions of requests, which are newer than the runtime, are put on them by
    // server/functions/s3-client.ts; everything else is older. Types and tests have the versions of package.json.
    external: ["@aws-sdk/*"],
    platform: "node",
    target: "node22",
    // The runtime finds its SDK for CommonJS in every case.
    format: "cjs",
  });
  const folder = path.join(outdir, "functions");
  await mkdir(folder, { recursive: true });
  for (const file of result.outputFiles) {
    const name = path.basename(file.path, ".js");
    // A file of Unix that everybody may read: Lambda runs the code as another user than the one who unpacks it.
    const entry = [file.contents, { level: 9, mtime, os: 3, attrs: 0o100644 << 16 }];
    await writeFile(path.join(folder, `${name}.zip`), zipSync({ "index.js": entry }));
  }
  return result;
}
