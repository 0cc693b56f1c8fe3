import type { ListHostConfig } from "../config/list-config.ts";
import type { AuthorPattern } from "../config/sign-config.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { parseAddressList } from "../core/message/address.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";
import { withoutSourceRoute } from "../core/message/source-route.ts";
import { listSigns } from "./list-signs.ts";
import type { ListSender } from "./rewrite-from.ts";

/** The parts of an address; the domain in A-labels. */
export interface PlainAddress {
  readonly localPart: string;
  readonly domain: string;
}

/** Octets of a field in which an address is looked for. */
const maxFieldOctets = 16_384;

/** @param text Between the angle brackets. @returns undefined for what has no local part or no domain. */
export function readAddress(text: string): PlainAddress | undefined {
  const path = withoutSourceRoute(text);
  const at = path.lastIndexOf("@");
  const domain = toAsciiDomain(path.slice(at + 1));
  if (at <= 0 || at > 255 || domain === undefined) return undefined;
  return { localPart: withoutQuotes(path.slice(0, at)), domain };
}

/** RFC 5321 §4.1.2: a quoted local part is the same address as without the quotes and backslashes. */
function withoutQuotes(localPart: string): string {
  if (localPart.length < 3 || !localPart.startsWith('"') || !localPart.endsWith('"')) return localPart;
  return localPart.slice(1, -1).replaceAll(/\\(.)/gs, "$1");
}

/** Whether one of the patterns is for the address, letter case aside. */
export function isAddressed(
  { localPart, domain }: PlainAddress,
  patterns: readonly AuthorPattern[],
): boolean {
  return patterns.some(
    (pattern) =>
      pattern.domain === domain &&
      (pattern.localPart === undefined || pattern.localPart === localPart.toLowerCase()),
  );
}

/** In one form for comparing and keeping. */
export function addressText({ localPart, domain }: PlainAddress): string {
  return `${localPart.toLowerCase()}@${domain}`;
}

/**
 * The address of the list that a message came back from. Whatever the message says, it is one of the host's addresses:
 * From will name it, and our key will sign that. In this order: the only address of the host, List-Post (RFC 2369 §3.4),
 * List-Id read as an address (RFC 2919 §2), the list that the message went in to, To and Cc.
 * @param wentTo Addresses of the host's lists that the message is known to have gone to.
 */
export function listAddressOf(
  head: MessageHead,
  { addresses }: Pick<ListHostConfig, "addresses">,
  wentTo: readonly string[],
): PlainAddress | undefined {
  const [only] = addresses;
  if (addresses.length === 1 && only?.localPart !== undefined)
    return { localPart: only.localPart, domain: only.domain };
  const fits = (text: string): PlainAddress | undefined => {
    const address = readAddress(text);
    return address !== undefined && isAddressed(address, addresses) ? address : undefined;
  };
  return (
    first(postAddresses(head), fits) ??
    first(listSigns(head).listIds.map(asAddress), fits) ??
    (wentTo.length === 1 ? first(wentTo, fits) : undefined) ??
    first(recipientsOf(head), fits)
  );
}

function first(
  texts: readonly string[],
  fits: (text: string) => PlainAddress | undefined,
): PlainAddress | undefined {
  for (const text of texts) {
    const address = fits(text);
    if (address !== undefined) return address;
  }
  return undefined;
}

/** What stands between `<mailto:` and the next `>` or `?`. */
function postAddresses(head: MessageHead): readonly string[] {
  const found: string[] = [];
  for (const field of fieldsNamed(head, "list-post").slice(0, 3)) {
    const value = rawValue(head, field).slice(0, 2_000);
    const start = value.toLowerCase().indexOf("<mailto:");
    if (start < 0) continue;
    const rest = value.slice(start + "<mailto:".length);
    const end = rest.search(/[>?]/);
    if (end > 0) found.push(rest.slice(0, end).replaceAll(/\s/g, ""));
  }
  return found;
}

/** `staff.lists.example.jp` is the list `staff@lists.example.jp` to those list managers that make it so. */
function asAddress(listId: string): string {
  return listId.replace(".", "@");
}

function recipientsOf(head: MessageHead): readonly string[] {
  return ["to", "cc"].flatMap((name) => {
    const [field] = fieldsNamed(head, name);
    if (field === undefined || field.end - field.start > maxFieldOctets) return [];
    return parseAddressList(rawValue(head, field)).mailboxes.map(
      ({ localPart, domain }) => `${localPart}@${domain}`,
    );
  });
}

/** The list as From is to name it. */
export function listSender(
  address: PlainAddress,
  { displayName }: Pick<ListHostConfig, "displayName">,
): ListSender {
  return { ...address, displayName: displayName ?? address.localPart };
}
