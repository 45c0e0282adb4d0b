import { execFile } from "node:child_process";
import { Failure } from "../base/failure.js";
import { type ContainerPolicy, type LocalContainer, type Project, rememberContainer } from "./project.js";

/** Where transforms that name an image run in this checkout (engine-rules.md A9). It counts for identity. */
export interface ContainerDecision {
  readonly where: "image" | "host";
  /** The engine that `auto` found; undefined when the policy decided, and any engine will do. */
  readonly engine: "docker" | "podman" | undefined;
  /** For the status bar and `plan`: who decided. */
  readonly why: string;
}

/** Whether an engine answers now: its version, or undefined. */
export type EngineProbe = (engine: "docker" | "podman") => Promise<string | undefined>;

/** The decision without looking at the machine; undefined while `auto` has not been resolved for this checkout. */
export function knownContainer(project: Project, flag?: ContainerPolicy): ContainerDecision | undefined {
  const policy = flag ?? project.settings.container ?? "auto";
  const by = flag !== undefined ? "a flag" : "reprod.json";
  switch (policy) {
    case "required":
      return { where: "image", engine: undefined, why: `${by} says that images are required` };
    case "never":
      return { where: "host", engine: undefined, why: `${by} says that images are never used` };
    case "auto":
      return project.local.container && fromLocal(project.local.container);
  }
}

/**
 * The decision, made now if need be and kept in `.reprod/local.json`: it must not depend on whether a daemon happens to
 * run today, or all ids would change and everything run again. In a project that cannot be written it is not kept.
 */
export async function decideContainer(
  project: Project,
  options: { readonly flag?: ContainerPolicy; readonly probe?: EngineProbe; readonly now?: () => Date } = {},
): Promise<ContainerDecision> {
  const known = knownContainer(project, options.flag);
  if (known !== undefined) return known;
  const probe = options.probe ?? probeEngine;
  const engine =
    (await probe("docker")) !== undefined
      ? "docker"
      : (await probe("podman")) !== undefined
        ? "podman"
        : "host";
  const found: LocalContainer = { engine, decidedAt: (options.now?.() ?? new Date()).toISOString() };
  try {
    // Another process may have decided meanwhile: what the file says is what counts, for both.
    return fromLocal(rememberContainer(project, found).local.container ?? found);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return fromLocal(found);
  }
}

function fromLocal({ engine, decidedAt }: LocalContainer): ContainerDecision {
  const day = decidedAt.slice(0, 10);
  const why = `found once for this checkout${day === "" ? "" : `, on ${day}`} (.reprod/local.json)`;
  if (engine === "host") return { where: "host", engine: undefined, why };
  return { where: "image", engine, why };
}

const PROBE_MILLISECONDS = 10_000;

/** Asks the engine itself: a client without its daemon answers with an error. */
function probeEngine(engine: "docker" | "podman"): Promise<string | undefined> {
  const question =
    engine === "docker"
      ? ["version", "--format", "{{.Server.Version}}"]
      : ["info", "--format", "{{.Version.Version}}"];
  return new Promise((resolve) => {
    execFile(engine, question, { timeout: PROBE_MILLISECONDS, encoding: "utf8" }, (error, stdout) => {
      // Not installed, not running or not allowed are one answer: it cannot be used here.
      const version = stdout.trim();
      resolve(error === null && version !== "" ? version : undefined);
    });
  });
}
