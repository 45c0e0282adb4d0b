import { setMaxListeners } from "node:events";
import { version } from "../../package.json";
import { Failure } from "../base/failure.js";
import { noteAction } from "./actions.js";
import type { Clients } from "./clients.js";
import { proxying } from "./connections.js";
import { type EndpointOf, isAws, type ServiceName } from "./endpoints.js";

/** What signs requests. Never logged, never part of a failure. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface ClientsOptions {
  readonly region: string;
  readonly credentials: () => Promise<Credentials>;
  readonly endpointOf: EndpointOf;
  /** Ends everything that is asked and refuses what is asked later. */
  readonly signal: AbortSignal;
  /** Called by `destroy`; makes `signal` abort. */
  readonly close: () => void;
}

/** Of the SDK: each call up to four times in all, with its own waiting between. */
const ATTEMPTS = 4;
const CONNECT_MILLISECONDS = 5_000;
const ANSWER_MILLISECONDS = 60_000;

/** How every client asks, whatever it is for. */
export function manners(region: string, endpoint: string | undefined) {
  return {
    region,
    maxAttempts: ATTEMPTS,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: ANSWER_MILLISECONDS,
      throwOnRequestTimeout: true,
      ...proxying(),
    },
    customUserAgent: [["reprod", version] satisfies [string, string]],
    // We have looked for one ourselves (endpoints.ts); the SDK would find others.
    ignoreConfiguredEndpointUrls: true,
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

/** A client as far as it can be watched and told to stop. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: <Args, Result>(
        next: (args: Args) => Promise<Result>,
        context: { readonly commandName?: string },
      ) => (args: Args) => Promise<Result>,
      options: { readonly step: "initialize"; readonly name: string },
    ): void;
  };
  destroy(): void;
}

export function makeClients(options: ClientsOptions): Clients {
  const { region, credentials, endpointOf, signal } = options;
  // Each call that goes on listens; Node.js warns people of more than ten.
  setMaxListeners(0, signal);
  const made = new Map<ServiceName, Promise<Client>>();
  /** One client of a service, made at the first call; calls at the same time share it. */
  const lazily = <Made extends Client>(
    service: ServiceName,
    make: (
      settings: ReturnType<typeof manners> & { credentials: () => Promise<Credentials> },
    ) => Promise<Made>,
  ): (() => Promise<Made>) => {
    let known: Promise<Made> | undefined;
    return () => {
      if (signal.aborted) return Promise.reject(stopped(signal));
      known ??= make({ ...manners(region, endpointOf(service)), credentials }).then((client) => {
        client.middlewareStack.add(
          (next, { commandName }) =>
            async (args) => {
              try {
                return await unlessStopped(() => next(args), signal);
              } catch (error) {
                noteAction(error, service, commandName);
                throw error;
              }
            },
          { step: "initialize", name: "reprodManners" },
        );
        return client;
      });
      made.set(service, known);
      return known;
    };
  };
  const sdk = async () => (await import("./aws-sdk.js")).sdk;

  return {
    apiGateway: lazily("apiGateway", async (settings) => make(await (await sdk()).apiGateway(), settings)),
    batch: lazily("batch", async (settings) => make(await (await sdk()).batch(), settings)),
    ec2: lazily("ec2", async (settings) => make(await (await sdk()).ec2(), settings)),
    ecr: lazily("ecr", async (settings) => make(await (await sdk()).ecr(), settings)),
    ecs: lazily("ecs", async (settings) => make(await (await sdk()).ecs(), settings)),
    events: lazily("events", async (settings) => make(await (await sdk()).events(), settings)),
    iam: lazily("iam", async (settings) => make(await (await sdk()).iam(), settings)),
    lambda: lazily("lambda", async (settings) => make(await (await sdk()).lambda(), settings)),
    logs: lazily("logs", async (settings) => make(await (await sdk()).logs(), settings)),
    quotas: lazily("quotas", async (settings) => make(await (await sdk()).quotas(), settings)),
    s3: lazily("s3", async (settings) =>
      // Names of buckets are no part of the host name of what stands for AWS.
      make(await (await sdk()).s3(), { ...settings, forcePathStyle: !isAws(settings.endpoint) }),
    ),
    ssm: lazily("ssm", async (settings) => make(await (await sdk()).ssm(), settings)),
    sts: lazily("sts", async (settings) => make(await (await sdk()).sts(), settings)),
    isPlain: async (service) => endpointOf(service)?.startsWith("http:") === true,
    destroy: () => {
      options.close();
      for (const client of made.values()) {
        client.then(
          (one) => one.destroy(),
          () => undefined,
        );
      }
    },
  };
}

const QUIET = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/**
 * Makes a client. The first of a process would warn on stderr that later versions of the SDK want a newer Node.js: ours
 * are pinned. The variable that silences it is set for this moment only, so that no script inherits it.
 */
export function make<Settings, Made>(Kind: new (settings: Settings) => Made, settings: Settings): Made {
  const before = process.env[QUIET];
  process.env[QUIET] = "true";
  try {
    return new Kind(settings);
  } finally {
    if (before === undefined) delete process.env[QUIET];
    else process.env[QUIET] = before;
  }
}

/** Why nothing is asked any more. What aborts a signal may be anything, an exit code as well. */
export function stopped(signal: AbortSignal): Failure {
  const { reason } = signal;
  return reason instanceof Failure ? reason : new Failure("cancelled", "asking AWS was cancelled");
}

/** Does it unless or until the signal aborts; then it fails at once, and what goes on is left alone. */
export async function unlessStopped<Result>(
  work: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return await work();
  if (signal.aborted) throw stopped(signal);
  let stop = (): void => undefined;
  const end = new Promise<never>((_resolve, reject) => {
    stop = () => reject(stopped(signal));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work(), end]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
