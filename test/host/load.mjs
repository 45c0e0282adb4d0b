// Bundles the harness's TypeScript, so that plain scripts (setup, executable, scripts/start.mjs) and the suites share it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, "../..");
/** Everything that is built for runs. */
export const out = path.join(root, "out/host");

const esbuild = await import("esbuild").catch(() => {
  console.error("the packages of this checkout are not installed: run `npm ci` first");
  process.exit(2);
});

/** Packages that stay outside the bundles, each where it is installed: a bundle in out/ would not find them. */
const outside = {
  "playwright-core": path.join(here, "node_modules/playwright-core"),
  mocha: path.join(root, "node_modules/mocha"),
};
const installed = {
  name: "installed",
  setup(build) {
    build.onResolve({ filter: /^(playwright-core|mocha)$/ }, ({ path: name }) => ({
      path: outside[name],
      external: true,
    }));
  },
};

/** @type {import("esbuild").BuildOptions} */
export const bundled = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
  plugins: [installed],
  define: {
    __REPROD_ROOT__: JSON.stringify(root),
    __REPROD_HOST_OUT__: JSON.stringify(out),
  },
  sourcemap: "inline",
  logLevel: "warning",
};

export const { build } = esbuild;

/** The module `lib/<name>.ts`, bundled and loaded. */
export async function load(name) {
  const { outputFiles } = await build({
    ...bundled,
    entryPoints: [path.join(here, `lib/${name}.ts`)],
    write: false,
  });
  const file = path.join(out, `lib/${name}.cjs`);
  mkdirSync(path.dirname(file), { recursive: true });
  const text = outputFiles[0].text;
  if (readIfThere(file) !== text) {
    // Another process may be loading the same file right now: it sees the old or the new one, never half.
    const half = `${file}.${process.pid}`;
    writeFileSync(half, text);
    renameSync(half, file);
  }
  process.setSourceMapsEnabled(true);
  return createRequire(import.meta.url)(file);
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
