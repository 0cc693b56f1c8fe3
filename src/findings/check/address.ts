import type { FindingRules } from "../finding.ts";

interface OfAddress {
  readonly ip: string;
}

/** What can be wrong with the addresses that send mail, and with the names they give. */
export interface AddressFindings {
  /** @param sends Named with `--client`; otherwise an MX host, which may send as well. */
  readonly "ptr.missing": OfAddress & { readonly name: string; readonly sends: boolean };
  readonly "ptr.unconfirmed": OfAddress & { readonly names: readonly string[]; readonly sends: boolean };
  readonly "ptr.generic": OfAddress & { readonly name: string };
  readonly "ptr.multiple": OfAddress & { readonly names: readonly string[] };
  readonly "ptr.delegation": OfAddress & { readonly name: string; readonly target: string };
  readonly "helo.name": {
    readonly name: string;
    readonly problem: "no-name" | "address" | "localhost" | "no-dot" | "unresolvable" | "loopback";
  };
  readonly "ip.listed": OfAddress & {
    readonly list: string;
    /** Addresses of 127.0.0.0/8 by which the list tells kinds. */
    readonly codes: readonly string[];
    readonly reason: string;
  };
  readonly "ip.list-unusable": { readonly list: string };
}

export const addressRules: FindingRules<AddressFindings> = {
  "ptr.missing": { severity: "error", needs: "dns", basis: "RFC 1912 §2.1, RFC 8601 §2.7.3" },
  "ptr.unconfirmed": { severity: "error", needs: "dns", basis: "RFC 8601 §2.7.3" },
  "ptr.generic": { severity: "notice", needs: "dns", basis: "RFC 8601 §2.7.3" },
  "ptr.multiple": { severity: "notice", needs: "dns", basis: "RFC 8601 §2.7.3" },
  "ptr.delegation": { severity: "warning", needs: "dns", basis: "RFC 2317 §4" },
  "helo.name": { severity: "error", needs: "dns", basis: "RFC 5321 §2.3.5, §4.1.4" },
  "ip.listed": { severity: "warning", needs: "dns", basis: "RFC 5782 §2.1" },
  "ip.list-unusable": { severity: "notice", needs: "dns", basis: "RFC 5782 §5" },
};
