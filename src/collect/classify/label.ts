import { isWithin, toAsciiDomain } from "../../core/domain-name.ts";
import {
  formatIp,
  type IpAddress,
  type IpNetwork,
  inNetwork,
  parseNetwork,
  unmapped,
} from "../../core/ip.ts";
import type { StateStore } from "../../store/state.ts";
import type { GroupName, SourceOwner } from "./source.ts";

/** The operator's word about a source: an address, a network, or a name and all below it. */
export interface SourceLabel extends SourceOwner {
  /** In canonical form: `192.0.2.1`, `192.0.2.0/24`, `example.net`. */
  readonly pattern: string;
  readonly group: GroupName;
}

/** A label as the rules use it. */
export type ReadLabel = SourceLabel &
  (
    | { readonly network: IpNetwork; readonly domain?: undefined }
    | { readonly domain: string; readonly network?: undefined }
  );

const kind = "source-label";

/** @returns undefined for what is neither an address nor a network nor a name of two labels. */
export function labelPattern(text: string): string | undefined {
  const network = parseNetwork(text);
  if (network !== undefined) return formatNetwork(unmappedNetwork(network));
  if (text.includes("/")) return undefined;
  const domain = toAsciiDomain(text.replace(/^\*\./, ""));
  return domain?.includes(".") === true && !/^[\d.]+$/.test(domain) ? domain : undefined;
}

/** Sources go by their IPv4 addresses, however they are reported. */
function unmappedNetwork(network: IpNetwork): IpNetwork {
  const address = unmapped(network.address);
  const prefix = network.prefix - mappedPrefix;
  return address.family === network.address.family || prefix < 0 ? network : { address, prefix };
}

/** RFC 4291 §2.5.5.2: ::ffff:0:0/96. */
const mappedPrefix = 96;

function formatNetwork({ address, prefix }: IpNetwork): string {
  const octets = address.octets.map((octet, index) => {
    const bits = Math.max(0, Math.min(8, prefix - index * 8));
    return octet & (0xff << (8 - bits)) & 0xff;
  });
  const ip = formatIp({ family: address.family, octets });
  return prefix === octets.length * 8 ? ip : `${ip}/${prefix}`;
}

export async function listLabels(state: StateStore): Promise<readonly SourceLabel[]> {
  return (await state.tx((tx) => tx.list(kind))) as readonly SourceLabel[];
}

export async function putLabel(state: StateStore, label: SourceLabel): Promise<void> {
  await state.tx((tx) => tx.put(kind, label.pattern, label));
}

/** @returns false when there was none. */
export async function removeLabel(state: StateStore, pattern: string): Promise<boolean> {
  return state.tx(async (tx) => {
    if ((await tx.get(kind, pattern)) === undefined) return false;
    await tx.remove(kind, pattern);
    return true;
  });
}

export function readLabels(labels: readonly SourceLabel[]): readonly ReadLabel[] {
  return labels.map((label) => {
    const network = parseNetwork(label.pattern);
    return network === undefined ? { ...label, domain: label.pattern } : { ...label, network };
  });
}

/** The label that says most: of an address before a network, the longest network, then the longest name. */
export function labelOf(
  ip: IpAddress | undefined,
  confirmedName: string | undefined,
  labels: readonly ReadLabel[],
): SourceLabel | undefined {
  let found: { readonly label: SourceLabel; readonly weight: number } | undefined;
  for (const label of labels) {
    const weight = matchOf(label, ip, confirmedName);
    if (weight > (found?.weight ?? 0)) found = { label, weight };
  }
  return found?.label;
}

/** 0: it is about something else. Any network weighs more than any name, which may change hands unnoticed. */
function matchOf(
  { network, domain }: ReadLabel,
  ip: IpAddress | undefined,
  confirmedName: string | undefined,
): number {
  if (network !== undefined)
    return ip !== undefined && inNetwork(ip, network.address, network.prefix) ? 1000 + network.prefix : 0;
  return confirmedName !== undefined && isWithin(confirmedName, domain) ? domain.length : 0;
}
