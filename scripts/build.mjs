// Bundles each entry point. `npm run build` and `npm ci` (through "prepare") both end here.
//   node scripts/build.mjs            small, as it is shipped
//   node scripts/build.mjs --dev      readable, with source maps
//   node scripts/build.mjs --report   says what the bundles are made of
import { chmod, rm } from "node:fs/promises";
import { build } from "esbuild";
import { buildFunctions } from "./functions.mjs";

const production = !process.argv.includes("--dev");

const outdir = process.env.REPROD_DIST ?? "dist";

const shared = {
  outdir,
  bundle: true,
  metafile: true,
  // Names stay, so that a defect's stack can be read; `keepNames` would call a function for each name at start-up.
  minifyWhitespace: production,
  minifySyntax: production,
  sourcemap: production ? false : "linked",
  legalComments: "none",
  logLevel: "warning",
};

/**
 * Bundles beside the one that asks for them, read when they are asked for: the library that talks to the language server,
 * which is most of the extension and needed only once it has been activated, and the AWS SDK, which no command
 * needs that stays on this machine.
 */
const apart = {
  name: "apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: /(?:^|\/)(?:language-client|aws-sdk)\.js$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: `./${path.split("/").at(-1)}`, external: true } : undefined,
    );
  },
};

/** Processes: the command line with its worker, the language server, the extension. */
const programs = {
  ...shared,
  entryPoints: {
    cli: "server/cli.ts",
    "hash-worker": "server/data/hash-worker.ts",
    main: "server/main.ts",
    client: "client/extension.ts",
    "language-client": "client/language-client.ts",
    "aws-sdk": "server/cloud/aws-sdk.ts",
  },
  plugins: [apart],
  // A bundle that another loads is required: `import()` of it would go through the loader of ES modules.
  supported: { "dynamic-import": false },
  // VS Code gives this to extensions; no bundle has it.
  external: ["vscode"],
  platform: "node",
  target: "node20",
  // CommonJS: it starts sooner than an ES module bundle of the same code, and VS Code's hosts take it too.
  format: "cjs",
  // Where the bundles lie next to each other; server/base/bundle.ts is its only reader.
  define: { __REPROD_DIST__: "__dirname" },
};

/** What runs in the graph view: a page in a browser. */
const page = {
  ...shared,
  entryPoints: { "graph-view": "client/graph/view/main.ts" },
  platform: "browser",
  target: "es2022",
  format: "iife",
};

await rm(outdir, { recursive: true, force: true });
const results = await Promise.all([
  ...[programs, page].map((options) => build(options)),
  buildFunctions(outdir),
]);
await chmod(`${outdir}/cli.js`, 0o755);
if (process.argv.includes("--report")) for (const { metafile } of results) report(metafile);

/** The parts of each bundle by package or folder, largest first. */
function report({ outputs }) {
  for (const [file, { bytes, inputs }] of Object.entries(outputs)) {
    console.log(`${file}: ${kib(bytes)}`);
    const parts = new Map();
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const part =
        /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? input.split("/").slice(0, 2).join("/");
      parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
    }
    for (const [part, size] of [...parts].sort((a, b) => b[1] - a[1]).slice(0, 8))
      console.log(`${kib(size).padStart(14)}  ${part}`);
  }
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
