/**
 * What client and server say to each other beyond the Language Server Protocol: every message with who sends it and
 * why. The client takes this file from `server/` and nothing else; it has no imports, so nothing comes along with it.
 *
 * Places are as in the Language Server Protocol: zero-based lines and UTF-16 characters. Times are ISO 8601 in UTC,
 * durations milliseconds, sizes bytes. Texts that come out of pipelines, scripts and records are untrusted: they are
 * shown as plain text, or escaped by the server where a field says that it is Markdown.
 */

// ---------------------------------------------------------------- shared shapes

/** What the store says of a node, or what the newest run says of it while that still counts (language.md, "States"). */
export type ShownState =
  | "cached"
  | "stale"
  | "waiting"
  | "missing"
  | "broken"
  | "unknown"
  | "queued"
  | "running"
  | "failed"
  | "cancelled";

/** In the order in which they are counted and listed: what wants attention first. */
export const shownStates: readonly ShownState[] = [
  "failed",
  "broken",
  "running",
  "queued",
  "stale",
  "waiting",
  "missing",
  "cancelled",
  "unknown",
  "cached",
];

/** A sign for each state, another shape each, for lenses, hints, trees and pages: colour is never the only difference. */
export const stateSigns: { readonly [state in ShownState]: string } = {
  failed: "✗",
  broken: "⚠",
  running: "▶",
  queued: "…",
  stale: "◐",
  waiting: "◌",
  missing: "○",
  cancelled: "⊘",
  unknown: "?",
  cached: "✓",
};

/** How many nodes are in each state; states without nodes are left out. */
export type StateCounts = { readonly [state in ShownState]?: number };

export interface ProtocolPosition {
  readonly line: number;
  readonly character: number;
}
export interface ProtocolRange {
  readonly start: ProtocolPosition;
  readonly end: ProtocolPosition;
}

/** A message with its direction and types: `client.sendRequest(message.method, params)`. */
export interface RequestMessage<Params, Result> {
  readonly method: string;
  /** Never there: they carry the types. */
  readonly params?: Params;
  readonly result?: Result;
}
export interface NotificationMessage<Params> {
  readonly method: string;
  readonly params?: Params;
}

function request<Params, Result>(method: string): RequestMessage<Params, Result> {
  return { method };
}
function notification<Params>(method: string): NotificationMessage<Params> {
  return { method };
}

// ---------------------------------------------------------------- start

/** Client → server, once, as `initializationOptions`. */
export interface InitializationOptions {
  /** The client has the commands of `commands` itself, so that lenses may name them. */
  readonly clientCommands?: boolean;
  /** Whether the workspace is trusted: without trust files are read and checked, and nothing is written or run. */
  readonly trusted?: boolean;
  /** Translated interface texts, as `vscode.l10n.bundle`: English text → text of the display language. */
  readonly l10n?: { readonly [text: string]: string };
}

/** Commands that lenses, hovers and code actions of the server name; the client registers them. */
export const commands = {
  run: "reprod.run",
  plan: "reprod.plan",
  explain: "reprod.explainState",
  provenance: "reprod.showProvenance",
  logs: "reprod.openLogs",
  reveal: "reprod.revealOutput",
  graph: "reprod.showGraph",
  pin: "reprod.pin",
  findTools: "reprod.findTools",
} as const;

/** The one argument of `commands.run` and `commands.plan`. */
export interface RunArguments {
  readonly uri: string;
  /** Names of nodes or families; empty: what the file's `target` says. */
  readonly targets: readonly string[];
  /** Names of nodes or families that are made again although the store has them. */
  readonly noCache?: readonly string[];
}

/** The one argument of the other commands: a node, or a family (then a member is chosen), of a pipeline file. */
export interface NodeArguments {
  readonly uri: string;
  readonly node: string;
}

/** Client → server notification: the workspace was trusted after all. */
export const trustGranted = notification<Record<string, never>>("reprod/trustGranted");

// ---------------------------------------------------------------- pipelines and states

