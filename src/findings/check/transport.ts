import type { FindingRules } from "../finding.ts";

/** What is wrong with one destination of TLS reports. */
export type TlsrptUriFault = "no-scheme" | "scheme" | "address" | "slashes" | "character" | "empty";

/** What can be wrong with MTA-STS, TLS-RPT and DANE, as far as DNS shows it. */
export interface TransportFindings {
  readonly "sts.absent": { readonly domain: string };
  readonly "sts.txt-multiple": { readonly name: string; readonly count: number };
  readonly "sts.txt-syntax": {
    readonly name: string;
    readonly fault: "version" | "separator" | "field" | "value";
    readonly at: string;
  };
  readonly "sts.txt-id": {
    readonly name: string;
    readonly fault: "missing" | "too-long" | "character" | "twice";
    readonly id: string;
  };
  /** @param why "removed": the zone file takes the record away; "host-left": only the host of the policy is there. */
  readonly "sts.remove-order": {
    readonly domain: string;
    readonly name: string;
    readonly why: "removed" | "host-left";
  };
  readonly "sts.no-rpt": { readonly domain: string };
  readonly "rpt.missing": { readonly domain: string };
  readonly "rpt.multiple": { readonly name: string; readonly count: number };
  readonly "rpt.syntax": {
    readonly name: string;
    readonly fault: "version" | "separator" | "no-rua" | "rua-twice" | "field";
    readonly at: string;
  };
  readonly "rpt.rua": {
    readonly name: string;
    readonly uri: string;
    readonly fault: TlsrptUriFault | "no-such-name" | "no-address" | "null-mx";
    readonly host: string;
  };
  readonly "rpt.rua-behind-broken-tls": { readonly domain: string; readonly uri: string };
  readonly "dane.none": { readonly domain: string; readonly hosts: readonly string[] };
  /** @param what Which of the answers is not signed. */
  readonly "dane.insecure": {
    readonly domain: string;
    readonly host: string;
    readonly what: "mx" | "address" | "tlsa";
  };
  /** @param what Which question failed, and how. */
  readonly "dane.bogus": {
    readonly host: string;
    readonly name: string;
    readonly reason: string;
    readonly signed: boolean;
  };
  readonly "dane.usage-0-1": {
    readonly host: string;
    readonly records: readonly string[];
    readonly others: boolean;
  };
  readonly "dane.malformed": {
    readonly host: string;
    readonly record: string;
    readonly fault: "usage" | "selector" | "matching-type" | "length";
  };
  readonly "dane.3-0-x": { readonly host: string; readonly record: string };
  readonly "dane.partial-mx": {
    readonly domain: string;
    readonly with: readonly string[];
    readonly without: readonly string[];
  };
  readonly "dane.wrong-owner": { readonly name: string; readonly hosts: readonly string[] };
}

/** Whether a destination of TLS reports is written well, and only its host does not take them. */
export function isHostFault(fault: TransportFindings["rpt.rua"]["fault"]): boolean {
  return fault === "no-such-name" || fault === "no-address" || fault === "null-mx";
}

export const transportRules: FindingRules<TransportFindings> = {
  "sts.absent": { severity: "notice", needs: "dns", basis: "RFC 8461 §3" },
  "sts.txt-multiple": { severity: "error", needs: "dns", basis: "RFC 8461 §3.1" },
  "sts.txt-syntax": { severity: "error", needs: "dns", basis: "RFC 8461 §3.1" },
  "sts.txt-id": { severity: "error", needs: "dns", basis: "RFC 8461 §3.1" },
  "sts.remove-order": { severity: "error", needs: "dns", basis: "RFC 8461 §8.3" },
  "sts.no-rpt": { severity: "warning", needs: "dns", basis: "RFC 8461 §6; RFC 8460 §1" },
  "rpt.missing": { severity: "notice", needs: "dns", basis: "RFC 8460 §3" },
  "rpt.multiple": { severity: "error", needs: "dns", basis: "RFC 8460 §3" },
  "rpt.syntax": { severity: "error", needs: "dns", basis: "RFC 8460 §3" },
  "rpt.rua": { severity: "error", needs: "dns", basis: "RFC 8460 §3" },
  "rpt.rua-behind-broken-tls": { severity: "notice", needs: "dns", basis: "RFC 8460 §3" },
  "dane.none": { severity: "notice", needs: "dns", basis: "RFC 7672 §2.2.3" },
  "dane.insecure": { severity: "error", needs: "dns", basis: "RFC 7672 §2.2.1, §2.2.2" },
  "dane.bogus": { severity: "error", needs: "dns", basis: "RFC 7672 §2.1.2" },
  "dane.usage-0-1": { severity: "error", needs: "dns", basis: "RFC 7672 §3.1.3" },
  "dane.malformed": { severity: "error", needs: "dns", basis: "RFC 6698 §2.1" },
  "dane.3-0-x": { severity: "warning", needs: "dns", basis: "RFC 7671 §5.1, §8.1" },
  "dane.partial-mx": { severity: "warning", needs: "dns", basis: "RFC 7672 §2.2.1" },
  "dane.wrong-owner": { severity: "error", needs: "dns", basis: "RFC 7672 §2.2.3" },
};
