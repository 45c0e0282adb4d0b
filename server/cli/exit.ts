/** What the process ends with; `docs/cli.md` has the same table. */
export const exitCodes = {
  done: 0,
  /** Nodes failed, or problems were found. */
  problems: 1,
  /** Wrong use, or a file that is not valid. */
  usage: 2,
  /** A defect of ours: EX_SOFTWARE of sysexits. */
  defect: 70,
  /** The terminal was closed (SIGHUP). */
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
