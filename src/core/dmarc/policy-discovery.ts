import type { DiscoveryMethod, DmarcPolicy } from "../results.ts";
import type { DmarcRecord } from "./parse-record.ts";
import type { FoundRecord } from "./tree-walk.ts";

/** What applies to an author domain: RFC 9989 §4.10.1, RFC 7489 §6.6.3. */
export type PolicyDiscovery =
  | {
      readonly kind: "policy";
      /** Where the record stands: the author domain, its organizational domain or its public suffix. */
      readonly domain: string;
      readonly record: DmarcRecord;
      /** As published; absent when DNS did not tell whether the author domain exists, on which it depends. */
      readonly policy?: DmarcPolicy;
      readonly tag?: "p" | "sp" | "np";
    }
  /** A record that names no valid policy and nobody to report to: no DMARC processing. */
  | { readonly kind: "invalid"; readonly domain: string; readonly record: DmarcRecord }
  | { readonly kind: "none" | "failure" };

/** How records and organizational domains are found. One object serves one message. */
export interface DmarcDiscovery {
  readonly method: DiscoveryMethod;
  policy(authorDomain: string): Promise<PolicyDiscovery>;
  /** undefined when a DNS failure hides it. */
  organizationalDomain(domain: string): Promise<string | undefined>;
  /** Draws whether the policy is not for this failing message; absent where records know no sampling. */
  isSampledOut?(record: DmarcRecord): boolean;
}

/** @param wanted The most special tag that may apply; undefined when that is not known. */
export function choosePolicy(
  found: FoundRecord,
  wanted: "p" | "sp" | "np" | undefined,
): Extract<PolicyDiscovery, { kind: "policy" | "invalid" }> {
  const { record } = found;
  if (record.policyInvalid) {
    // RFC 9989 §4.10.1, RFC 7489 §6.6.3: with a valid rua act as if the record were "p=none", else no DMARC processing.
    if (record.rua.length === 0) return { kind: "invalid", ...found };
    return { kind: "policy", ...found, policy: "none", tag: "p" };
  }
  if (wanted === undefined) return { kind: "policy", ...found };
  // RFC 9989 §4.7: np falls back to sp, sp to p.
  const order =
    wanted === "np" ? (["np", "sp", "p"] as const) : wanted === "sp" ? (["sp", "p"] as const) : [];
  const tag = order.find((name) => record[name] !== undefined) ?? "p";
  return { kind: "policy", ...found, policy: record[tag] ?? "none", tag };
}
