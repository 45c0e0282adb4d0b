/**
 * IAM's rules of evaluation, for what our documents use of them. It takes documents as AWS reads them, not as our
 * types say they are, and throws for everything that it does not know: a check that lets the unknown pass is none.
 */
export interface Request {
  /** `s3:GetObject` */
  readonly action: string;
  /** An ARN, or `*` for actions that know no resource. */
  readonly resource: string;
  /** An ARN of a role or user, or a service's name as `{ service }`. */
  readonly principal?: string | { readonly service: string };
  /** A list is a key of many values. */
  readonly context?: { readonly [key: string]: string | readonly string[] };
}

export type Decision = "allowed" | "refused" | "not allowed";

/** What applies to a request: the policies of who asks, and the policy of what is asked for. */
export interface Policies {
  readonly identity?: readonly unknown[];
  readonly resource?: unknown;
}

/** A refusal wins over everything; without a refusal and without a permission it is not allowed. Of one account. */
export function decide(request: Request, policies: Policies): Decision {
  const identity = (policies.identity ?? []).flatMap(statementsOf);
  const resource = policies.resource === undefined ? [] : statementsOf(policies.resource);
  for (const statement of identity) {
    if (statement.Principal !== undefined) throw new Error("a policy of a principal names no principal");
  }
  const applying = [
    ...identity.filter((statement) => applies(statement, request)),
    ...resource.filter((statement) => {
      const meant = whoIsMeant(statement, request);
      // To allow an account is to leave it to the account's own policies; to refuse it is to refuse all in it.
      return (
        (meant === "itself" || (meant === "account" && statement.Effect === "Deny")) &&
        applies(statement, request)
      );
    }),
  ];
  if (applying.some(({ Effect }) => Effect === "Deny")) return "refused";
  return applying.some(({ Effect }) => Effect === "Allow") ? "allowed" : "not allowed";
}

interface ReadStatement {
  readonly [element: string]: unknown;
  readonly Effect: "Allow" | "Deny";
}

