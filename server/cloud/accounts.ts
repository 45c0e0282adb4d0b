import type { Account } from "./account.js";
import { type AccountOptions, type Opened, open } from "./credentials.js";
import { isTransient } from "./failures.js";
import { filesStamp } from "./profiles.js";

interface Entry {
  /** Of the files when it was opened. */
  readonly stamp: string;
  readonly opening: Promise<Opened>;
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
  /** How often everything was dropped. */
  private drops = 0;

  constructor(
    private readonly options: Pick<AccountOptions, "environment" | "mfa"> = {},
    private readonly opener: (options: AccountOptions) => Promise<Opened> = open,
  ) {}

  /** Callers at the same time share one opening. */
  async get(profile: string | undefined, region?: string): Promise<Account> {
    const key = JSON.stringify([profile, region]);
    const known = this.entries.get(key);
    if (known !== undefined && this.isGood(known)) return (await known.opening).account;
    if (known?.opened !== undefined) this.old.push(known.opened.account);
    const entry: Entry = {
      stamp: filesStamp(this.options.environment),
      opening: this.opener({ ...this.options, profile, region }),
    };
    this.entries.set(key, entry);
    const { drops } = this;
    entry.opening.then(
      (opened) => {
        entry.opened = opened;
        if (this.drops !== drops) opened.account.aws.destroy();
        // The files changed while it was being opened: who asked before them may still use it.
        else if (this.entries.get(key) !== entry) this.old.push(opened.account);
      },
      (error: unknown) => {
        entry.failed = { error };
      },
    );
    return (await entry.opening).account;
  }

  /** As a person asks for it: what failed before is tried anew. */
  async again(profile: string | undefined, region?: string): Promise<Account> {
    const key = JSON.stringify([profile, region]);
    const known = this.entries.get(key);
    if (known?.failed !== undefined) this.entries.delete(key);
    return await this.get(profile, region);
  }

  /** Another profile was chosen: every client ends at once, and what they were asked fails as cancelled. */
  drop(): void {
    for (const { opened } of this.entries.values()) opened?.account.aws.destroy();
    for (const account of this.old) account.aws.destroy();
    this.drops++;
    this.entries.clear();
    this.old.length = 0;
  }

  private isGood(entry: Entry): boolean {
    if (entry.stamp !== filesStamp(this.options.environment)) return false;
    if (entry.failed !== undefined) return !isTransient(entry.failed.error);
    const expires = entry.opened?.expires();
    return expires === undefined || expires.getTime() > Date.now();
  }
}
