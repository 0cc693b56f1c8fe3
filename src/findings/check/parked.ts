import type { FindingRules } from "../finding.ts";

type Policy = "none" | "quarantine" | "reject";

/** What a domain without mail should publish. */
export interface ParkedFindings {
  /** @param found The record there; absent without one. */
  readonly "parked.spf": { readonly domain: string; readonly found?: string };
  readonly "parked.dmarc": { readonly domain: string; readonly policy?: Policy };
  /** @param reports Reports go to an address at the domain, which a null MX would turn away. */
  readonly "parked.null-mx": {
    readonly domain: string;
    readonly exchanges: readonly string[];
    readonly reports: boolean;
  };
  readonly "parked.no-dkim": { readonly domain: string; readonly name: string };
}

const practice = "M3AAWG Protecting Parked Domains";

export const parkedRules: FindingRules<ParkedFindings> = {
  "parked.spf": { severity: "notice", needs: "dns", basis: `${practice}; RFC 7208 §10.1.2` },
  "parked.dmarc": { severity: "notice", needs: "dns", basis: practice },
  "parked.null-mx": { severity: "notice", needs: "dns", basis: `${practice}; RFC 7505 §3` },
  "parked.no-dkim": { severity: "notice", needs: "dns", basis: practice },
};
