import type { FindingRules } from "../finding.ts";

interface OfDomain {
  readonly domain: string;
}
interface OfMx extends OfDomain {
  readonly mx: string;
}

/** What can be wrong with MX records. */
export interface MxFindings {
  readonly "mx.none-implicit": OfDomain & { readonly addresses: readonly string[] };
  readonly "mx.null": OfDomain;
  readonly "mx.null-mixed": OfDomain & { readonly others: readonly string[] };
  readonly "mx.null-sender": OfDomain;
  /** @param data As it is published. */
  readonly "mx.null-bad-form": OfDomain & { readonly data: string };
  readonly "mx.ip-literal": OfMx & { readonly address: string };
  readonly "mx.cname": OfMx & { readonly target: string };
  readonly "mx.no-address": OfMx & { readonly others: number };
  readonly "mx.nxdomain": OfMx & { readonly others: number };
  readonly "mx.special-address": OfMx & { readonly addresses: readonly string[] };
  readonly "mx.localhost": OfMx;
  /** @param meant The name without what was appended. */
  readonly "mx.trailing-dot": OfMx & { readonly meant: string };
  readonly "mx.duplicate": OfMx & { readonly preferences: readonly number[] };
  readonly "mx.same-address": OfDomain & { readonly address: string; readonly hosts: readonly string[] };
  readonly "mx.single-homed": OfDomain & { readonly networks: readonly string[] };
  readonly "mx.v6-missing": OfDomain & { readonly hosts: readonly string[] };
  /** @param listed Whether the operator said which hosts are his. */
  readonly "mx.foreign": OfDomain & { readonly hosts: readonly string[]; readonly listed: boolean };
}

export const mxRules: FindingRules<MxFindings> = {
  "mx.none-implicit": { severity: "warning", needs: "dns", basis: "RFC 5321 §5.1" },
  "mx.null": { severity: "info", needs: "dns", basis: "RFC 7505 §3" },
  "mx.null-mixed": { severity: "error", needs: "dns", basis: "RFC 7505 §3" },
  "mx.null-sender": { severity: "warning", needs: "dns", basis: "RFC 7505 §4.2" },
  "mx.null-bad-form": { severity: "error", needs: "dns", basis: "RFC 7505 §3" },
  "mx.ip-literal": { severity: "error", needs: "dns", basis: "RFC 1035 §3.3.9, RFC 5321 §5.1" },
  "mx.cname": { severity: "error", needs: "dns", basis: "RFC 2181 §10.3, RFC 5321 §5.1" },
  "mx.no-address": { severity: "error", needs: "dns", basis: "RFC 5321 §5.1" },
  "mx.nxdomain": { severity: "error", needs: "dns", basis: "RFC 5321 §5.1" },
  "mx.special-address": { severity: "error", needs: "dns", basis: "RFC 6890 §2.2" },
  "mx.localhost": { severity: "error", needs: "dns", basis: "RFC 6761 §6.3" },
  "mx.trailing-dot": { severity: "error", needs: "dns", basis: "RFC 1035 §5.1" },
  "mx.duplicate": { severity: "notice", needs: "dns", basis: "RFC 5321 §5.1" },
  "mx.same-address": { severity: "notice", needs: "dns", basis: "RFC 5321 §5.1" },
  "mx.single-homed": { severity: "notice", needs: "dns", basis: "RFC 5321 §5.1" },
  "mx.v6-missing": { severity: "notice", needs: "dns", basis: "RFC 5321 §5.2" },
  "mx.foreign": { severity: "info", needs: "dns", basis: "RFC 5321 §5.1" },
};
