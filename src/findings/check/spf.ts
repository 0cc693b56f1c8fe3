import type { FindingRules } from "../finding.ts";

/** What can be wrong with SPF records. */
export interface SpfFindings {
  readonly "spf.missing": { readonly domain: string };
}

export const spfRules: FindingRules<SpfFindings> = {
  "spf.missing": { severity: "warning", needs: "dns", basis: "RFC 7208 §4.5" },
};
