import type { Filter, NetworkInterface, ResourceType, Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { isNotThere } from "../../failures.js";
import type { At, Difference, Found, GroupName, Ref } from "../../reconcile/resource.js";
import {
  adoptionTag,
  type Scope,
  type Tags,
  tagKeys,
  tagList,
  tagsOf,
  tagsToMend,
} from "../../reconcile/scope.js";
import { adoptionDifference } from "./adoption.js";
import { unlessGone } from "./gone.js";
import { allPages } from "./pages.js";
import { tagDifference } from "./tags.js";

/** On what was adopted: in which ways we changed it, so that whoever lets go of it last can undo just that (F2). */
const CHANGED = "reprod:changed";

/** A kind of resource of EC2: how it is listed, and what it is called. */
export interface Ec2Kind<Item> {
  /** Filter by which ids are asked for: `vpc-id`. Unlike a list of ids, it takes ids that are gone. */
  readonly idFilter?: string;
  /** For APIs without such a filter. May fail with "not there". */
  byId?(id: string): Promise<readonly Item[]>;
  list(filters: Filter[]): Promise<readonly Item[]>;
  id(item: Item): string;
  tags(item: Item): Tag[] | undefined;
  ref?(item: Item): Omit<Ref, "id">;
}

export interface Looked<Item> {
  readonly item: Item;
  /** Of ours as well, by their tags: of a create whose answer was lost (F3). */
  readonly copies: readonly string[];
}

export function filter(Name: string, ...Values: string[]): Filter {
  return { Name, Values };
}

/** How a part of a group is found among the items of its kind: by its id, by its tags, by its name (F3). */
export function lookUp<Item>(
  scope: Scope,
  group: GroupName,
  part: string,
  kind: Ec2Kind<Item>,
  more: {
    /** Puts the one to keep first. Ids decide by themselves. */
    readonly order?: (items: readonly Item[], at: At) => readonly Item[] | Promise<readonly Item[]>;
    /** For kinds whose names are unique: filters that only the one of our name passes. */
    readonly named?: (at: At) => Filter[] | undefined;
  } = {},
): {
  find(at: At): Promise<Found<Looked<Item>> | undefined>;
  duplicates(at: At): Promise<readonly Found<Looked<Item>>[]>;
  found(item: Item, at: At, copies?: readonly string[]): Found<Looked<Item>>;
} {
  const found = (item: Item, at: At, copies: readonly string[] = []): Found<Looked<Item>> => ({
    id: kind.id(item),
    ...kind.ref?.(item),
    owner: scope.owner(tagsOf(kind.tags(item)), at.adopted),
    live: { item, copies },
  });
  const tagged = async (at: At): Promise<readonly Item[]> => {
    const listed = await kind.list([
      filter(`tag:${tagKeys.project}`, scope.projectId),
      filter(`tag:${tagKeys.group}`, group),
      filter(`tag:${tagKeys.part}`, part),
    ]);
    const ours = listed
      .filter((item) => scope.owner(tagsOf(kind.tags(item)), false) === "ours")
      .sort((a, b) => (kind.id(a) < kind.id(b) ? -1 : 1));
    return ours.length > 1 && more.order !== undefined ? more.order(ours, at) : ours;
  };
  return {
    found,
    find: async (at) => {
      const byId = async (id: string): Promise<Item | undefined> => {
        if (kind.idFilter !== undefined) return (await kind.list([filter(kind.idFilter, id)]))[0];
        let found: Item | undefined;
        await unlessGone(
          (kind.byId?.(id) ?? Promise.resolve([])).then((items) => {
            found = items[0];
          }),
        );
        return found;
      };
      if (at.adopted) {
        const item = at.id === undefined ? undefined : await byId(at.id);
        return item === undefined ? undefined : found(item, at);
      }
      const ours = await tagged(at);
      let item = ours.find((one) => kind.id(one) === at.id) ?? ours[0];
      if (item === undefined && at.id !== undefined) {
        // Settings files can be edited: an id is believed only of what our tags do not make another's, or another part.
        const remembered = await byId(at.id);
        const tags = remembered === undefined ? {} : tagsOf(kind.tags(remembered));
        const isThis = (tags[tagKeys.part] ?? part) === part && (tags[tagKeys.group] ?? group) === group;
        if (isThis && scope.owner(tags, false) === "ours") item = remembered;
      }
      const named = item === undefined ? more.named?.(at) : undefined;
      if (named !== undefined) item = (await kind.list(named))[0];
      if (item === undefined) return undefined;
      const id = kind.id(item);
      return found(
        item,
        at,
        ours.map(kind.id).filter((other) => other !== id),
      );
    },
    duplicates: async (at) => (await tagged(at)).map((item) => found(item, at)),
  };
}

/** Tags of a part and a name for the console, as EC2 takes them with a create. */
export function tagsOnCreate(
  type: ResourceType,
  scope: Scope,
  group: GroupName,
  part: string,
): TagSpecification[] {
  return [{ ResourceType: type, Tags: tagList({ ...scope.tags(group, part), Name: scope.name(part) }) }];
}

/** What is wrong with the tags of one of ours, or that an adopted one does not say so, and with what answers to it as well. */
export function commonDifferences<Item>(
  scope: Scope,
  group: GroupName,
  part: string,
  found: Found<Looked<Item>>,
  tags: Tag[] | undefined,
  remove: (id: string) => Promise<void>,
): readonly Difference[] {
  const is = tagsOf(tags);
  const tag = async (wrong: Tags): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    await whileFresh(ec2.createTags({ Resources: [found.id], Tags: tagList(wrong) }));
  };
  const { copies } = found.live;
  return [
    ...(found.owner === "adopted"
      ? adoptionDifference(scope, is, tag)
      : tagDifference(is, tagsToMend(is, scope.tags(group, part)), tag)),
    ...(copies.length === 0
      ? []
      : [
          {
            what: "copies",
            is: copies.join(", "),
            shouldBe: "none",
            mend: async () => {
              for (const copy of copies) await unlessGone(remove(copy));
            },
          },
        ]),
  ];
}

