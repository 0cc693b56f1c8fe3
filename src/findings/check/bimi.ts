import type { FindingRules } from "../finding.ts";

/** What can be wrong with BIMI records in DNS. */
export interface BimiFindings {
  readonly "bimi.record":
    | { readonly name: string; readonly fault: "missing" }
    | { readonly name: string; readonly fault: "several"; readonly count: number }
    | { readonly name: string; readonly fault: "wrong-place"; readonly found: string }
    | {
        readonly name: string;
        readonly fault:
          | "record-syntax"
          | "location-missing"
          | "location-not-https"
          | "location-format"
          | "authority-not-https";
      };
  /** @param name Of the DMARC record. */
  readonly "bimi.dmarc": {
    readonly domain: string;
    readonly name: string;
    readonly gap:
      | "policy-none"
      | "subdomain-policy-none"
      | "policy-partial"
      | "no-policy"
      | "organization-policy-missing";
  };
}

export const bimiRules: FindingRules<BimiFindings> = {
  "bimi.record": { severity: "notice", needs: "dns", basis: "BIMI draft §4.3, §7.2" },
  "bimi.dmarc": { severity: "error", needs: "dns", basis: "BIMI draft §7.1" },
};
