import * as dns from "node:dns/promises";
import * as net from "node:net";
import { Failure } from "../base/failure.js";

/** Whether a connection to an IP address is allowed. */
export type MayConnect = (address: string) => boolean;
/** All addresses of a host. */
export type Resolve = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

/** Everything of IANA's registry of special IPv4 addresses that is no place on the internet. */
const SPECIAL_4 = blockList("ipv4", [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
]);
/** Of IPv6 all of the internet is in here. So are ways to reach an IPv4 address through it, which are refused below. */
const GLOBAL_6 = blockList("ipv6", [["2000::", 3]]);
const SPECIAL_6 = blockList("ipv6", [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]);

function blockList(family: "ipv4" | "ipv6", ranges: readonly (readonly [string, number])[]): net.BlockList {
  const list = new net.BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
}

/**
 * A place on the internet: not this machine, its network, or the address that gives out the function's credentials. An
 * address of a user must not lead a function to what only the function can reach.
 */
export function isPublicAddress(address: string): boolean {
  switch (net.isIP(address)) {
    case 4:
      return !SPECIAL_4.check(address, "ipv4");
    case 6:
      return GLOBAL_6.check(address, "ipv6") && !SPECIAL_6.check(address, "ipv6");
    default:
      return false;
  }
}

export const resolveHost: Resolve = (hostname) => dns.lookup(hostname, { all: true });

/** Throws `url-private` when an address names a forbidden place by its number: then no name is looked up. */
export function refusePrivateNumber(url: URL, shown: string, mayConnect: MayConnect): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (net.isIP(host) !== 0 && !mayConnect(host)) throw privateFailure(shown);
}

/**
 * Looks a host up for a connection. The addresses that are checked are those that are then connected to, so a name
 * that answers differently the next time gains nothing. One forbidden address refuses the host.
 */
export function guardedLookup(shown: string, mayConnect: MayConnect, resolve: Resolve): net.LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every(({ address }) => mayConnect(address)))
          callback(privateFailure(shown), "", 0);
        else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), "", 0),
    );
  };
}

function privateFailure(shown: string): Failure {
  return new Failure("url-private", `an address does not lead to the internet: "${shown}"`, {
    why: "Its host is this machine, or of a private network. What a function can reach there is not for everybody.",
    fix: "Use an address that is open to everybody, or upload the file yourself.",
  });
}
