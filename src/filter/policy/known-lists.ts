import type { KnownList } from "../../config/policy-config.ts";
import { isWithin } from "../../core/domain-name.ts";
import { inNetwork } from "../../core/ip.ts";
import type { AuthResults } from "../../core/results.ts";
import type { PolicyInput } from "./input.ts";

/** An entry of `verify.lists` that a message fits. */
export interface KnownEntry {
  readonly entry: KnownList;
  /** The client's network or an authenticated domain says so, not only a field that anybody may write. */
  readonly proven: boolean;
}

/** The entry that a message fits, one that proves itself first. */
export function knownList(
  input: PolicyInput,
  results: AuthResults,
  lists: readonly KnownList[],
): KnownEntry | undefined {
  const fitting = lists.filter((entry) => fits(entry, input, results));
  const proven = fitting.find(({ domain, network }) => domain !== undefined || network !== undefined);
  const [first] = fitting;
  if (proven !== undefined) return { entry: proven, proven: true };
  return first === undefined ? undefined : { entry: first, proven: false };
}

function fits({ listId, domain, network }: KnownList, input: PolicyInput, results: AuthResults): boolean {
  if (listId !== undefined && !input.signs.listIds.includes(listId)) return false;
  if (domain !== undefined && !isProven(domain, results)) return false;
  return network === undefined || isFrom(network, input);
}

function isFrom({ address, prefix }: NonNullable<KnownList["network"]>, { clientIp }: PolicyInput): boolean {
  return clientIp !== undefined && inNetwork(clientIp, address, prefix);
}

function isProven(domain: string, { dkim, spf }: AuthResults): boolean {
  const identifiers = spf === undefined ? dkim : [...dkim, spf];
  return identifiers.some((one) => one.result === "pass" && isWithin(one.domain, domain));
}

/** Whether an entry names the client's network, whatever else it asks for: it is about the address. */
export function isOfKnownNetwork(input: PolicyInput, lists: readonly KnownList[]): boolean {
  return lists.some(({ network }) => network !== undefined && isFrom(network, input));
}

/** The entry as the operator wrote it, in one line. */
export function entryText({ listId, domain, network }: KnownList): string {
  return [listId, domain, network?.text].filter((part) => part !== undefined).join(" ");
}