export interface PipelineView {
  readonly uri: string;
  /** What `pipeline NAME` says, or the file's name. */
  readonly name: string;
  /** Path of the file below the workspace folder, for telling two of one name apart. */
  readonly path: string;
  readonly doc?: string;
  readonly errors: number;
  readonly warnings: number;
  readonly nodes: number;
  readonly counts: StateCounts;
  /** Whether states are still being looked up. */
  readonly busy: boolean;
  readonly families: readonly FamilyView[];
  /** Why there is nothing to show, when the file cannot be read or evaluated. */
  readonly message?: string;
}

/** A family, or a node without keys. */
export interface FamilyView {
  readonly name: string;
  readonly transform: string;
  readonly doc?: string;
  /** A node without keys: its one member is itself. */
  readonly single: boolean;
  readonly nodes: number;
  readonly counts: StateCounts;
  /** The shortest true sentence on why it is not cached: `param lossy false → true`. */
  readonly why?: string;
  /** Of the (first) node statement that declares it. */
  readonly place: ProtocolPlace;
}

export interface ProtocolPlace {
  readonly uri: string;
  readonly range: ProtocolRange;
}

export interface NodeView {
  /** As written: `aligned["ANN0830", 2]`. */
  readonly name: string;
  /** Of the name alone the keys: `"ANN0830", 2`; empty for a node without keys. */
  readonly keys: string;
  readonly state: ShownState;
  /** Sentences; empty for a cached node. */
  readonly why: readonly string[];
  /** 64 hex digits; undefined while unknown. */
  readonly recipe?: string;
  /** What the newest run says of it, while that counts. */
  readonly run?: { readonly run: string; readonly message?: string; readonly attempt?: number };
  /** A run would make it. */
  readonly toRun: boolean;
}

/** Client → server: the pipeline files of the workspace, for the Pipelines view. Files without nodes are left out. */
export const pipelinesRequest = request<Record<string, never>, readonly PipelineView[]>("reprod/pipelines");

/** Client → server: the members of a family, not cached ones first; at most `limit` of them. */
export const membersRequest = request<
  { readonly uri: string; readonly family: string; readonly limit: number },
  { readonly members: readonly NodeView[]; readonly total: number }
>("reprod/members");

/** Server → client: something that the Pipelines view shows has changed (at most a few times a second). */
export const pipelinesChanged = notification<Record<string, never>>("reprod/pipelinesChanged");

/** A node statement of an open document: the sign in its gutter. */
export interface StateMark {
  /** Of the whole statement: "Run to Here" looks for the one that the cursor is in. */
  readonly range: ProtocolRange;
  /** Name of the family, or of the node without keys. */
  readonly family: string;
  /** The one that wants attention most among its nodes. */
  readonly state: ShownState;
  readonly counts: StateCounts;
  /** Said by screen readers and shown when pointing at the sign: `5 cached, 1 stale: param lossy false → true`. */
  readonly text: string;
}

/** Server → client: the signs of an open document, all of them, whenever one of them changes. */
export const statesNotification = notification<{
  readonly uri: string;
  /** Of the document that the places are of; the client drops what is older than what it shows. */
  readonly version: number;
  readonly marks: readonly StateMark[];
}>("reprod/states");

// ---------------------------------------------------------------- documents that the server writes

/** A page of text that the client shows as a read-only document. */
export interface Page {
  readonly title: string;
  /** Markdown; what comes out of pipelines and records is escaped. */
  readonly markdown: string;
}

/** Client → server: why a node has its state, down from the first causes (also `reprod explain`). */
export const explainRequest = request<NodeArguments, Page>("reprod/explain");

/**
 * Client → server: how a node's result, or any data file, was made (also `reprod show`). An object of the store comes
 * with the `name` that its node gave it, for the page to say.
 */
export const provenanceRequest = request<
  NodeArguments | { readonly file: string; readonly name?: string },
  Page
>("reprod/provenance");

/** Client → server: what a run would do (also `reprod plan`). */
export const planRequest = request<RunArguments & { readonly set?: readonly SetValue[] }, PlanView>(
  "reprod/planRun",
);

export interface SetValue {
  readonly name: string;
  /** As typed: `60`, `12 GiB`, a path relative to the workspace folder. */
  readonly text: string;
}

