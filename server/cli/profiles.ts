import { Failure } from "../base/failure.js";
import { chosenProfile, chosenRegion } from "../cloud/credentials.js";
import { type Profile, type ProfileWarning, readProfiles } from "../cloud/profiles.js";
import { type AccountOptions, accountOf } from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { failureJson, shownPath } from "./report.js";
import type { Output } from "./terminal.js";
import { count, printable, table, writeJson } from "./text.js";

interface ProfilesOptions extends AccountOptions {
  readonly check?: true;
}

/** Who the chosen profile is, or why nobody knows. */
type Checked =
  | { readonly accountId: string; readonly callerArn: string; readonly region: string }
  | { readonly failure: Failure };

/** `reprod profiles`: the AWS profiles of this machine, which one is used, and what is wrong with them. */
export async function run(context: CommandContext, options: ProfilesOptions): Promise<number> {
  const { out } = context.terminal;
  const { files, profiles, warnings } = await readProfiles();
  const byName = new Map(profiles.map((profile) => [profile.name, profile]));
  const chosen = chosenProfile(options.profile, byName);
  const region = chosenRegion(
    options.region,
    chosen.profile === undefined ? undefined : sectionLike(byName.get(chosen.profile)),
  );
  const checked = options.check === true ? await check(context, options) : undefined;
  if (options.json) {
    writeJson(out, {
      files,
      chosen: { profile: chosen.profile ?? null, by: chosen.by, region: region ?? null },
      profiles: profiles.map((profile) => ({
        ...profile,
        region: profile.region ?? null,
        chosen: profile.name === chosen.profile,
      })),
      warnings: warnings.map((warning) => ({ ...warning, profile: warning.profile ?? null })),
      ...(checked === undefined ? {} : { checked: checkedJson(checked) }),
    });
  } else {
    out.write(
      profiles.length === 0
        ? `There are no AWS profiles in ${shownPath(files.config)} and ${shownPath(files.credentials)}; \`aws configure\` makes one.\n`
        : profilesTable(profiles, chosen.profile, out),
    );
    if (chosen.by === "environment") out.write("\nThe credentials of the environment are used.\n");
    if (chosen.profile !== undefined && !byName.has(chosen.profile)) {
      out.write(
        `\nThe profile that is asked for (${chosen.by}) is not there: ${printable(chosen.profile)}\n`,
      );
    }
    if (checked !== undefined) out.write(`\n${checkedText(checked, out)}\n`);
    if (warnings.length > 0) out.write(`\n${warningsText(warnings, out)}`);
  }
  return checked !== undefined && "failure" in checked ? exitCodes.problems : exitCodes.done;
}

function sectionLike(profile: Profile | undefined): { readonly region: string | undefined } {
  return { region: profile?.region };
}

async function check({ terminal }: CommandContext, options: AccountOptions): Promise<Checked> {
  try {
    const account = await accountOf(terminal, options);
    account.aws.destroy();
    const { accountId, callerArn, region } = account;
    return { accountId, callerArn, region };
  } catch (error) {
    if (error instanceof Failure) return { failure: error };
    throw error;
  }
}

function profilesTable(
  profiles: readonly Profile[],
  chosen: string | undefined,
  { colours }: Output,
): string {
  const rows = profiles.map((profile) => [
    profile.name === chosen ? "*" : " ",
    printable(profile.name),
    printable(profile.region ?? "-"),
    `${profile.kind}${profile.mfa ? ", MFA" : ""}`,
  ]);
  const head = colours.bold;
  return table(
    [[" ", "PROFILE", "REGION", "CREDENTIALS"], ...rows],
    [
      (text) => (text === "*" ? colours.green(text) : text),
      (text) => (text === "PROFILE" ? head(text) : text),
    ],
  );
}

function checkedText(checked: Checked, { colours }: Output): string {
  if ("failure" in checked) {
    const { code, message, place, why, fix } = checked.failure;
    return [
      `${colours.red(`error[${code}]`)}: ${printable(message)}`,
      ...(place === undefined ? [] : [`  --> ${printable(place)}`]),
      ...(why === undefined ? [] : [`  why: ${printable(why)}`]),
      ...(fix === undefined ? [] : [`  fix: ${printable(fix)}`]),
    ].join("\n");
  }
  const { accountId, callerArn, region } = checked;
  return `account ${accountId} in ${region}, as ${printable(callerArn)}`;
}

function checkedJson(checked: Checked): unknown {
  if (!("failure" in checked)) return checked;
  return failureJson(checked.failure);
}

function warningsText(warnings: readonly ProfileWarning[], { colours }: Output): string {
  const lines = warnings.map(({ profile, message, fix }) => {
    const about = profile === undefined ? "" : `${printable(profile)}: `;
    return `${colours.yellow("warning:")} ${about}${printable(message)}\n  fix: ${printable(fix)}\n`;
  });
  const most = 20;
  const more = lines.length - most;
  return `${lines.slice(0, most).join("")}${more > 0 ? `and ${count(more, "more warning")}; --json prints all\n` : ""}`;
}
