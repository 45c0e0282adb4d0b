import { Failure } from "../base/failure.js";
import { type Setting, variables } from "./table.js";

/** What a function was told, each checked. */
export type Settings<Name extends Setting> = { readonly [name in Name]: string };

/** Reads what a function needs of its environment. Throws `function-settings`. The only reader of variables of ours. */
export function readSettings<Name extends Setting>(
  names: readonly Name[],
  env: { readonly [name: string]: string | undefined } = process.env,
): Settings<Name> {
  const entries = names.map((setting) => {
    const { name, pattern, what } = variables[setting];
    const value = env[name];
    if (value === undefined || !pattern.test(value)) {
      throw new Failure(
        "function-settings",
        `a variable of this function's environment is wrong: "${name}"`,
        {
          why: value === undefined ? "It is not set." : `Its value is not ${what}.`,
          fix: "Set the functions up again: `reprod setup functions`.",
        },
      );
    }
    return [setting, value] as const;
  });
  // `fromEntries` forgets which names there are; each of `names` has an entry.
  return Object.fromEntries(entries) as Settings<Name>;
}

/** Lambda's own variable. */
export function regionOf(env: { readonly [name: string]: string | undefined } = process.env): string {
  return env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "unknown";
}
