import type { FindingRules } from "../finding.ts";

type Policy = "none" | "quarantine" | "reject";

/** What was put between or around tags where it does not belong. */
export type DmarcSeparator =
  | "comma"
  | "colon"
  | "semicolon"
  | "space"
  | "quote"
  | "backslash"
  | "full-width"
  | "invisible";

/** What is wrong with one entry of rua= or ruf=. */
export type DmarcUriFault =
  /** An address without `mailto:`. */
  | "no-scheme"
  /** `mailto://` */
  | "slashes"
  | "blank"
  /** An address that has no domain, or none that can be one. */
  | "address"
  /** A domain beyond ASCII, which an A-label stands for. */
  | "u-label"
  /** A character that no URI has, or `!` that is not written as %21. */
  | "character"
  | "empty";

/**
 * What can be wrong with DMARC records. `name` is where the record stands, with `_dmarc.`; texts out of records are cut
 * where they are long.
 */
export interface DmarcFindings {
  /**
   * @param policy What to begin with: only of a domain without mail that could be hit "reject".
   * @param alias Where the CNAME leads that stands in the place of the record, and where there is none.
   */
  readonly "dmarc.missing": {
    readonly domain: string;
    readonly organizational: string;
    readonly policy: "none" | "reject";
    readonly alias?: string;
  };
  readonly "dmarc.multiple": { readonly name: string; readonly count: number };
  /** @param right Where it belongs. @param there Whether there is a record already. */
  readonly "dmarc.wrong-place": { readonly name: string; readonly right: string; readonly there: boolean };
  readonly "dmarc.version": { readonly name: string; readonly begins: string };
  readonly "dmarc.leading-space": { readonly name: string };
  readonly "dmarc.unrelated-txt": {
    readonly name: string;
    readonly count: number;
    readonly wildcard: boolean;
  };
  /** @param reports Whether anybody can be reported to: without, the record counts for nothing. */
  readonly "dmarc.p-missing": { readonly name: string; readonly reports: boolean };
  readonly "dmarc.p-invalid": {
    readonly name: string;
    readonly tag: "p" | "sp" | "np";
    readonly value: string;
    readonly reports: boolean;
    readonly meant?: string;
  };
  readonly "dmarc.p-order": { readonly name: string };
  readonly "dmarc.unknown-tag": { readonly name: string; readonly tag: string; readonly meant?: string };
  readonly "dmarc.bad-value": {
    readonly name: string;
    readonly tag: string;
    readonly value: string;
    readonly meant?: string;
    readonly used: string;
  };
  readonly "dmarc.duplicate-tag": { readonly name: string; readonly tag: string };
  readonly "dmarc.separator": { readonly name: string; readonly found: readonly DmarcSeparator[] };
  readonly "dmarc.pct-rf-ri": {
    readonly name: string;
    readonly tags: readonly string[];
    /** When it is a number under 100, and there is a policy that it weakens. */
    readonly percent?: number;
  };
  readonly "dmarc.size-suffix": { readonly name: string; readonly tag: string; readonly uri: string };
  readonly "dmarc.t-y": { readonly name: string; readonly policy: Policy; readonly applied: Policy };
  readonly "dmarc.sp-weaker": {
    readonly name: string;
    readonly tag: "sp" | "np";
    readonly policy: Policy;
    readonly p: Policy;
  };
  readonly "dmarc.sp-on-subdomain": {
    readonly name: string;
    readonly tags: readonly string[];
    readonly organizational: string;
  };
  /** Of a domain that is checked as new. */
  readonly "dmarc.new-weaker": { readonly name: string; readonly policy: Policy };
  readonly "dmarc.np-absent": { readonly name: string; readonly policy: Policy };
  readonly "dmarc.psd":
    | { readonly name: string; readonly value: "y"; readonly suffix: string }
    | { readonly name: string; readonly value: "n"; readonly above: string };
  readonly "dmarc.psl-vs-walk": {
    readonly domain: string;
    readonly walk: string;
    readonly psl: string;
    /** By psd=n. */
    readonly wanted: boolean;
  };
  readonly "dmarc.deep-name": { readonly domain: string; readonly labels: number; readonly at: string };
  readonly "dmarc.rua-missing": { readonly name: string };
  readonly "dmarc.rua-syntax": {
    readonly name: string;
    readonly tag: "rua" | "ruf";
    readonly value: string;
    readonly fault: DmarcUriFault;
  };
  readonly "dmarc.rua-no-mx": {
    readonly name: string;
    readonly tag: "rua" | "ruf";
    readonly uri: string;
    readonly host: string;
    readonly why: "no-such-name" | "no-address" | "null-mx";
  };
  readonly "dmarc.rua-placeholder": {
    readonly name: string;
    readonly tag: "rua" | "ruf";
    readonly uri: string;
    readonly host: string;
    /** The domain that a typing error may have stood for. */
    readonly meant?: string;
  };
  readonly "dmarc.rua-unauthorised": {
    readonly domain: string;
    readonly tag: "rua" | "ruf";
    readonly uri: string;
    readonly host: string;
    /** Where the host has to publish `v=DMARC1`. */
    readonly at: string;
  };
  readonly "dmarc.rua-auth-wildcard": { readonly host: string; readonly own: boolean };
  readonly "dmarc.rua-many": { readonly name: string; readonly tag: "rua" | "ruf"; readonly count: number };
  readonly "dmarc.rua-scheme": {
    readonly name: string;
    readonly tag: "rua" | "ruf";
    readonly scheme: string;
    /** Whether a mailto: address is there as well. */
    readonly others: boolean;
  };
  readonly "dmarc.we-receive": { readonly other: string; readonly host: string; readonly at: string };
  readonly "dmarc.ruf": { readonly name: string; readonly why: "ruf" | "fo-without-ruf" | "fo-0-and-1" };
}

