import type { Account } from "../../account.js";

/** A page of the AWS console in the account's region: `consolePage(account, "ecs/v2/clusters/x")`. It may have a query. */
export function consolePage(
  { region, partition }: Pick<Account, "region" | "partition">,
  page: string,
): string {
  const [where = "", anchor] = page.split("#");
  const query = where.includes("?") ? "&" : "?";
  const hash = anchor === undefined ? "" : `#${anchor}`;
  return `https://${hostOf(region, partition)}/${where}${query}region=${region}${hash}`;
}

function hostOf(region: string, partition: string): string {
  switch (partition) {
    case "aws-cn":
      return "console.amazonaws.cn";
    case "aws-us-gov":
      return "console.amazonaws-us-gov.com";
    case "aws-eusc":
      return `${region}.console.amazonaws-eusc.eu`;
    default:
      return `${region}.console.aws.amazon.com`;
  }
}

/** The console's own way to write a name into the anchor of CloudWatch: twice encoded, `%` as `$`. */
export function logGroupPage(account: Pick<Account, "region" | "partition">, name: string): string {
  const encoded = encodeURIComponent(encodeURIComponent(name)).replaceAll("%", "$");
  return consolePage(account, `cloudwatch/home#logsV2:log-groups/log-group/${encoded}`);
}
