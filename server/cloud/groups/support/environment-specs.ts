import { Failure } from "../../../base/failure.js";

const types = ["spot", "on-demand", "fargate", "fargate-spot"] as const;

/** A named environment, as it was asked for and is remembered in `compute-environments.json`. */
export interface EnvironmentSpec {
  readonly type: (typeof types)[number];
  readonly maxVcpus: number;
  /** Types or families of instances; not on Fargate, which has none. */
  readonly instanceTypes?: readonly string[];
  /** Disk of each instance; not on Fargate, where a job says what it needs. */
  readonly diskGiB?: number;
}

export interface EnvironmentSpecs {
  readonly [name: string]: EnvironmentSpec;
}

export const DEFAULT_DISK = 100;
/** AMIs for ECS have 30 GiB; gp3 ends at 64 TiB, of which Batch takes 16. */
const LEAST_DISK = 30;
const MOST_DISK = 16_384;
const MOST_VCPUS = 100_000;

/** Spot, so that nothing costs more than it has to; more vCPUs than a new account's quota has do no harm. */
export const defaultSpec: EnvironmentSpec = { type: "spot", maxVcpus: 64, diskGiB: DEFAULT_DISK };

/** Of an environment of which there are remains only, or notes: what it was to be is not known. */
export const LEFT = "left";

/**
 * What is remembered of environments by name. Null stands for one whose removal was asked for and is not done; `LEFT`
 * is found in the account and never asked for.
 */
export interface Declared {
  readonly [name: string]: EnvironmentSpec | null | typeof LEFT;
}

/** Environments as they were remembered; none for null. Throws `environments-invalid`. */
export function parseEnvironmentSpecs(declared: unknown): EnvironmentSpecs {
  return Object.fromEntries(
    Object.entries(parseDeclared(declared)).flatMap(([name, value]) =>
      value === null || value === LEFT ? [] : [[name, value]],
    ),
  );
}

/** The same with those that are to go, and of which something is left. Throws `environments-invalid`. */
export function parseDeclared(declared: unknown): Declared {
  return Object.fromEntries(
    entriesOf(declared).map(([name, value]) => [
      name,
      value === null || value === LEFT ? value : parseSpec(name, value),
    ]),
  );
}

/** Names whose removal was asked for and is not done. Of nothing else is anything ever removed. */
export function environmentsToRemove(declared: unknown): readonly string[] {
  return Object.entries(parseDeclared(declared)).flatMap(([name, value]) => (value === null ? [name] : []));
}

/**
 * The same without what is done with. It is empty when the last one was deleted, and not null: whoever has named
 * environments is not given the default one any more.
 */
export function settledEnvironments(declared: unknown): EnvironmentSpecs | null {
  return declared === null ? null : parseEnvironmentSpecs(declared);
}

function entriesOf(declared: unknown): readonly (readonly [string, unknown])[] {
  if (declared === null || declared === undefined) return [];
  if (!isObject(declared)) throw invalid("they are no object");
  const entries = Object.entries(declared);
  const [wrong] = entries.find(([name]) => !isEnvironmentName(name)) ?? [];
  if (wrong !== undefined) throw invalid(`${wrong === "" ? "an empty text" : wrong} is no name of one`);
  return entries;
}

/** The same with one more, or another in its place. What is not said is as in the one that is there, or as by default. */
export function withEnvironment(
  declared: unknown,
  name: string,
  spec: Partial<EnvironmentSpec> = {},
): Declared {
  const specs = parseEnvironmentSpecs(declared);
  if (!isEnvironmentName(name)) {
    throw new Failure("environment-name", `an environment cannot have this name: "${name}"`, {
      why: "It becomes part of names in AWS.",
      fix: "Give one of up to 20 lower case letters, digits and hyphens that begins with a letter.",
    });
  }
  const { diskGiB, instanceTypes, ...before } = specs[name] ?? defaultSpec;
  const type = spec.type ?? before.type;
  const disk = spec.diskGiB ?? diskGiB ?? DEFAULT_DISK;
  const kinds = spec.instanceTypes ?? instanceTypes;
  const merged = isFargate(type)
    ? { ...before, ...spec }
    : { ...before, ...spec, diskGiB: disk, ...(kinds && { instanceTypes: kinds }) };
  return sorted({ ...parseDeclared(declared), [name]: parseSpec(name, merged) });
}