/** In which ways we changed what was adopted. */
function changesOf(tags: readonly Tag[] | undefined): readonly string[] {
  return (tagsOf(tags)[CHANGED] ?? "").split(" ").filter((word) => word !== "");
}

/** Notes, before it is done, that an adopted thing is changed by us. */
export async function noteChange(
  scope: Scope,
  id: string,
  tags: Tag[] | undefined,
  change: string,
): Promise<void> {
  const ec2 = await scope.account.aws.ec2();
  // Several changes may come one after the other, from one reading.
  const { Tags } = await ec2.describeTags({ Filters: [filter("resource-id", id), filter("key", CHANGED)] });
  const now = changesOf(Tags?.map(({ Key, Value }) => ({ Key, Value })) ?? tags);
  if (now.includes(change)) return;
  await ec2.createTags({
    Resources: [id],
    Tags: [{ Key: CHANGED, Value: [...now, change].sort().join(" ") }],
  });
}

/**
 * Lets go of what was adopted. What we changed is undone by the last project that uses it: another one may need it, also
 * one that came since it was looked at, so the tags are read again. They go last, so that it can be said again.
 */
export async function letGo(
  scope: Scope,
  id: string,
  undo: (changes: readonly string[]) => Promise<void>,
): Promise<void> {
  const ec2 = await scope.account.aws.ec2();
  const tags = await allPages(async (NextToken) => {
    const answer = await ec2.describeTags({ Filters: [filter("resource-id", id)], NextToken });
    return { items: answer.Tags?.map(({ Key, Value }): Tag => ({ Key, Value })), next: answer.NextToken };
  });
  const others = adoptionTag(tagsOf(tags)[tagKeys.adopted], scope.projectId, false);
  if (others !== "") {
    await ec2.createTags({ Resources: [id], Tags: [{ Key: tagKeys.adopted, Value: others }] });
    return;
  }
  await undo(changesOf(tags));
  await ec2.deleteTags({ Resources: [id], Tags: [{ Key: tagKeys.adopted }, { Key: CHANGED }] });
}

/**
 * A thing that was made a moment ago may be unknown to the next call (F3). What it needs was found before this is asked,
 * so "not there" is "not yet" here.
 */
export async function whileFresh<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Error) || !isNotThere(error)) throw error;
    throw Object.assign(new Error(error.message, { cause: error }), {
      name: "ResourceNotReadyException",
      $metadata: "$metadata" in error ? error.$metadata : {},
    });
  }
}

/** Does it, unless AWS says with one of these codes that it is so already. */
export async function unless(asked: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof Error && codes.includes(error.name))) throw error;
  }
}

/**
 * A name that is taken after a create may be taken by that create, whose first answer was lost on the way. What is found
 * then counts only when it is ours.
 */
export async function createdOrFound<Live>(
  create: () => Promise<Found<Live>>,
  isTaken: (error: Error) => boolean,
  find: () => Promise<Found<Live> | undefined>,
): Promise<Found<Live>> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof Error && isTaken(error))) throw error;
    const found = await find();
    if (found?.owner !== "ours") throw error;
    return found;
  }
}

/** Why what these network interfaces are in cannot be removed; undefined when nothing uses it. */
export async function usedBy(scope: Scope, what: string, filters: Filter[]): Promise<string | undefined> {
  const ec2 = await scope.account.aws.ec2();
  const all = await allPages<NetworkInterface>(async (NextToken) => {
    const answer = await ec2.describeNetworkInterfaces({ Filters: filters, NextToken });
    return { items: answer.NetworkInterfaces, next: answer.NextToken };
  });
  // Lambda keeps its interfaces for up to 40 minutes after the last call (F5): those are waited for, not obeyed.
  const busy = all.filter(
    ({ Status, Attachment, InterfaceType }) =>
      (Status === "in-use" || Attachment?.Status === "attached") && InterfaceType !== "lambda",
  );
  if (busy.length === 0) return undefined;
  const names = busy
    .slice(0, 5)
    .map(
      ({ NetworkInterfaceId, Description }) =>
        `${NetworkInterfaceId}${Description ? ` (${Description})` : ""}`,
    );
  const rest = busy.length > 5 ? ` and ${busy.length - 5} more` : "";
  const are = busy.length === 1 ? "a network interface is in use in" : "network interfaces are in use in";
  return `${are} ${what}: ${names.join(", ")}${rest}`;
}
