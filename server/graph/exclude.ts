import picomatch from "picomatch";

/**
 * The test of a Dir's `exclude` patterns, for a path relative to it; patterns see hidden names too. Whoever walks a
 * folder asks it before anything else of an entry, so that what is left out may be anything: a socket, a name that is
 * not UTF-8. The digest and the staged copy leave out the same, or they would be of different folders.
 */
export function excludes(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  // `cache/` and `./cache` are what people write for a folder.
  const clean = patterns.map((pattern) => pattern.replace(/^\.\//, "").replace(/(.)\/+$/, "$1"));
  return picomatch(clean, { dot: true });
}
