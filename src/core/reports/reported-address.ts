import { type IpAddress, parseIp, unmapped } from "../ip.ts";

/** Nothing longer is an address with what reporters write around it. */
const maxLength = 300;

/**
 * An address as a report has it: plain; with a port (`192.0.2.1:25`, `[2001:db8::1]:25`), in brackets, as an address literal of
 * SMTP (`[IPv6:2001:db8::1]`), with a zone (`fe80::1%eth0`), with the prefix of a single host (`/32`, `/128`), or with a comment
 * behind it.
 * @returns IPv4 for v4-mapped addresses; undefined for what is no address.
 */
export function reportedAddress(text: string): IpAddress | undefined {
  if (text.length > maxLength) return undefined;
  const ip = parseIp(text) ?? parseIp(undressed(text));
  return ip && unmapped(ip);
}

function undressed(text: string): string {
  const [first = ""] = text.trim().split(/[ \t,;(]/, 1);
  const inner =
    /^\[([^[\]]{2,80})\](?::\d{1,5})?$/.exec(first)?.[1] ??
    /^([0-9.]{7,15}):\d{1,5}$/.exec(first)?.[1] ??
    first;
  const plain = inner.replace(/^ipv6:/i, "").replace(/%[\w.-]{1,40}$/, "");
  const host = plain.includes(":") ? plain.replace(/\/128$/, "") : plain.replace(/\/32$/, "");
  return withoutPadding(host);
}

/** All four numbers filled up to three digits: then they are not octal ones. */
function withoutPadding(host: string): string {
  return /^\d{3}(?:\.\d{3}){3}$/.test(host) ? host.replace(/(^|\.)0{1,2}(?=\d)/g, "$1") : host;
}