export interface PlanView {
  readonly page: Page;
  /** The nodes that the plan is about, and of these those that a run would have to deal with. */
  readonly nodes: number;
  readonly toRun: number;
  readonly counts: StateCounts;
  readonly estimate?: { readonly lowMilliseconds: number; readonly highMilliseconds: number };
  /** US dollars; undefined where a run costs no money. */
  readonly cost?: { readonly low: number; readonly high: number };
  /** Params without a default, that a run must set. With any of them the rest says nothing. */
  readonly missingParams: readonly { readonly name: string; readonly type: string; readonly doc?: string }[];
  /** `reprod.confirmAbove` nodes or money: the client shows the page and asks before it runs. */
  readonly confirm: boolean;
}

// ---------------------------------------------------------------- runs

export type RunState = "running" | "interrupted" | "done" | "failed" | "cancelled";

export interface RunKey {
  /** Absolute path of the project's root. */
  readonly project: string;
  /** ULID. */
  readonly run: string;
}

export interface RunView extends RunKey {
  readonly state: RunState;
  readonly pipeline: string;
  readonly uri: string;
  readonly targets: readonly string[];
  readonly executor: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** All nodes that the targets need; undefined before the run has planned. */
  readonly nodes?: number;
  readonly cached?: number;
  /** What it made, reused or gave up so far. */
  readonly made: number;
  readonly reused: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  readonly queued: number;
  /** What is left to do, while it runs, when earlier runs tell. */
  readonly remainingMilliseconds?: number;
  readonly warnings: readonly string[];
}

export type RunNodeState =
  | "queued"
  | "running"
  | "made"
  | "reused"
  | "adopted"
  | "failed"
  | "skipped"
  | "cancelled"
  | "interrupted";

export interface RunNodeView {
  readonly node: string;
  readonly state: RunNodeState;
  /** Why it failed or was skipped. */
  readonly message?: string;
  readonly attempts: readonly AttemptView[];
}

export interface AttemptView {
  readonly number: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly exitCode?: number;
  readonly failure?: string;
  readonly message?: string;
  readonly wallMilliseconds?: number;
  readonly cpuMilliseconds?: number;
  readonly peakMemoryBytes?: number;
}

/** Client → server: starts a run that outlives client and server; answers once it has begun. */
export const runRequest = request<RunArguments & { readonly set?: readonly SetValue[] }, RunKey>(
  "reprod/startRun",
);

/** Client → server: asks a run to end, or cleans up after one whose runner is gone. */
export const cancelRequest = request<RunKey, { readonly outcome: "requested" | "cleaned" | "already-ended" }>(
  "reprod/cancelRun",
);

/** Client → server: what to ask for so that the failed, skipped and interrupted nodes of a run are tried again. */
export const retryRequest = request<RunKey, RunArguments & { readonly set?: readonly SetValue[] }>(
  "reprod/retryRun",
);

/** Client → server: the runs of all projects of the workspace, newest first, at most `limit`. */
export const runsRequest = request<{ readonly limit: number }, readonly RunView[]>("reprod/runs");

/** Client → server: what a run had to do with beyond what it found cached, in the order of their first event. */
export const runNodesRequest = request<RunKey, readonly RunNodeView[]>("reprod/runNodes");

/** Server → client: runs that are new or have changed, whole; while one runs some twice a second, else when it happens. */
export const runsChanged = notification<{ readonly runs: readonly RunView[] }>("reprod/runsChanged");

/**
 * Client → server: more of a log. Answers at once with what is there beyond `cursor`; when there is nothing and the
 * attempt still runs, it waits for more, some seconds at most. Cancelled by the client when its document is closed.
 */
export const logRequest = request<
  RunKey & {
    readonly node: string;
    /** The newest when left out. */
    readonly attempt?: number;
    /** Undefined at first, then what the last answer gave. */
    readonly cursor?: string;
  },
  { readonly text: string; readonly cursor: string; readonly ended: boolean }
>("reprod/log");

/** Client → server: the newest attempt of a node, in whichever run; null when none of the runs that are kept has one. */
export const nodeLogRequest = request<
  NodeArguments,
  /** `node`: of a family, the member whose log it is. */
  (RunKey & { readonly node: string; readonly attempt: number }) | null
>("reprod/nodeLog");

