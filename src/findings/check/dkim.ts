import type { FindingRules } from "../finding.ts";

/** Why a TXT record at a selector gives no key. */
export type DkimKeyFault =
  /** Nothing in it looks like a key record. */
  | "not-a-key"
  /** Quotation marks within the text, mostly from a form that wanted none. */
  | "quotes"
  /** `\;` as a zone file wants it, typed into a form. */
  | "backslashes"
  /** Blanks where a `+` was: the text went through a URL. */
  | "lost-plus"
  /** The text breaks the syntax of tags, or names one twice. */
  | "tags"
  | "version"
  | "no-p"
  /** Other characters in p= than base64 has. */
  | "base64"
  /** The key ends before its end. */
  | "cut-off"
  /** An Ed25519 key inside a SubjectPublicKeyInfo; only its 32 octets belong there. */
  | "wrapped-ed25519"
  | "no-key";

/** Where a selector is known from, as told to people. "key" is a private key of the operator, "live" is live DNS. */
export type DkimSelectorSource = "option" | "message" | "records" | "zone" | "key" | "live" | "guess";

/** What can be wrong with DKIM keys in DNS and with the keys of ARC. `name` is `selector._domainkey.domain`. */
export interface DkimFindings {
  readonly "dkim.no-key": {
    readonly name: string;
    readonly selector: string;
    readonly from: DkimSelectorSource;
  };
  readonly "dkim.unknown-selector": { readonly domain: string; readonly tried: number };
  /** @param joined The records are the parts of one key. */
  readonly "dkim.multiple-txt": { readonly name: string; readonly count: number; readonly joined: boolean };
  readonly "dkim.key-syntax": { readonly name: string; readonly fault: DkimKeyFault };
  /** @param file Of the entry, when it stands in a zone file; with its line. */
  readonly "dkim.key-split": {
    readonly name: string;
    readonly why: "string-too-long" | "order";
    readonly octets: number;
    readonly file?: string;
    readonly line?: number;
  };
  readonly "dkim.bits": { readonly name: string; readonly bits: number; readonly limit: 1024 | 2048 | 4096 };
  readonly "dkim.h-sha1": { readonly name: string; readonly hashes: string };
  readonly "dkim.k-mismatch": { readonly name: string; readonly keyType: string; readonly actual: string };
  /** @param published Type and bits, as `own`. */
  readonly "dkim.private-mismatch": {
    readonly name: string;
    readonly file: string;
    readonly published: string;
    readonly own: string;
  };
  readonly "dkim.test-flag": { readonly name: string };
  readonly "dkim.revoked": { readonly name: string; readonly from: DkimSelectorSource };
  readonly "dkim.service-tag": { readonly name: string; readonly services: string };
  readonly "dkim.old-tags": { readonly name: string; readonly tags: readonly string[] };
  readonly "dkim.ed25519-only": { readonly domain: string; readonly selectors: readonly string[] };
  /** @param live Another selector that leads to the same service, and has a key. */
  readonly "dkim.cname-dead": { readonly name: string; readonly target: string; readonly live?: string };
  readonly "dkim.rotation-age": {
    readonly domain: string;
    readonly selector: string;
    readonly months: number;
    readonly by: "selector" | "key-file";
  };
  readonly "dkim.parked-wildcard": { readonly domain: string };
  /** @param said What the comment of the tool that made the record names, when that is what differs. */
  readonly "dkim.other-selector": {
    readonly file: string;
    readonly line: number;
    readonly owner: string;
    readonly asked: string;
    readonly said: boolean;
  };
  readonly "arc.key": {
    readonly name: string;
    readonly file: string;
    readonly fault: "missing" | "several" | "unreadable" | "revoked" | "mismatch" | "short";
    /** Of the key in DNS; 0 when it cannot be read. */
    readonly bits: number;
  };
  readonly "arc.chain": {
    readonly file: string;
    readonly problem: ArcChainProblem;
    readonly instance: number;
  };
}

/** What a chain fails by; the words of the ARC result, less the failures of DNS. */
export type ArcChainProblem =
  | "sealed-as-failed"
  | "too-many-sets"
  | "incomplete-set"
  | "chain-value"
  | "syntax"
  | "message-signature"
  | "seal"
  | "no-key";

export const dkimRules: FindingRules<DkimFindings> = {
  "dkim.no-key": { severity: "error", needs: "dns", basis: "RFC 6376 §3.6.2.1" },
  "dkim.unknown-selector": { severity: "info", needs: "dns", basis: "RFC 6376 §3.1" },
  "dkim.multiple-txt": { severity: "error", needs: "dns", basis: "RFC 6376 §3.6.2.2" },
  "dkim.key-syntax": { severity: "error", needs: "dns", basis: "RFC 6376 §3.6.1" },
  "dkim.key-split": { severity: "error", needs: "zone", basis: "RFC 1035 §3.3" },
  "dkim.bits": { severity: "error", needs: "dns", basis: "RFC 8301 §3.2" },
  "dkim.h-sha1": { severity: "error", needs: "dns", basis: "RFC 8301 §3.1" },
  "dkim.k-mismatch": { severity: "error", needs: "dns", basis: "RFC 6376 §3.6.1" },
  "dkim.private-mismatch": { severity: "error", needs: "key", basis: "RFC 6376 §3.6" },
  "dkim.test-flag": { severity: "warning", needs: "dns", basis: "RFC 6376 §3.6.1" },
  "dkim.revoked": { severity: "info", needs: "dns", basis: "RFC 6376 §3.6.1" },
  "dkim.service-tag": { severity: "error", needs: "dns", basis: "RFC 6376 §3.6.1" },
  "dkim.old-tags": { severity: "notice", needs: "dns", basis: "RFC 6376 §3.6.1" },
  "dkim.ed25519-only": { severity: "warning", needs: "dns", basis: "RFC 8463 §6" },
  "dkim.cname-dead": { severity: "error", needs: "dns", basis: "RFC 6376 §6.1.2" },
  "dkim.rotation-age": { severity: "warning", needs: "key", basis: "RFC 6376 §3.1" },
  "dkim.parked-wildcard": {
    severity: "notice",
    needs: "dns",
    basis: "M3AAWG Protecting Parked Domains; RFC 6376 §3.6.1",
  },
  "dkim.other-selector": { severity: "error", needs: "zone", basis: "RFC 6376 §3.6.2.1" },
  "arc.key": { severity: "error", needs: "key", basis: "RFC 8617 §4.1.3" },
  "arc.chain": { severity: "warning", needs: "message", basis: "RFC 8617 §5.2" },
};
