import type { AttemptSpec } from "./executor.js";

/**
 * What a script finds in its environment besides its own `env` and secrets (engine-rules.md A7): the same on every
 * machine, in every folder. Changing anything here changes what scripts do, so it goes with `semantics` of the recipe.
 */
const FIXED: { readonly [name: string]: string } = {
  LANG: "C.UTF-8",
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  // 1980-01-01, the first day that zip files can name: what tools write as "now" when they honour it.
  SOURCE_DATE_EPOCH: "315532800",
};

/** Home and temporary folder in one: relative, since no variable may name the attempt's folder (A6). */
export const PRIVATE_FOLDER = ".reprod";

/** Folder of a node within its container, and the private folders in there (C8). */
export const CONTAINER_WORK = "/reprod/work";
export const CONTAINER_HOME = ".home";
export const CONTAINER_TEMPORARY = ".tmp";

const HOST_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];

/**
 * Names that a shell takes for itself before a script could see them: its options, its start-up files and where it
 * thinks it is. Letting a pipeline set them would change the supervisor instead of the script.
 */
const TAKEN = new Set([
  "PWD",
  "OLDPWD",
  "SHLVL",
  "_",
  "SHELLOPTS",
  "BASHOPTS",
  "BASH_ENV",
  "ENV",
  "UID",
  "EUID",
  "PPID",
  "IFS",
  "POSIXLY_CORRECT",
]);

/** What is wrong with the names and values of `env`, or undefined. */
export function environmentProblem(spec: AttemptSpec): string | undefined {
  for (const [name, value] of [...Object.entries(spec.env), ...Object.entries(spec.secrets)]) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      return `this is no name for an environment variable: "${name}"`;
    if (TAKEN.has(name)) return `the shell keeps this environment variable for itself: "${name}"`;
    if (value.includes("\0")) return `the value of this environment variable has a NUL character: "${name}"`;
  }
  return undefined;
}

/** The whole environment of a script on the host. Declared tools come before the machine's own (A7). */
export function hostEnvironment(
  spec: AttemptSpec,
  path: readonly string[],
  extra: { readonly [name: string]: string },
): { readonly [name: string]: string } {
  return {
    PATH: [...new Set([...path, ...HOST_PATH])].join(":"),
    HOME: PRIVATE_FOLDER,
    TMPDIR: PRIVATE_FOLDER,
    ...FIXED,
    ...extra,
    ...spec.env,
    ...spec.secrets,
  };
}

/** In an image its own PATH is kept (A7). Secrets are not in it: they go by inherited environment (D11). */
export function containerEnvironment(
  spec: AttemptSpec,
  extra: { readonly [name: string]: string },
): { readonly [name: string]: string } {
  return {
    HOME: `${CONTAINER_WORK}/${CONTAINER_HOME}`,
    TMPDIR: `${CONTAINER_WORK}/${CONTAINER_TEMPORARY}`,
    ...FIXED,
    ...extra,
    ...spec.env,
  };
}