/** A file or folder that a node made. */
export interface OutputView {
  /** Name of the out: `bam`. */
  readonly name: string;
  /** Its own path as the transform says: `ANN0830.2.bam`. */
  readonly path: string;
  readonly kind: "file" | "dir";
  /** `file:` uri of its bytes in the store, which nobody may write to; of a folder its manifest's. */
  readonly object: string;
  readonly size: number;
  readonly sha256: string;
  /** `file:` uri where `publish` has put it, when it is there. */
  readonly published?: string;
}

/** Client → server: what a node made, or what is left of an attempt that failed. */
export const outputsRequest = request<
  NodeArguments,
  { readonly state: ShownState; readonly outputs: readonly OutputView[]; readonly leftFolder?: string }
>("reprod/outputs");

// ---------------------------------------------------------------- graph

/** A picture of the graph, laid out from left to right in pixels. */
export interface GraphPicture {
  readonly title: string;
  /** What it shows, in a sentence for those who do not see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly GraphBox[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphBox {
  /** Stays the same as long as the box stands for the same thing. */
  readonly id: string;
  readonly kind: "family" | "node" | "input" | "more";
  readonly label: string;
  readonly detail: string;
  /** Top left. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly target: boolean;
  readonly nodes: number;
  readonly counts: StateCounts;
  readonly why?: string;
  /** Family that can be unfolded or, of a member, folded again. */
  readonly family?: string;
  readonly place?: ProtocolPlace;
}

export interface GraphEdge {
  /** Ids of boxes. */
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** It leads from a cause to what is stale or waits because of it. */
  readonly causal: boolean;
}

/** Client → server: the graph with these families unfolded. */
export const graphRequest = request<
  { readonly uri: string; readonly unfolded: readonly string[] },
  GraphPicture
>("reprod/graph");

// ---------------------------------------------------------------- resources in AWS

