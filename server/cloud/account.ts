import type { Clients } from "./clients.js";

/** An AWS account as a profile reaches it, in one region: who asks, where, and the clients to ask with. */
export interface Account {
  /** As chosen; undefined for credentials of the environment or the machine, without a profile. */
  readonly profile: string | undefined;
  /** `eu-central-1` */
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  /** Of the user or role that asks. */
  readonly callerArn: string;
  /** `aws`, `aws-cn`, `aws-us-gov`: the second part of every ARN. */
  readonly partition: string;
  readonly aws: Clients;
}
