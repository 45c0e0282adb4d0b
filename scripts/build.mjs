// Bundles each entry point for Node 20. `npm run build` and `npm ci` (through "prepare") both end here.
import { existsSync } from "node:fs";
import { chmod, rm } from "node:fs/promises";
import { build } from "esbuild";

const production = !process.argv.includes("--dev");

const outdir = process.env.REPROD_DIST ?? "dist";

await rm(outdir, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: {
    cli: "server/cli.ts",
    "hash-worker": "server/data/hash-worker.ts",
    main: "server/main.ts",
    ...(existsSync("client/extension.ts") && { client: "client/extension.ts" }),
  },
  outdir,
  metafile: true,
  // VS Code gives this to extensions; no bundle has it.
  external: ["vscode"],
  bundle: true,
  platform: "node",
  target: "node20",
  // CommonJS: it starts sooner than an ES module bundle of the same code, and VS Code's hosts take it too.
  format: "cjs",
  // Where the bundles lie next to each other; server/base/bundle.ts is its only reader.
  define: { __REPROD_DIST__: "__dirname" },
  // Names stay, so that a defect's stack can be read; `keepNames` would call a function for each name at start-up.
  minifyWhitespace: production,
  minifySyntax: production,
  sourcemap: production ? false : "inline",
  legalComments: "none",
  logLevel: "warning",
});
await chmod(`${outdir}/cli.js`, 0o755);