/** Every group of resources, in the order in which they are set up. A test holds it against `cloud/`. */
export const resourceGroups = [
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

export type ResourceGroupName = (typeof resourceGroups)[number];

/** `unknown`: it could not be read, or has not been yet. */
export type ResourceGroupState = "not-set-up" | "ready" | "drifted" | "partly" | "removing" | "unknown";

/** In the order in which they want attention. */
export const resourceGroupStates: readonly ResourceGroupState[] = [
  "drifted",
  "partly",
  "removing",
  "unknown",
  "not-set-up",
  "ready",
];

/** Something about a profile, or about the files that profiles come from, and what to do about it. */
export interface ProfileWarningView {
  readonly message: string;
  readonly fix: string;
}

export interface ProfileView {
  readonly name: string;
  readonly region?: string;
  /** How it comes to its credentials. */
  readonly kind: "keys" | "sso" | "login" | "assume-role" | "web-identity" | "process" | "unknown";
  /** Whether a code of an MFA device is asked for. */
  readonly mfa: boolean;
  readonly warnings: readonly ProfileWarningView[];
}

/** What counts when no profile was chosen, or that one was. */
export type ProfileChoice = "setting" | "AWS_PROFILE" | "environment" | "default" | "machine";

export interface ProfilesView {
  /** As they stand in AWS's own files, which are named here. */
  readonly files: readonly string[];
  readonly profiles: readonly ProfileView[];
  /** About the files themselves. */
  readonly warnings: readonly ProfileWarningView[];
  readonly chosen: { readonly by: ProfileChoice; readonly profile?: string; readonly region?: string };
  /** Those that were known when this version was made, and whether Fargate runs there. */
  readonly regions: readonly { readonly name: string; readonly fargate: boolean }[];
}

/** Client → server: the AWS profiles of this machine. Reads AWS's files and asks nobody; no key is in the answer. */
export const profilesRequest = request<{ readonly folder?: string }, ProfilesView>("reprod/profiles");

/** Who we are in AWS, or why nobody can tell. */
export interface AccountView {
  readonly by: ProfileChoice;
  readonly profile?: string;
  readonly region?: string;
  readonly accountId?: string;
  /** Of the user or role that asks. */
  readonly caller?: string;
  readonly failure?: FailureData;
  /** What to say in a terminal to mend the failure: `aws sso login --profile x`. */
  readonly command?: string;
}

/**
 * Client → server: the account that the profile of a workspace folder leads to. `again`: a person asks, so what failed
 * before is tried anew. It asks AWS.
 */
export const accountRequest = request<{ readonly folder?: string; readonly again: boolean }, AccountView>(
  "reprod/account",
);

/** A project of the workspace, as far as resources belong to it. */
export interface ResourceProject {
  /** Absolute path of the project's root. */
  readonly project: string;
  readonly name: string;
  /** `file:` uri of the workspace folder whose settings count. */
  readonly folder: string;
}

/** Client → server: the projects that `resourcesRequest` would tell of. Asks nothing of AWS. */
export const resourceProjectsRequest = request<Record<string, never>, readonly ResourceProject[]>(
  "reprod/resourceProjects",
);

/** `unknown`: it may not be seen, or is another's; `trouble` says why. */
export type ResourceState = "ready" | "adopted" | "drifted" | "missing" | "stray" | "not-set-up" | "unknown";

export interface ResourceDifference {
  /** `egress rules` */
  readonly what: string;
  readonly is: string;
  readonly shouldBe: string;
}

export interface ResourceView {
  /** `network/vpc` */
  readonly key: string;
  /** `VPC` */
  readonly kind: string;
  /** Its name in the account. */
  readonly name: string;
  /** Its id, or its name when it is gone, without what all resources of the project have in front: `task`. */
  readonly short: string;
  readonly detail?: string;
  /** Present while it is there. */
  readonly id?: string;
  readonly state: ResourceState;
  readonly differences: readonly ResourceDifference[];
  /** Page of the AWS console; always `https:`. */
  readonly console?: string;
  /** Why nothing can be told of it. */
  readonly trouble?: FailureData;
}

export interface ResourceGroupView {
  readonly name: ResourceGroupName;
  /** As in "Setup Network". */
  readonly title: string;
  /** What it is for, in one sentence. */
  readonly purpose: string;
  readonly state: ResourceGroupState;
  /** `file:` uri; present while the file is there. */
  readonly settingsFile?: string;
  /** Everything is there, and the settings file says something else or is missing. */
  readonly fileDiffers: boolean;
  readonly resources: readonly ResourceView[];
  /** Why nothing can be told of all of it. */
  readonly trouble?: FailureData;
}

export interface ProjectResources extends ResourceProject {
  readonly account: AccountView;
  /** Empty when there is a failure. */
  readonly groups: readonly ResourceGroupView[];
  /** Why they could not be read although the account is known: a missing permission, a settings file of another project. */
  readonly failure?: FailureData;
}

/**
 * Client → server: what is set up for the projects of the workspace. Each asking reads the account once, so it is asked
 * only while somebody looks.
 */
export const resourcesRequest = request<
  { readonly again: boolean },
  { readonly projects: readonly ProjectResources[] }
>("reprod/resources");

/**
 * Server → client: what `resourcesRequest` answers may be different now (a settings file has changed, another profile was
 * chosen, something was applied). It says nothing of the account, which is not asked without need.
 */
export const resourcesChanged = notification<{ readonly project?: string }>("reprod/resourcesChanged");

/** A named environment of AWS Batch. */
export interface EnvironmentArguments {
  readonly name: string;
  readonly type?: "spot" | "on-demand" | "fargate" | "fargate-spot";
  readonly maxVcpus?: number;
  /** Disk of each machine; Fargate has none of its own, and no instance types either. */
  readonly diskGiB?: number;
  /** Types or families that may be chosen from: `m7i.large`, `c7g`. */
  readonly instanceTypes?: readonly string[];
}

/** Client → server: the environments that were asked for, and which types there are. Asks nothing of AWS. */
export const environmentsRequest = request<
  { readonly project: string },
  {
    readonly environments: readonly {
      readonly name: string;
      readonly type: string;
      readonly maxVcpus: number;
    }[];
  }
>("reprod/environments");

/** What setting up or removing is about. */
export interface ResourcesArguments {
  readonly project: string;
  readonly groups: readonly ResourceGroupName[];
  /** And the groups whose resources these use, where they are not set up. */
  readonly withNeeds?: boolean;
  /** What is there of ours is removed. */
  readonly teardown?: boolean;
  /** A compute environment that is asked for besides those that there are. */
  readonly createEnvironment?: EnvironmentArguments;
  /** The name of one that is asked for no longer. */
  readonly deleteEnvironment?: string;
}

/** Client → server: what would be made, changed and removed (also `reprod setup --plan`). Changes nothing. */
export const planResourcesRequest = request<ResourcesArguments, ResourcesPlanView>("reprod/planResources");

export interface ResourcesPlanView {
  readonly page: Page;
  /** For `applyResourcesRequest`; good until the server ends or many other plans were made. */
  readonly token: string;
  readonly account: AccountView;
  readonly titles: readonly string[];
  readonly create: number;
  readonly adopt: number;
  readonly change: number;
  readonly replace: number;
  readonly remove: number;
  /** Were there before and stay; they are let go of. */
  readonly release: number;
  /** Are as they should be. */
  readonly kept: number;
  /** Settings files that say something else than is there. */
  readonly files: number;
  /** Nothing at all is to be done. */
  readonly nothing: boolean;
  /** Of a removal of nothing: settings files note something still, which is forgotten by carrying it out. */
  readonly forgets: boolean;
  /** `free at rest`, `about $3.60 a month at rest`; empty for a removal. */
  readonly money: string;
  /** Whether using what is made costs money. */
  readonly costsUse: boolean;
  /** What is lost for good with its data: asked about by name. */
  readonly losesData: readonly { readonly kind: string; readonly name: string }[];
  /** Why it must not be done now, unless it is forced: what would be removed or replaced is in use. */
  readonly against: readonly string[];
}

/**
 * Client → server: does what a plan says, once a person has agreed. Cancelled by the client's token: then it answers with
 * what stays behind. `force`: in spite of what speaks against it.
 */
export const applyResourcesRequest = request<
  { readonly token: string; readonly force?: boolean },
  ResourcesApplied
>("reprod/applyResources");

export interface ResourcesApplied {
  readonly outcome: "done" | "cancelled";
  readonly done: number;
  /** What was not done, and why. */
  readonly left: readonly { readonly what: string; readonly why?: string }[];
}

/** Server → client: how far an apply is, at each step. */
export const resourcesProgress = notification<ResourcesProgress>("reprod/resourcesProgress");

export interface ResourcesProgress {
  readonly project: string;
  readonly token: string;
  /** The group of the step. */
  readonly group: ResourceGroupName;
  readonly done: number;
  readonly total: number;
  readonly action: "create" | "adopt" | "change" | "replace" | "remove" | "release";
  readonly kind: string;
  readonly name: string;
  /** `waiting`: AWS says that it is not ready yet, or still in use. */
  readonly phase: "begun" | "waiting" | "done";
}

/** Server → client: asks a person for the code of an MFA device; null when they give up. */
export const mfaRequest = request<{ readonly serial: string }, string | null>("reprod/mfa");

// ---------------------------------------------------------------- upkeep

/** Client → server: takes digests of images and urls into `reprod.lock` (also `reprod pin`). It uses the network. */
export const pinRequest = request<
  { readonly uri: string; readonly references?: readonly string[] },
  {
    readonly locked: readonly string[];
    readonly failed: readonly { readonly what: string; readonly why: string }[];
  }
>("reprod/pin");

/** Client → server: finds the tools that a pipeline names in PATH anew (engine-rules.md A8). */
export const findToolsRequest = request<
  { readonly uri: string },
  {
    readonly found: readonly { readonly tool: string; readonly path: string }[];
    readonly missing: readonly string[];
  }
>("reprod/findTools");

/** Server → client: how it does, for the language status item; sent when it changes. */
export const healthNotification = notification<Health>("reprod/health");

export interface Health {
  readonly state: "ready" | "busy" | "limited";
  /** What is known not to be known and why, or what is being done: one line each. */
  readonly details: readonly string[];
}

/** Code of the `ResponseError` of an expected failure; its `data` is a `FailureData`. */
export const FAILURE_CODE = -32_001;

/** What went wrong, why, and what to do; `code` is stable and explained in docs/failures.md. */
export interface FailureData {
  readonly code: string;
  readonly message: string;
  readonly why?: string;
  readonly fix?: string;
  readonly place?: string;
}
