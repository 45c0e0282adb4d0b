import type { Scope } from "./scope.js";
import type { SettingsFile } from "./settings-file.js";

/** Every group of resources, in the order in which they are set up. */
export const groupNames = [
  "roles",
  "storage",
  "network",
  "key-pair",
  "cluster",
  "repositories",
  "functions",
  "endpoints",
  "compute-environment",
] as const;

export type GroupName = (typeof groupNames)[number];

/**
 * A group of resources: what should be there, and what its settings file says once all of it is. It declares; the
 * reconciler reads, plans, applies and removes. One file each in `cloud/groups/`.
 */
export interface Group {
  readonly name: GroupName;
  /** As in "Reprod: Setup Network". */
  readonly title: string;
  /** What it is for, in one sentence. */
  readonly purpose: string;
  /** Groups whose resources these use; they have to be set up before. */
  readonly needs: readonly GroupName[];
  /** `network-settings.json` */
  readonly settingsFile: string;
  /** What should be there. Pure but for what `scope` already knows: it asks nothing of AWS. */
  resources(scope: Scope): readonly Resource[];
  /** The settings file's own keys, of a group that is whole. `of(part)` is of one of its resources. */
  settings(of: (part: string) => Ref, scope: Scope): { readonly [key: string]: unknown };
  /**
   * What was asked for by name, with what its settings file knows nothing of and is in the account: a file that was lost
   * costs nothing. Null where nothing was ever asked for and nothing is there.
   */
  recalled?(file: Pick<SettingsFile, "declared" | "entries">, scope: Scope): Promise<unknown>;
  /** What is asked for when it is set up and nothing was ever asked for by name. */
  readonly declaredByDefault?: unknown;
  /** What is still remembered of what was asked for, once all of it is done; null for nothing. */
  settled?(declared: unknown): unknown;
  /** Things of ours in the account that are not declared any more: a plan removes them. */
  strays?(scope: Scope, at: At): Promise<readonly Resource[]>;
}

/** What others take of a resource: its id, its ARN and what else they have to know. Kept in the settings file. */
export interface Ref {
  /** What its API calls it: `vpc-0ab…`, a role's name, a bucket's name. */
  readonly id: string;
  readonly arn?: string;
  readonly attributes?: { readonly [name: string]: string };
}

/**
 * Whose a thing is (engine-rules.md F1, F2): `ours` carries our tags; `adopted` was there before and is used by
 * consent; `unmarked` has our name and no tags of anybody, as a create leaves it that was cut off; `others` is all else.
 */
export type Owner = "ours" | "adopted" | "unmarked" | "others";

export interface Found<Live> extends Ref {
  readonly owner: Owner;
  /** What the API said of it, for `compare`. */
  readonly live: Live;
}

/** A way in which something is not as it should be, in words, and how to mend it. */
export interface Difference {
  /** `egress rules` */
  readonly what: string;
  readonly is: string;
  readonly shouldBe: string;
  /** It cannot be changed: the resource, and what needs it, is removed and created again. */
  readonly replace?: true;
  /** Never called for one that replaces. Is done again when it was cut off, so doing it twice does no harm. */
  mend(): Promise<void>;
}

/** What a resource costs. Prices are data of `cloud/prices.ts`; nothing is asked of AWS. */
export interface Cost {
  /** US dollars a month for being there, unused. */
  readonly atRest: number;
  /** What use costs: `$0.023 per GB and month`. */
  readonly use?: string;
}

/** What is known around a resource while it is read or made. */
export interface At {
  /** Of a part of the same group (`vpc`), or of another one (`network/vpc`); undefined while it is not there. */
  ref(part: string): Ref | undefined;
  /** The same where it has to be there. A defect of the declaration (a missing `needs`) when it is not. */
  need(part: string): Ref;
  /** The id that the settings file has for this resource: the first place to look. */
  readonly id: string | undefined;
  /** It was chosen to be used though we did not make it: `id` says which. */
  readonly adopted: boolean;
  /** Removal was agreed to although something speaks against it: data goes with it. */
  readonly forced: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * One resource: how to find, create, compare and remove it. `create` makes the bare thing with its tags by one call;
 * everything else about it is a difference to mend, so that a create which was cut off goes on by itself.
 * `Live` is what its own API says of it, handed from `find` and `create` to `compare` and `remove`.
 */
export interface ResourceSpec<Live> {
  /** Unique in its group, of letters, digits and hyphens: `subnet-a`. */
  readonly part: string;
  /** For people: `VPC`, `security group`. */
  readonly kind: string;
  /** Its name in the account. */
  readonly name: string;
  /** What matters about it in a plan: `10.0.0.0/16`. */
  readonly detail?: string;
  /** Parts of this group (`vpc`) or of needed ones (`roles/task`) that it uses. */
  readonly needs?: readonly string[];
  readonly cost?: Cost;
  /** Removing it loses data of the user: asked about by itself. */
  readonly holdsData?: true;
  readonly adoptable?: true;
  /** Of a stray: nobody has asked for its removal by name, so only a teardown of its group takes it. */
  readonly staysUntilAsked?: true;
  /** What a plan says of removing it, where something of it stays. */
  readonly afterwards?: string;
  /** Not tagged or named by itself (a route, an attachment): it belongs to its parent, and a plan counts it with that. */
  find(at: At): Promise<Found<Live> | undefined>;
  create(at: At): Promise<Found<Live>>;
  /** In which ways it is not as declared. Must not fail because something that it needs is absent. */
  compare?(found: Found<Live>, at: At): readonly Difference[] | Promise<readonly Difference[]>;
  /** What to know of one that is there, and is no drift, as nothing here could mend it. */
  remark?(found: Found<Live>): string | undefined;
  /** Why it must not be removed now (objects in it, tasks that run), or undefined. `--force` goes on in spite of it. */
  inUse?(found: Found<Live>, at: At): Promise<string | undefined>;
  /**
   * Removes it with what belongs to it. What is gone already is no failure. Unless `at.forced`, what came into it since it
   * was looked at is no part of what was agreed to, and goes not with it: AWS's refusal is left to stand.
   */
  remove(found: Found<Live>, at: At): Promise<void>;
  /** Undoes on an adopted one what `compare` has made of it. */
  release?(found: Found<Live>, at: At): Promise<void>;
  /**
   * For APIs without a client token: everything of ours that answers to this part, oldest first. After a create the
   * oldest is kept and `remove` takes the others (engine-rules.md F3).
   */
  duplicates?(at: At): Promise<readonly Found<Live>[]>;
  /** Page of the AWS console. */
  console?(ref: Ref): string;
}

/** A resource of any kind. Only `resource` makes them: what it finds goes back to the spec that it came from. */
export interface Resource extends ResourceSpec<unknown> {}

/** Forgets what kind of live thing a resource has. */
export function resource<Live>(spec: ResourceSpec<Live>): Resource {
  // `find`, `create` and `duplicates` are the only sources of `Live`, and the engine gives back what it got from them.
  return spec as unknown as Resource;
}