export const dmarcRules: FindingRules<DmarcFindings> = {
  "dmarc.missing": { severity: "warning", needs: "dns", basis: "RFC 9989 §5.1.4" },
  "dmarc.multiple": { severity: "error", needs: "dns", basis: "RFC 9989 §4.10" },
  "dmarc.wrong-place": { severity: "error", needs: "dns", basis: "RFC 9989 §4.5" },
  "dmarc.version": { severity: "error", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.leading-space": { severity: "warning", needs: "dns", basis: "RFC 9989 §4.8" },
  "dmarc.unrelated-txt": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.10" },
  "dmarc.p-missing": { severity: "warning", needs: "dns", basis: "RFC 9989 §4.10.1" },
  "dmarc.p-invalid": { severity: "error", needs: "dns", basis: "RFC 9989 §4.10.1" },
  "dmarc.p-order": { severity: "notice", needs: "dns", basis: "RFC 7489 §6.4" },
  "dmarc.unknown-tag": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.bad-value": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.8" },
  "dmarc.duplicate-tag": { severity: "error", needs: "dns", basis: "RFC 6376 §3.2" },
  "dmarc.separator": { severity: "error", needs: "dns", basis: "RFC 9989 §4.8" },
  "dmarc.pct-rf-ri": { severity: "notice", needs: "dns", basis: "RFC 9989 appendix C.5.2" },
  "dmarc.size-suffix": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.8" },
  "dmarc.t-y": { severity: "warning", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.sp-weaker": { severity: "warning", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.sp-on-subdomain": { severity: "info", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.new-weaker": { severity: "notice", needs: "dns", basis: "RFC 9989 §5.1.7" },
  "dmarc.np-absent": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.psd": { severity: "error", needs: "dns", basis: "RFC 9989 §4.7, §4.10.2" },
  "dmarc.psl-vs-walk": { severity: "warning", needs: "dns", basis: "RFC 9989 §4.10.2; RFC 7489 §3.2" },
  "dmarc.deep-name": { severity: "error", needs: "dns", basis: "RFC 9989 §5.1.8" },
  "dmarc.rua-missing": { severity: "warning", needs: "dns", basis: "RFC 9989 §5.1.3" },
  "dmarc.rua-syntax": { severity: "error", needs: "dns", basis: "RFC 9989 §4.8" },
  "dmarc.rua-no-mx": { severity: "error", needs: "dns", basis: "RFC 5321 §5.1" },
  "dmarc.rua-placeholder": { severity: "error", needs: "dns", basis: "RFC 2606 §3" },
  "dmarc.rua-unauthorised": { severity: "error", needs: "dns", basis: "RFC 9990 §4" },
  "dmarc.rua-auth-wildcard": { severity: "notice", needs: "dns", basis: "RFC 9990 §4" },
  "dmarc.rua-many": { severity: "notice", needs: "dns", basis: "RFC 7489 §6.2" },
  "dmarc.rua-scheme": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.7" },
  "dmarc.we-receive": { severity: "error", needs: "dns", basis: "RFC 9990 §4" },
  "dmarc.ruf": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.7" },
};
