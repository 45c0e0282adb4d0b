/** What AWS's pages on regions said; looked at in this month. */
export const REGIONS_AS_OF = "2026-11";

/**
 * Where Fargate runs Linux containers: "Supported Regions for Amazon ECS on AWS Fargate" of the ECS developer guide.
 * A region that is newer than the list gets a warning, never a refusal.
 */
const withFargate: ReadonlySet<string> = new Set([
  "af-south-1",
  "ap-east-1",
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-1",
  "ap-south-2",
  "ap-southeast-1",
  "ap-southeast-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "ap-southeast-7",
  "ca-central-1",
  "ca-west-1",
  "cn-north-1",
  "cn-northwest-1",
  "eu-central-1",
  "eu-central-2",
  "eu-north-1",
  "eu-south-1",
  "eu-south-2",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "il-central-1",
  "me-central-1",
  "me-south-1",
  "mx-central-1",
  "sa-east-1",
  "us-east-1",
  "us-east-2",
  "us-gov-east-1",
  "us-gov-west-1",
  "us-west-1",
  "us-west-2",
]);

/** Regions that are there without Fargate, as far as that page says. */
const withoutFargate: readonly string[] = ["ap-east-2", "ap-southeast-6"];

/** Of the European Sovereign Cloud, which has pages of its own: that one says nothing of Fargate there. */
const ofOtherPages: readonly string[] = ["eusc-de-east-1"];

/** Regions that an account has to enable first; until then AWS refuses its keys there. */
const optIn: ReadonlySet<string> = new Set([
  "af-south-1",
  "ap-east-1",
  "ap-east-2",
  "ap-south-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "ap-southeast-6",
  "ap-southeast-7",
  "ca-west-1",
  "eu-central-2",
  "eu-south-1",
  "eu-south-2",
  "il-central-1",
  "me-central-1",
  "me-south-1",
  "mx-central-1",
]);

/** Every region that was known, for proposals. */
export const knownRegions: readonly string[] = [...withFargate, ...withoutFargate, ...ofOtherPages].sort();

/** False also for a region that is newer than our list: it may have Fargate, and we do not know. */
export function hasFargate(region: string): boolean {
  return withFargate.has(region);
}

/** Whether it is known to have none. */
export function lacksFargate(region: string): boolean {
  return withoutFargate.includes(region);
}

export function isKnownRegion(region: string): boolean {
  return knownRegions.includes(region);
}

/** Whether an account has to enable the region before it can be used. */
export function isOptInRegion(region: string): boolean {
  return optIn.has(region);
}

/** Whether it has the form of a region: `eu-central-1`, `us-gov-west-1`. Anything else would end up in a host name. */
export function isRegionName(text: string): boolean {
  return text.length <= 32 && /^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/.test(text);
}

const DIRECTIONS = new Map([
  ["north", "n"],
  ["south", "s"],
  ["east", "e"],
  ["west", "w"],
  ["central", "c"],
  ["northeast", "ne"],
  ["northwest", "nw"],
  ["southeast", "se"],
  ["southwest", "sw"],
]);

/** The parts of AWS that stand for themselves, by the middle of a region's name: `us-gov-west-1`, `us-isob-east-1`. */
const APART = new Map([
  ["", ""],
  ["gov-", "g"],
  ["iso-", "i"],
  ["isob-", "ib"],
  ["isoe-", "ie"],
  ["isof-", "if"],
]);

/**
 * A short name of a region for names of resources: `euc1`, `usw2`, `apne1`, `usgw1`, `euscdee1`. By rule and not by
 * table, so that no later version of Reprod names a region otherwise; what the rule does not know keeps its name, whose
 * hyphens no code has. So no two regions share one: no direction begins as a part that stands for itself, and what
 * begins with `eusc` and a country is longer than all others.
 */
export function regionCode(region: string): string {
  const [, area, country, apart = "", direction = "", number] =
    /^(?:([a-z]{2})|eusc-([a-z]{2}))-((?:gov|iso[bef]?)-)?([a-z]+)-([1-9]\d?)$/.exec(region) ?? [];
  const middle = APART.get(apart);
  const short = DIRECTIONS.get(direction);
  if (short === undefined || middle === undefined) return region;
  return `${area ?? `eusc${country}`}${middle}${short}${number}`;
}
