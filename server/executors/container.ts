import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { CONTAINER_HOME, CONTAINER_TEMPORARY, CONTAINER_WORK, containerEnvironment } from "./environment.js";
import type { AttemptSpec } from "./executor.js";

/** A container engine that was found on this machine. */
export interface ContainerEngine {
  readonly engine: "docker" | "podman";
  /** Absolute path of its client. */
  readonly command: string;
  readonly version: string;
}

/** An input that the container gets as a read-only mount of the object itself (C7). */
export interface Mount {
  /** Absolute. */
  readonly source: string;
  /** Relative to the working folder. */
  readonly staged: string;
}

export interface ContainerPlan {
  readonly name: string;
  /** The engine's client with all its arguments. */
  readonly command: readonly string[];
  /** Of the client; secrets are in it and nowhere else (D11). */
  readonly environment: { readonly [name: string]: string };
}

/** What the client itself needs from our environment to find its daemon, its settings and its helpers. */
const CLIENT_ENVIRONMENT = [
  "PATH",
  "HOME",
  "USER",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_CONFIG",
  "DOCKER_CERT_PATH",
  "DOCKER_TLS_VERIFY",
  "CONTAINER_HOST",
  "CONTAINERS_CONF",
  "SSH_AUTH_SOCK",
];

/** An attempt's container is known by this name, whoever looks for it (C4). */
export function containerName(id: string): string {
  return `reprod-${id.replace(/[^A-Za-z0-9_.-]/g, "-")}`;
}

/**
 * How to run one attempt in its image. The folder is the same in every container, and script and values lie beside
 * it as on the host, so every relative path is the same too (A6).
 */
export function planContainer(
  engine: ContainerEngine,
  spec: AttemptSpec,
  command: readonly string[],
  /** Beside the script's own. */
  extraEnvironment: { readonly [name: string]: string },
  valuesFile: string,
  mounts: readonly Mount[],
): ContainerPlan {
  if (spec.where.kind !== "image") throw new Error("an attempt without image has no container");
  const client = clientEnvironment();
  const clash = Object.keys(spec.secrets).find((name) => name in client);
  if (clash !== undefined) {
    throw new Failure("reserved-variable", `the container engine needs this variable itself: "${clash}"`, {
      why: "A secret reaches a container through the environment of the engine's client.",
      fix: "Name the variable of the secret differently.",
    });
  }
  const name = containerName(spec.id);
  const { uid, gid } = os.userInfo();
  const folder = spec.folder;
  const words = [engine.command, "run", "--rm", "--name", name];
  words.push("--label", `reprod.attempt=${spec.id}`, "--label", `reprod.node=${spec.node}`);
  words.push("--platform", spec.where.platform, "--pull", "missing");
  if (!spec.network) words.push("--network", "none");
  // What the container writes must be ours to move, chmod and delete (C8).
  if (!spec.where.asImageUser) {
    words.push("--user", `${uid}:${gid}`);
    if (engine.engine === "podman") words.push("--userns", "keep-id");
  }
  // Where SELinux guards the host it would refuse every mount of ours; without it this says nothing.
  words.push("--security-opt", "label=disable");
  words.push("--workdir", CONTAINER_WORK, "--entrypoint", "");
  words.push("--mount", mount(path.join(folder, "work"), CONTAINER_WORK, false));
  words.push("--mount", mount(path.join(folder, "script"), "/reprod/script", true));
  words.push("--mount", mount(path.join(folder, valuesFile), `/reprod/${valuesFile}`, true));
  for (const { source, staged } of mounts) {
    words.push("--mount", mount(source, `${CONTAINER_WORK}/${staged}`, true));
  }
  for (const [key, value] of Object.entries(containerEnvironment(spec, extraEnvironment))) {
    words.push("--env", `${key}=${value}`);
  }
  for (const key of Object.keys(spec.secrets)) words.push("--env", key);
  words.push(spec.where.image, ...(spec.where.asImageUser ? handingOver(command, `${uid}:${gid}`) : command));
  return { name, command: words, environment: { ...client, ...spec.secrets } };
}

/** The private folders of a container, which lie in its working folder. */
export const CONTAINER_FOLDERS: readonly string[] = [CONTAINER_HOME, CONTAINER_TEMPORARY];

/** An image's own user hands the folder over at the end: by owner where it may, else by opening it (C8). */
function handingOver(command: readonly string[], owner: string): readonly string[] {
  const handOver = `chown -R ${owner} . 2>/dev/null || chmod -R a+rwX . 2>/dev/null`;
  return ["/bin/sh", "-c", `"$@"; code=$?; ${handOver}; exit "$code"`, "sh", ...command];
}

/** The engine reads this option as a line of CSV, so commas and quotes in a path are quoted. */
function mount(source: string, target: string, readonly: boolean): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readonly ? ["readonly"] : [])];
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

function clientEnvironment(): { readonly [name: string]: string } {
  const environment: { [name: string]: string } = {};
  for (const name of CLIENT_ENVIRONMENT) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Ends a container by its name: ending the client would leave it running (C4). Resolves when the engine has answered. */
export function killContainer(engine: ContainerEngine, name: string, signal: "TERM" | "KILL"): Promise<void> {
  return engineCommand(engine, ["kill", "--signal", signal, name]).then(() => undefined);
}

/** Removes a container that nobody watches any more, running or not. */
export function removeContainer(engine: ContainerEngine, name: string): Promise<void> {
  return engineCommand(engine, ["rm", "--force", name]).then(() => undefined);
}

/** What the engine printed, or undefined when it failed: the container is gone, or the engine does not answer. */
function engineCommand(engine: ContainerEngine, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(engine.command, words, { env: { ...clientEnvironment() } }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}

/**
 * Looks for an engine whose daemon answers. `wanted` is what the checkout has decided (A9); without it Docker comes
 * before Podman.
 */
export async function findContainerEngine(
  wanted?: "docker" | "podman",
  folders: readonly string[] = (process.env.PATH ?? "").split(path.delimiter),
): Promise<ContainerEngine | undefined> {
  for (const engine of wanted === undefined ? (["docker", "podman"] as const) : [wanted]) {
    const command = folders
      .filter((folder) => path.isAbsolute(folder))
      .map((folder) => path.join(folder, engine))
      .find((file) => isExecutable(file));
    if (command === undefined) continue;
    const found = { engine, command, version: "" };
    // The server's version: a client without its daemon runs nothing.
    const format = engine === "docker" ? "{{.Server.Version}}" : "{{.Client.Version}}";
    const version = (await engineCommand(found, ["version", "--format", format]))?.trim();
    if (version !== undefined && version !== "") return { ...found, version };
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