/** The same with one that is to be removed, whatever there is of it. Throws `environment-unknown`. */
export function withoutEnvironment(declared: unknown, name: string): Declared {
  const all = parseDeclared(declared);
  if (all[name] === undefined) {
    const names = Object.keys(all);
    throw new Failure("environment-unknown", `there is no environment of this name: "${name}"`, {
      fix: names.length === 0 ? "There are none." : `There are ${names.join(", ")}.`,
    });
  }
  return { ...all, [name]: null };
}

/** A specification out of what is there; undefined when nobody could have asked for it. */
export function toEnvironmentSpec(value: unknown): EnvironmentSpec | undefined {
  try {
    return parseSpec("", value);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** Throws `environment-name` for one that is too long in a region: the names that it becomes part of begin with that. */
export function checkLength(name: string, longest: number, region: string): void {
  if (name.length <= longest) return;
  throw new Failure("environment-name", `the name of an environment is too long: "${name}"`, {
    why: `It becomes part of names in AWS, where ${region} leaves it ${longest} characters.`,
    fix: `Give one of up to ${longest} characters.`,
  });
}

export function isEnvironmentName(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,19}$/.test(text);
}

function sorted(declared: Declared): Declared {
  return Object.fromEntries(Object.entries(declared).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parseSpec(name: string, value: unknown): EnvironmentSpec {
  if (!isObject(value)) throw invalid(`${name} is no object`);
  const { type, maxVcpus, instanceTypes, diskGiB, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`${name} has ${other}, which means nothing`);
  const known = types.find((candidate) => candidate === type);
  if (known === undefined) throw invalid(`the type of ${name} (--type) is none of ${types.join(", ")}`);
  if (!isCount(maxVcpus, 1, MOST_VCPUS)) {
    throw invalid(`the most vCPUs of ${name} (--max-vcpus) are no whole number from 1 to ${MOST_VCPUS}`);
  }
  if (isFargate(known)) {
    if (diskGiB !== undefined || instanceTypes !== undefined) {
      const what = diskGiB !== undefined ? "a disk size (--disk)" : "instance types (--instance-type)";
      throw invalid(`${name} is on Fargate, where there is no choice of ${what}`);
    }
    return { type: known, maxVcpus };
  }
  if (diskGiB !== undefined && !isCount(diskGiB, LEAST_DISK, MOST_DISK)) {
    throw invalid(
      `the disk size of ${name} (--disk) is no whole number of GiB from ${LEAST_DISK} to ${MOST_DISK}`,
    );
  }
  if (instanceTypes !== undefined && !isInstanceTypes(instanceTypes)) {
    throw invalid(
      `the instance types of ${name} (--instance-type) are no list of types such as m7i.large or families such as c7g`,
    );
  }
  return {
    type: known,
    maxVcpus,
    ...(instanceTypes !== undefined && { instanceTypes }),
    diskGiB: diskGiB ?? DEFAULT_DISK,
  };
}

function isCount(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function isInstanceTypes(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === "string" && /^[a-z][a-z0-9_-]*(?:\.[a-z0-9-]+)?$/.test(one))
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string): Failure {
  return new Failure(
    "environments-invalid",
    `environments of AWS Batch are not declared rightly: "${what}"`,
    {
      why: "They stand in compute-environments.json under reprod.declared, or were asked for with these values.",
      fix: "Correct it there, or give other values to `reprod env create`.",
    },
  );
}

export function isFargate(type: EnvironmentSpec["type"]): boolean {
  return type === "fargate" || type === "fargate-spot";
}
