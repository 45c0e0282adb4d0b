/** A figure with what it is held against. */
export interface Row {
  readonly what: string;
  /** Ours, as text with its unit. */
  readonly ours: string;
  /** Peers by name: their figure, and how many times ours it is. */
  readonly peers: readonly { readonly name: string; readonly figure: string; readonly ratio: number }[];
  readonly aim: { readonly text: string; readonly met: boolean } | undefined;
}

export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 1_000) return `${(value / 1000).toFixed(2)} s`;
  return value >= 10 ? `${value.toFixed(0)} ms` : `${value.toFixed(2)} ms`;
}

export function mebibytes(value: number | undefined): string {
  return value === undefined ? "unknown" : `${(value / 2 ** 20).toFixed(0)} MiB`;
}

/** Markdown, so that it can be pasted into a note as it is. Ratios are peer ÷ ours: above 1 we are faster. */
export function renderTable(title: string, rows: readonly Row[]): string {
  const lines = [
    `## ${title}`,
    "",
    "| what | reprod | peers (× = peer ÷ reprod) | aim |",
    "|---|---|---|---|",
  ];
  for (const row of rows) {
    const peers = row.peers
      .map((peer) => `${peer.name} ${peer.figure} (× ${peer.ratio.toFixed(2)})`)
      .join(", ");
    const aim = row.aim === undefined ? "" : `${row.aim.met ? "met" : "**missed**"}: ${row.aim.text}`;
    lines.push(`| ${row.what} | ${row.ours} | ${peers || "–"} | ${aim} |`);
  }
  return `${lines.join("\n")}\n`;
}
