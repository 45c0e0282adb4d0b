import { execFile } from "node:child_process";
import { withoutCredentials } from "../graph/data-references.js";
import type { Making } from "../store/record.js";

/** Long enough for any repository; a hanging file system must not hold a run's records back. */
const LIMIT_MILLISECONDS = 10_000;

/**
 * The commit of the checkout that `folder` lies in, whether its tree was clean, and where it came from; undefined
 * outside of a repository or without git. Asked once a run.
 */
export async function gitState(folder: string): Promise<Making["git"]> {
  const commit = await git(folder, ["rev-parse", "--verify", "HEAD"]);
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  const [status, remote] = await Promise.all([
    git(folder, ["status", "--porcelain", "--ignore-submodules=none"]),
    git(folder, ["remote", "get-url", "origin"]),
  ]);
  return {
    commit,
    clean: status === "",
    ...(remote !== undefined && remote !== "" && { remote: withoutCredentials(remote) }),
  };
}

function git(folder: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      "git",
      ["-C", folder, ...words],
      {
        timeout: LIMIT_MILLISECONDS,
        maxBuffer: 64 * 1024 * 1024,
        // `status` may write the index it has refreshed; a run must not take that lock from somebody who commits.
        env: { ...process.env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
      },
      (error, stdout) => resolve(error === null ? stdout.trim() : undefined),
    );
  });
}
