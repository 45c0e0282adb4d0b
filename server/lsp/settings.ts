import type { ContainerPolicy } from "../data/project-settings.js";

/** The settings of a workspace folder that the server needs; the client's manifest describes them. */
export interface FolderSettings {
  readonly lenses: boolean;
  readonly inlayHints: boolean;
  /** Runs of more nodes are asked about first. */
  readonly confirmAbove: number;
  /** Undefined: as reprod.json says. */
  readonly container: ContainerPolicy | undefined;
  /** Name of the AWS profile; undefined: as the environment and AWS's files say. */
  readonly profile: string | undefined;
  /** Undefined: as the profile says. */
  readonly region: string | undefined;
}

export const defaultSettings: FolderSettings = {
  lenses: true,
  inlayHints: true,
  confirmAbove: 20,
  container: undefined,
  profile: undefined,
  region: undefined,
};

/** Of the section `reprod` as a client gives it; what is missing or not understood is as by default. */
export function readSettings(value: unknown): FolderSettings {
  const lens = member(value, "lens", "enabled");
  const hints = member(value, "inlayHints", "enabled");
  const confirm = member(value, "confirmAbove");
  const container = member(value, "container");
  const profile = member(value, "profile");
  const region = member(value, "region");
  return {
    lenses: typeof lens === "boolean" ? lens : defaultSettings.lenses,
    inlayHints: typeof hints === "boolean" ? hints : defaultSettings.inlayHints,
    confirmAbove:
      typeof confirm === "number" && Number.isFinite(confirm) ? confirm : defaultSettings.confirmAbove,
    container:
      container === "auto" || container === "required" || container === "never" ? container : undefined,
    profile: words(profile),
    region: words(region),
  };
}

function words(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function member(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, name);
  }
  return found;
}
