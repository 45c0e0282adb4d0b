import { randomBytes, randomInt } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type Moto, MotoUnavailable, startMoto } from "../../../scripts/moto.mjs";
import { afterwards } from "../../support/temporary.js";
import type { Call } from "./calls.js";
import { firstOf, type Injector } from "./faults.js";
import { startProxy } from "./proxy.js";
import { newRepairs, type Repairs } from "./repairs.js";

export const REGION = "eu-central-1";

/** A stand-in for AWS with as many accounts as tests ask for. */
export interface Aws {
  readonly moto: Moto;
  /** A new, empty account; it is closed after the test, when one is named. */
  account(test?: TestContext): Promise<Account>;
  /** Empties all accounts. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface Account {
  /** What the code under test gets as AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Everything that makes a process work in this account. `AWS_CONFIG_FILE` may be written to. */
  readonly env: AccountEnvironment;
  /** All requests so far, in order. */
  readonly calls: readonly Call[];
  /** Those that change something. */
  mutations(): readonly Call[];
  /** `ec2:CreateVpc` → how often */
  counts(): { readonly [name: string]: number };
  /** Forgets the calls so far. */
  clear(): void;
  /** From now on, the first of these that does not let a call pass decides on it. With none, all is well again. */
  inject(...injectors: readonly Injector[]): void;
  /** A client that sees the account as it is: its calls are not noted, and nothing goes wrong with them. */
  client<Client extends { destroy(): void }>(make: new (config: ClientConfig) => Client): Client;
  /** The same for other programs: like `env`, by a way that is not noted. */
  readonly behind: AccountEnvironment;
  /** What the caller lacks by `iam:SimulatePrincipalPolicy`, and quotas by `service/code`: both may be changed. */
  readonly lacks: Repairs["lacks"];
  readonly quotas: Repairs["quotas"];
  /** Calls at which moto itself broke down, which AWS would not. */
  readonly crashes: readonly string[];
  close(): void;
}

/** A type, not an interface: it stands where any record of variables is asked for. */
export type AccountEnvironment = {
  readonly AWS_ENDPOINT_URL: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly AWS_REGION: string;
  readonly AWS_EC2_METADATA_DISABLED: string;
  readonly AWS_CONFIG_FILE: string;
  readonly AWS_SHARED_CREDENTIALS_FILE: string;
};

/** What every client of the SDK takes. */
export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

export async function startAws(): Promise<Aws> {
  // Nothing of whoever runs the tests may lead a client to a real account.
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const moto = await startMoto();
  const open = new Set<Account>();
  return {
    moto,
    account: async (test) => {
      const account = await openAccount(moto);
      open.add(account);
      if (test !== undefined) afterwards(test, () => account.close());
      return account;
    },
    reset: async () => {
      const answer = await fetch(`${moto.url}/moto-api/reset`, { method: "POST" });
      if (!answer.ok) throw new Error(`moto cannot be reset: ${answer.status}`);
    },
    stop: async () => {
      for (const account of open) account.close();
      await moto.stop();
    },
  };
}

/**
 * Tests in accounts of their own; one moto for the whole file. Without Python they fail under CI, and are skipped
 * elsewhere with what to install.
 */
export function awsTests(): (
  name: string,
  run: (test: TestContext, account: Account, aws: Aws) => Promise<void> | void,
) => void {
  let aws: Aws | undefined;
  let lacking: string | undefined;
  before(async () => {
    try {
      aws = await startAws();
    } catch (error) {
      if (!(error instanceof MotoUnavailable) || (process.env.CI ?? "") !== "") throw error;
      lacking = error.message;
    }
  });
  after(async () => {
    await aws?.stop();
  });
  return (name, run) => {
    test(name, async (t) => {
      if (aws === undefined) {
        t.skip(lacking ?? "moto did not start");
        return;
      }
      const account = await aws.account(t);
      try {
        await run(t, account, aws);
      } catch (error) {
        for (const crash of account.crashes) t.diagnostic(`moto broke down at ${crash}`);
        throw error;
      }
    });
  };
}

async function openAccount(moto: Moto): Promise<Account> {
  const accountId = String(randomInt(100_000_000_000, 1_000_000_000_000));
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-aws-")));
  const accessKeyId = `AKIA${letters(16)}`;
  const secretAccessKey = randomBytes(30).toString("base64");
  const files = {
    AWS_CONFIG_FILE: path.join(folder, "config"),
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, "credentials"),
  };
  fs.writeFileSync(files.AWS_CONFIG_FILE, `[default]\nregion = ${REGION}\n`, { mode: 0o600 });
  fs.writeFileSync(
    files.AWS_SHARED_CREDENTIALS_FILE,
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    { mode: 0o600 },
  );
  const calls: Call[] = [];
  const crashes: string[] = [];
  let injected: { readonly inject: Injector; seen: number } | undefined;
  const shared = {
    moto,
    accountId,
    foreignKeys: new Set<string>(),
    repairs: newRepairs(),
    since: performance.now(),
    onCrash: (call: Call) => crashes.push(`${call.name} ${call.body.toString("utf8").slice(0, 500)}`),
  };
  const front = await startProxy({
    ...shared,
    calls,
    injector: () => injected && { inject: injected.inject, index: injected.seen++ },
  });
  const back = await startProxy(shared);
  const environment = (endpoint: string): AccountEnvironment => ({
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: "true",
    ...files,
  });
  const clients: { destroy(): void }[] = [];
  return {
    endpoint: front.url,
    accountId,
    accessKeyId,
    secretAccessKey,
    env: environment(front.url),
    behind: environment(back.url),
    calls,
    crashes,
    lacks: shared.repairs.lacks,
    quotas: shared.repairs.quotas,
    mutations: () => calls.filter(({ mutating }) => mutating),
    counts: () => {
      const counts: { [name: string]: number } = {};
      for (const { name } of calls) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    },
    clear: () => {
      calls.length = 0;
    },
    inject: (...injectors) => {
      injected = injectors.length === 0 ? undefined : { inject: firstOf(...injectors), seen: 0 };
    },
    client: (make) => {
      const client = new make({
        endpoint: back.url,
        region: REGION,
        credentials: { accessKeyId, secretAccessKey },
        maxAttempts: 1,
      });
      clients.push(client);
      return client;
    },
    close: () => {
      for (const client of clients.splice(0)) client.destroy();
      front.close();
      back.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function letters(count: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join("");
}
