import type { Account } from "../../../server/cloud/account.js";
import type { Clock } from "../../../server/cloud/reconcile/patience.js";
import {
  type Difference,
  type Found,
  type Group,
  type GroupName,
  type Resource,
  resource,
} from "../../../server/cloud/reconcile/resource.js";
import { makeScope, type Scope, type Tags } from "../../../server/cloud/reconcile/scope.js";

/** What goes wrong at a call. `lost`: it is done, and the answer does not come. `killed-…`: the process dies there. */
export type Fault =
  | "none"
  | "refused"
  | "failed"
  | "lost"
  | "killed-before"
  | "killed-after"
  | "unseen"
  | "untagged"
  | "lost-unseen";

/** A process that was killed does nothing more: no handler of the engine may go on behind it. */
export class Killed extends Error {}

interface Thing {
  readonly id: string;
  readonly name: string;
  tags: Tags;
  setting: string;
  /** How many looks do not see it yet. */
  unseen: number;
  /** How many looks see it without its tags. */
  untagged: number;
}

/** An AWS in a map, for properties of the engine that take thousands of runs: the stand-in at the outermost edge. */
export class SmallCloud {
  readonly things = new Map<string, Thing>();
  calls = 0;
  #ids = 0;
  #dead = false;

  /** `fault` is asked at each call, with how many there were before. */
  constructor(public fault: (call: number) => Fault = () => "none") {}

  revive(fault: (call: number) => Fault = () => "none"): void {
    this.#dead = false;
    this.calls = 0;
    this.fault = fault;
  }

  async call<Result>(work: (fault: Fault) => Result): Promise<Result> {
    await Promise.resolve();
    if (this.#dead) throw new Killed();
    const fault = this.fault(this.calls++);
    if (fault === "killed-before") this.#die();
    if (fault === "refused")
      throw Object.assign(
        new Error("User: arn:aws:iam::123456789012:user/jane is not authorized to perform: small:Create"),
        { name: "AccessDenied", $metadata: { httpStatusCode: 403 }, $fault: "client" },
      );
    if (fault === "failed") throw unavailable();
    const result = work(fault);
    if (fault === "killed-after") this.#die();
    if (fault === "lost" || fault === "lost-unseen") throw unavailable();
    return result;
  }

  #die(): never {
    this.#dead = true;
    throw new Killed();
  }

  look(match: (thing: Thing) => boolean): readonly Thing[] {
    return [...this.things.values()]
      .map((thing) => (thing.untagged-- > 0 ? { ...thing, tags: {} } : thing))
      .filter((thing) => match(thing) && this.#counted(thing.id).unseen-- <= 0);
  }

  #counted(id: string): Thing {
    const thing = this.things.get(id);
    if (thing === undefined) throw new Error(`${id} is not there`);
    return thing;
  }

  change(id: string, change: (thing: Thing) => void): void {
    change(this.#counted(id));
  }

  add(name: string, tags: Tags, unseen: number, untagged = 0): Thing {
    const thing: Thing = { id: `id-${++this.#ids}`, name, tags, setting: "fresh", unseen, untagged };
    this.things.set(thing.id, thing);
    return thing;
  }
}

function unavailable(): Error {
  return Object.assign(new Error("come again"), {
    name: "ServiceUnavailable",
    $metadata: { httpStatusCode: 503 },
    $fault: "server",
  });
}

export interface Part {
  readonly part: string;
  readonly needs: readonly string[];
  /** Its API takes one name once. Otherwise it is found by its tags, and there may be two. */
  readonly named: boolean;
  readonly setting?: string;
  readonly fixed?: boolean;
}

/** A group of resources in a small cloud. */
export function smallGroup(
  cloud: SmallCloud,
  parts: readonly Part[],
  name: GroupName = "network",
  needs: readonly GroupName[] = [],
): Group {
  return {
    name,
    title: name,
    purpose: "",
    needs,
    settingsFile: `${name}.json`,
    resources: (scope) => parts.map((part) => smallResource(cloud, scope, name, part)),
    settings: (of) => Object.fromEntries(parts.map(({ part }) => [part, of(part).id])),
  };
}

function smallResource(
  cloud: SmallCloud,
  scope: Scope,
  group: GroupName,
  { part, needs, named, setting = "right", fixed = false }: Part,
): Resource {
  const name = scope.name(part);
  const tags = scope.tags(group, part);
  const found = (thing: Thing, adopted: boolean): Found<Thing> => ({
    id: thing.id,
    owner: scope.owner(thing.tags, adopted),
    live: thing,
  });
  const isOurs = (thing: Thing): boolean =>
    scope.owner(thing.tags, false) === "ours" && thing.tags["reprod:part"] === part;
  return resource<Thing>({
    part,
    kind: "thing",
    name,
    needs,
    adoptable: true,
    find: (at) =>
      cloud.call(() => {
        const [byId] = at.id === undefined ? [] : cloud.look(({ id }) => id === at.id);
        if (byId !== undefined && (isOurs(byId) || at.adopted)) return found(byId, at.adopted);
        if (at.adopted) return undefined;
        const [byTag] = cloud.look(isOurs);
        const [thing = byTag] = named ? cloud.look((other) => other.name === name) : [];
        return thing === undefined ? undefined : found(thing, false);
      }),
    create: (at) =>
      cloud.call((fault) => {
        for (const needed of needs) at.need(needed);
        if (named && [...cloud.things.values()].some((thing) => thing.name === name)) {
          throw Object.assign(new Error("it is there"), {
            name: "SmallAlreadyExists",
            $metadata: { httpStatusCode: 409 },
          });
        }
        const unseen = fault === "unseen" || fault === "lost-unseen" ? 2 : 0;
        return found(cloud.add(name, tags, unseen, fault === "untagged" ? 3 : 0), false);
      }),
    compare: ({ live }): readonly Difference[] => {
      if (live.setting === setting) return [];
      return [
        {
          what: "setting",
          is: live.setting,
          shouldBe: setting,
          ...(fixed && live.setting !== "fresh" ? { replace: true as const } : {}),
          mend: () => cloud.call(() => cloud.change(live.id, (thing) => (thing.setting = setting))),
        },
      ];
    },
    remove: ({ live }) =>
      cloud.call(() => {
        cloud.things.delete(live.id);
      }),
    release: ({ live }) => cloud.call(() => cloud.change(live.id, (thing) => (thing.setting = "as before"))),
    ...(named
      ? {}
      : {
          duplicates: () => cloud.call(() => cloud.look(isOurs).map((thing) => found(thing, false))),
        }),
  });
}

/** Time that passes only when somebody sleeps. */
export function quickClock(): Clock & { readonly slept: number } {
  let now = 0;
  return {
    get slept() {
      return now;
    },
    now: () => now,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      now += milliseconds;
    },
  };
}

export const smallProject = "abcdefghij23";

export function smallScope(
  folder: string,
  adopt: { readonly [part: string]: string } = {},
  declared: ReadonlyMap<GroupName, unknown> = new Map(),
): Scope {
  return makeScope({
    projectId: smallProject,
    projectName: "small",
    folder,
    account: smallAccount(),
    settings: { adopt },
    version: "0.0.0",
    declared,
  });
}

/** Of an account that nothing is asked of. */
function smallAccount(): Account {
  return {
    profile: "small",
    region: "eu-central-1",
    accountId: "123456789012",
    callerArn: "arn:aws:iam::123456789012:user/jane",
    partition: "aws",
    aws: new Proxy({} as Account["aws"], {
      get: (_, name) => {
        throw new Error(`no AWS here: ${String(name)}`);
      },
    }),
  };
}