const ELEMENTS = new Set([
  "Sid",
  "Effect",
  "Principal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

function statementsOf(document: unknown): readonly ReadStatement[] {
  if (!isObject(document)) throw new Error("a policy is an object");
  if (document.Version !== "2012-10-17") throw new Error(`a policy of the version "${document.Version}"`);
  return listOf(document.Statement).map((statement) => {
    if (!isObject(statement)) throw new Error("a statement is an object");
    const { Effect } = statement;
    if (Effect !== "Allow" && Effect !== "Deny") throw new Error(`an effect "${Effect}"`);
    for (const element of Object.keys(statement)) {
      if (!ELEMENTS.has(element)) throw new Error(`an element "${element}" that is not known here`);
    }
    if ((statement.Action === undefined) === (statement.NotAction === undefined)) {
      throw new Error("a statement has either actions or those that it leaves out");
    }
    return { ...statement, Effect };
  });
}

function applies(statement: ReadStatement, request: Request): boolean {
  return (
    isAction(statement, request) && isResource(statement, request) && holds(statement.Condition, request)
  );
}

function isAction({ Action, NotAction }: ReadStatement, { action }: Request): boolean {
  const named = textsOf(Action ?? NotAction).some((pattern) =>
    matches(pattern.toLowerCase(), action.toLowerCase()),
  );
  return (Action !== undefined) === named;
}

function isResource({ Resource, NotResource }: ReadStatement, { resource }: Request): boolean {
  // A trust policy has neither: it is about its role.
  if (Resource === undefined && NotResource === undefined) return true;
  const named = textsOf(Resource ?? NotResource).some((pattern) => matches(pattern, resource));
  return (Resource !== undefined) === named;
}

/** Whether a statement names who asks, or only the account. */
function whoIsMeant({ Principal }: ReadStatement, { principal }: Request): "itself" | "account" | "others" {
  if (Principal === undefined) throw new Error("a policy of a resource names its principals");
  if (principal === undefined) throw new Error("a request to a resource with a policy has a principal");
  if (Principal === "*") return "itself";
  if (!isObject(Principal)) throw new Error(`a principal "${Principal}"`);
  const account = typeof principal === "string" ? principal.split(":")[4] : undefined;
  let meant: "account" | "others" = "others";
  for (const [kind, names] of Object.entries(Principal)) {
    const given = textsOf(names);
    if (kind === "Service") {
      if (typeof principal === "object" && given.includes(principal.service)) return "itself";
    } else if (kind === "AWS") {
      if (given.some((name) => name === "*" || name === principal)) return "itself";
      const accounts = given.map((name) => /^arn:[\w-]+:iam::(\d+):root$/.exec(name)?.[1] ?? name);
      if (account !== undefined && accounts.includes(account)) meant = "account";
    } else {
      throw new Error(`a kind of principal "${kind}" that is not known here`);
    }
  }
  return meant;
}

/** Operators must all hold, and each of their keys; of the values of a key one is enough. */
function holds(condition: unknown, request: Request): boolean {
  if (condition === undefined) return true;
  if (!isObject(condition)) throw new Error("a condition is an object");
  const context = contextOf(request);
  let all = true;
  // No early end: an operator that is not known throws whatever the others say.
  for (const [operator, keys] of Object.entries(condition)) {
    if (!isObject(keys)) throw new Error(`the condition "${operator}" has keys`);
    for (const [key, values] of Object.entries(keys)) {
      if (!holdsFor(operator, context.get(key.toLowerCase()), textsOf(values))) all = false;
    }
  }
  return all;
}

function contextOf({ context = {}, principal }: Request): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  if (typeof principal === "string") all.set("aws:principalarn", [principal]);
  for (const [key, value] of Object.entries(context)) {
    all.set(key.toLowerCase(), typeof value === "string" ? [value] : value);
  }
  return all;
}

interface Operator {
  readonly is: (pattern: string, value: string) => boolean;
  readonly negated: boolean;
}

const equals = (pattern: string, value: string) => pattern === value;
const equalsInAnyCase = (pattern: string, value: string) => pattern.toLowerCase() === value.toLowerCase();

const operators: { readonly [name: string]: Operator } = {
  StringEquals: { is: equals, negated: false },
  StringNotEquals: { is: equals, negated: true },
  StringEqualsIgnoreCase: { is: equalsInAnyCase, negated: false },
  StringNotEqualsIgnoreCase: { is: equalsInAnyCase, negated: true },
  StringLike: { is: matches, negated: false },
  StringNotLike: { is: matches, negated: true },
  ArnEquals: { is: isArn, negated: false },
  ArnLike: { is: isArn, negated: false },
  ArnNotEquals: { is: isArn, negated: true },
  ArnNotLike: { is: isArn, negated: true },
  Bool: { is: equalsInAnyCase, negated: false },
};

function holdsFor(name: string, values: readonly string[] | undefined, patterns: readonly string[]): boolean {
  if (name === "Null") {
    return patterns.some((pattern) => {
      if (pattern !== "true" && pattern !== "false") throw new Error(`Null is no "${pattern}"`);
      return (pattern === "true") === (values === undefined || values.length === 0);
    });
  }
  const [, set, base = "", ifThere] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const operator = Object.hasOwn(operators, base) ? operators[base] : undefined;
  if (!operator) throw new Error(`an operator "${name}" that is not known here`);
  const holdsOf = (value: string) =>
    patterns.some((pattern) => operator.is(pattern, value)) !== operator.negated;
  if (set === "ForAllValues") return (values ?? []).every(holdsOf);
  if (values === undefined || values.length === 0) {
    // "Not equal" holds of what is not there, "equal" does not.
    return ifThere !== undefined || (set === undefined && operator.negated);
  }
  if (set === "ForAnyValue") return values.some(holdsOf);
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) throw new Error(`"${name}" asks a key that has many values`);
  return holdsOf(value);
}

/** Each of the six parts of an ARN by itself: a `*` does not reach over a colon, but in the last. */
function isArn(pattern: string, value: string): boolean {
  const parts = arnParts(pattern);
  const valueParts = arnParts(value);
  if (!parts || !valueParts) return false;
  return parts.every((part, index) => matches(part, valueParts[index] ?? ""));
}

function arnParts(text: string): readonly string[] | undefined {
  const [arn, partition, service, region, account, ...resource] = text.split(":");
  if (arn !== "arn" || resource.length === 0) return undefined;
  return [arn, partition ?? "", service ?? "", region ?? "", account ?? "", resource.join(":")];
}

/** `*` is any text, `?` any character; everything else is itself. */
function matches(pattern: string, text: string): boolean {
  if (pattern.includes("${")) throw new Error(`a variable, which is not known here: ${pattern}`);
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (sign) =>
    sign === "*" ? "[^]*" : sign === "?" ? "[^]" : `\\${sign}`,
  );
  return new RegExp(`^${source}$`).test(text);
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).map((item) => {
    if (typeof item === "boolean") return String(item);
    if (typeof item !== "string") throw new Error(`"${item}" in place of a text`);
    return item;
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
