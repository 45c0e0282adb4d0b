import type { Account } from "./account.js";
import { type AccountOptions, type Opened, open } from "./credentials.js";
import { isTransient } from "./failures.js";
import { unlessStopped } from "./make-clients.js";
import { filesStamp } from "./profiles.js";

interface Entry {
  /** Of the files when it was opened. */
  readonly stamp: string;
  readonly opening: Promise<Opened>;
  /** Ends the opening. */
  readonly ended: AbortController;
  /** How many wait for it. */
  waiting: number;
  opened?: Opened;
  failed?: { readonly error: unknown };
}

/**
 * The accounts that a process which lives long has open, by profile and region. They are opened again when the files
 * change or the credentials have ended. What went wrong is told again without asking AWS or a person, until the files
 * change or somebody asks for it (`again`): a view that looks every minute must not ask for a code every minute.
 */
export class Accounts {
  private readonly entries = new Map<string, Entry>();
  /** Opened before the files changed: calls that go on through them may end. */
  private readonly old: Account[] = [];
  /** Those that something is carried out through, and how many such things. */
  private readonly held = new Map<Account, number>();
  /** Dropped while they were held. */
  private readonly ending = new Set<Account>();
  /** How often everything was dropped. */
  private drops = 0;

  constructor(
    private readonly options: Pick<AccountOptions, "environment" | "mfa"> = {},
    private readonly opener: (options: AccountOptions) => Promise<Opened> = open,
  ) {}

  /**
   * Callers at the same time share one opening. `signal` ends the waiting only, and the opening with the last who waits:
   * what is open stays open.
   */
  async get(profile: string | undefined, region?: string, signal?: AbortSignal): Promise<Account> {
    const key = JSON.stringify([profile, region]);
    const known = this.entries.get(key);
    if (known !== undefined && this.isGood(known)) return await this.awaited(key, known, signal);
    if (known?.opened !== undefined) this.old.push(known.opened.account);
    const ended = new AbortController();
    const entry: Entry = {
      stamp: filesStamp(this.options.environment),
      opening: this.opener({ ...this.options, profile, region, signal: ended.signal }),
      ended,
      waiting: 0,
    };
    this.entries.set(key, entry);
    const { drops } = this;
    entry.opening.then(
      (opened) => {
        entry.opened = opened;
        if (this.drops !== drops) this.end(opened.account);
        // The files changed while it was being opened: who asked before them may still use it.
        else if (this.entries.get(key) !== entry) this.old.push(opened.account);
      },
      (error: unknown) => {
        entry.failed = { error };
      },
    );
    return await this.awaited(key, entry, signal);
  }

  private async awaited(key: string, entry: Entry, signal: AbortSignal | undefined): Promise<Account> {
    entry.waiting++;
    try {
      return (await unlessStopped(() => entry.opening, signal)).account;
    } finally {
      entry.waiting--;
      if (entry.waiting === 0 && entry.opened === undefined && entry.failed === undefined) {
        if (this.entries.get(key) === entry) this.entries.delete(key);
        entry.ended.abort();
      }
    }
  }

  /** As a person asks for it: what failed before is tried anew. */
  async again(profile: string | undefined, region?: string, signal?: AbortSignal): Promise<Account> {
    const key = JSON.stringify([profile, region]);
    const known = this.entries.get(key);
    if (known?.failed !== undefined) this.entries.delete(key);
    return await this.get(profile, region, signal);
  }

  /**
   * While something is carried out through an account its clients go on, whatever is chosen: it could not even take its
   * lock away without them. Returns what lets go of it.
   */
  hold(account: Account): () => void {
    this.held.set(account, (this.held.get(account) ?? 0) + 1);
    return () => {
      const others = (this.held.get(account) ?? 1) - 1;
      if (others > 0) this.held.set(account, others);
      else this.held.delete(account);
      if (others === 0 && this.ending.delete(account)) account.aws.destroy();
    };
  }

  /**
   * Another profile was chosen: every client that is not held ends at once, and what they were asked fails as cancelled.
   */
  drop(): void {
    for (const { opened } of this.entries.values()) if (opened !== undefined) this.end(opened.account);
    for (const account of this.old) this.end(account);
    this.drops++;
    this.entries.clear();
    this.old.length = 0;
  }

  private end(account: Account): void {
    if (this.held.has(account)) this.ending.add(account);
    else account.aws.destroy();
  }

  private isGood(entry: Entry): boolean {
    if (entry.stamp !== filesStamp(this.options.environment)) return false;
    if (entry.failed !== undefined) return !isTransient(entry.failed.error);
    const expires = entry.opened?.expires();
    return expires === undefined || expires.getTime() > Date.now();
  }
}
