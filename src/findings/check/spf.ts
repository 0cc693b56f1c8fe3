import type { SpfSyntaxProblem, SpfWord } from "../../core/spf/index.ts";
import type { FindingRules } from "../finding.ts";

/** The record that stands at a name. */
interface AtName {
  readonly name: string;
}
/** A term of it, as published. */
interface InTerm extends AtName {
  readonly term: string;
}
/** A term that leads to another name. */
interface ToTarget extends InTerm {
  readonly target: string;
}
interface Lookups extends AtName {
  readonly lookups: number;
  readonly limit: number;
  /** The terms of the domain's own record that cost any, dearest first, as `term (lookups)`. */
  readonly costs: readonly string[];
}
interface Voids extends AtName {
  readonly client: string;
  /** Terms with an empty answer, and names with neither A nor AAAA; `queries` are the empty answers themselves. */
  readonly terms: number;
  readonly names: number;
  readonly queries: readonly string[];
}

export type SpfVersionProblem =
  | "leading-blank"
  /** The version and the first term run together. */
  | "no-space"
  /** Another character than a blank behind the version. */
  | "separator"
  | "misspelled"
  /** Quotes that belong to the zone file stand in the record. */
  | "quoted"
  /** A second `v=spf1` in the record, which counts as a modifier that nobody knows. */
  | "twice";

export type SpecialAddress =
  | "private"
  | "loopback"
  | "link-local"
  | "documentation"
  | "shared"
  | "multicast"
  | "mapped"
  | "reserved";

/** What can be wrong with SPF records. */
export interface SpfFindings {
  readonly "spf.missing": { readonly domain: string; readonly sends: boolean };
  /**
   * @param where On each server alike, or other records on other servers.
   * @param merged The one record to publish instead, when it stands the trial.
   * @param alone The one term of a record that a service asked for, to be put into the other record.
   */
  readonly "spf.multiple-records": AtName & {
    readonly count: number;
    readonly where: "name" | "servers";
    readonly records: readonly string[];
    readonly merged?: string;
    readonly alone?: string;
  };
  /** @param mended The record to publish instead, when it stands the trial. */
  readonly "spf.version": AtName & {
    readonly record: string;
    readonly problem: SpfVersionProblem;
    readonly mended?: string;
  };
  readonly "spf.type99": AtName & { readonly record: string; readonly txt: boolean };
  readonly "spf.senderid-leftover": AtName & { readonly record: string };
  /** @param silent The wrong word is no error to a verifier. */
  readonly "spf.glued-strings": AtName & {
    readonly left: string;
    readonly right: string;
    readonly silent: boolean;
  };
  readonly "spf.string-255": AtName & {
    readonly file: string;
    readonly line: number;
    readonly octets: number;
  };
  /** In octets: all TXT records of the name with it, and of those the SPF record. */
  readonly "spf.size": AtName & { readonly octets: number; readonly own: number; readonly limit: number };
  /** @param at The character of the record at which reading stopped, from 1. */
  readonly "spf.syntax": InTerm & {
    readonly problem: SpfSyntaxProblem | "ignored-modifier";
    readonly at: number;
    readonly suggestion?: string;
  };
  readonly "spf.space-after-colon": InTerm & { readonly at: number; readonly mended: string };
  readonly "spf.trailing-semicolon": InTerm & { readonly at: number };
  readonly "spf.family-mixup": InTerm & { readonly at: number; readonly mended: string };
  /** @param count Addresses, in digits or as a power of two. */
  readonly "spf.host-bits": InTerm & {
    readonly network: string;
    readonly count: string;
    readonly single: string;
  };
  readonly "spf.broad-range": InTerm & { readonly count: string };
  readonly "spf.special-address": InTerm & { readonly kind: SpecialAddress };
  readonly "spf.lookups-over-10": Lookups;
  readonly "spf.lookups-near": Lookups;
  /** @param client An address of the record that still gets "pass". */
  readonly "spf.lookups-client-dependent": AtName & { readonly client: string; readonly lookups: number };
  readonly "spf.void-v4": Voids;
  readonly "spf.void-v6": Voids;
  /** @param clients `address strict/lenient` for those that differ. */
  readonly "spf.void-disputed": AtName & {
    readonly clients: readonly string[];
    readonly queries: readonly string[];
  };
  readonly "spf.order-ip-first": AtName & { readonly terms: readonly string[]; readonly before: string };
  readonly "spf.mx-over-10": InTerm & { readonly count: number };
  readonly "spf.ptr": InTerm;
  /** @param hosts `name (term)` of the names without records of the type. */
  readonly "spf.one-family-name": AtName & {
    readonly hosts: readonly { readonly host: string; readonly term: string; readonly lacks: "A" | "AAAA" }[];
  };
  readonly "spf.include-none": ToTarget & { readonly suggestion?: string };
  /** @param at The name where the fault lies; the target itself or a name below it in the tree. */
  readonly "spf.include-broken": ToTarget & {
    readonly at: string;
    readonly problem: "multiple" | "syntax" | "include-none" | "redirect-none" | "mx-limit";
  };
  /** @param path From the domain to the name that comes again. */
  readonly "spf.include-loop": ToTarget & { readonly path: readonly string[] };
  /** @param also The other term that leads to the same record. */
  readonly "spf.include-duplicate": ToTarget & { readonly also: string };
  readonly "spf.include-passes-all": ToTarget & { readonly by: string };
  readonly "spf.include-all-note": AtName & {
    readonly own: string;
    readonly includes: readonly { readonly target: string; readonly all: string }[];
  };
  readonly "spf.redirect-none": ToTarget;
  readonly "spf.redirect-and-all": InTerm;
  readonly "spf.after-all": AtName & { readonly all: string; readonly terms: readonly string[] };
  readonly "spf.no-all": AtName;
  readonly "spf.plus-all": InTerm;
  readonly "spf.neutral-all": InTerm;
  readonly "spf.hardfail-note": AtName;
  readonly "spf.exp": ToTarget & { readonly problem: "missing" | "several" | "syntax" };
  readonly "spf.macro-syntax": InTerm & { readonly at: number };
  readonly "spf.macro-p": InTerm;
  readonly "spf.helo": { readonly helo: string; readonly client: string; readonly result: SpfWord };
  readonly "spf.own-ips": AtName & {
    readonly client: string;
    readonly byQuery: SpfWord;
    readonly byName: SpfWord;
  };
  readonly "spf.temperror": AtName & { readonly question: string; readonly reason: string };
  readonly "spf.include-no-ip6": AtName & { readonly includes: readonly string[] };
  readonly "spf.name-unresolvable": ToTarget & {
    readonly problem: "missing-dot" | "top-label" | "nxdomain" | "no-address" | "no-mx";
    readonly suggestion?: string;
  };
}

export const spfRules: FindingRules<SpfFindings> = {
  "spf.missing": { severity: "warning", needs: "dns", basis: "RFC 7208 §4.5" },
  "spf.multiple-records": { severity: "error", needs: "dns", basis: "RFC 7208 §3.2, §4.5" },
  "spf.version": { severity: "error", needs: "dns", basis: "RFC 7208 §4.5, §12" },
  "spf.type99": { severity: "warning", needs: "dns", basis: "RFC 7208 §3.1" },
  "spf.senderid-leftover": { severity: "notice", needs: "dns", basis: "RFC 7208 §4.5" },
  "spf.glued-strings": { severity: "error", needs: "dns", basis: "RFC 7208 §3.3" },
  "spf.string-255": { severity: "error", needs: "zone", basis: "RFC 1035 §3.3" },
  "spf.size": { severity: "notice", needs: "dns", basis: "RFC 7208 §3.4" },
  "spf.syntax": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6" },
  "spf.space-after-colon": { severity: "error", needs: "dns", basis: "RFC 7208 §12" },
  "spf.trailing-semicolon": { severity: "error", needs: "dns", basis: "RFC 7208 §12" },
  "spf.family-mixup": { severity: "error", needs: "dns", basis: "RFC 7208 §5.6" },
  "spf.host-bits": { severity: "notice", needs: "dns", basis: "RFC 7208 §5.6" },
  "spf.broad-range": { severity: "warning", needs: "dns", basis: "RFC 9989 §7.1" },
  "spf.special-address": { severity: "notice", needs: "dns", basis: "RFC 6890" },
  "spf.lookups-over-10": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6.4" },
  "spf.lookups-near": { severity: "notice", needs: "dns", basis: "RFC 7208 §4.6.4" },
  "spf.lookups-client-dependent": { severity: "warning", needs: "dns", basis: "RFC 7208 §4.6" },
  "spf.void-v4": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6.4, §5" },
  "spf.void-v6": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6.4, §5" },
  "spf.void-disputed": { severity: "warning", needs: "dns", basis: "RFC 7208 §4.6.4" },
  "spf.order-ip-first": { severity: "notice", needs: "dns", basis: "RFC 7208 §10.1.1" },
  "spf.mx-over-10": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6.4" },
  "spf.ptr": { severity: "warning", needs: "dns", basis: "RFC 7208 §5.5" },
  "spf.one-family-name": { severity: "warning", needs: "dns", basis: "RFC 7208 §5" },
  "spf.include-none": { severity: "error", needs: "dns", basis: "RFC 7208 §5.2" },
  "spf.include-broken": { severity: "error", needs: "dns", basis: "RFC 7208 §5.2" },
  "spf.include-loop": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6.4" },
  "spf.include-duplicate": { severity: "notice", needs: "dns", basis: "RFC 7208 §4.6.4" },
  "spf.include-passes-all": { severity: "error", needs: "dns", basis: "RFC 7208 §5.1" },
  "spf.include-all-note": { severity: "info", needs: "dns", basis: "RFC 7208 §5.2" },
  "spf.redirect-none": { severity: "error", needs: "dns", basis: "RFC 7208 §6.1" },
  "spf.redirect-and-all": { severity: "warning", needs: "dns", basis: "RFC 7208 §6.1" },
  "spf.after-all": { severity: "warning", needs: "dns", basis: "RFC 7208 §5.1" },
  "spf.no-all": { severity: "warning", needs: "dns", basis: "RFC 7208 §4.7" },
  "spf.plus-all": { severity: "error", needs: "dns", basis: "RFC 7208 §5.1" },
  "spf.neutral-all": { severity: "warning", needs: "dns", basis: "RFC 7208 §5.1" },
  "spf.hardfail-note": { severity: "info", needs: "dns", basis: "RFC 9989 §7.1" },
  "spf.exp": { severity: "notice", needs: "dns", basis: "RFC 7208 §6.2" },
  "spf.macro-syntax": { severity: "error", needs: "dns", basis: "RFC 7208 §7.1" },
  "spf.macro-p": { severity: "warning", needs: "dns", basis: "RFC 7208 §7.2" },
  "spf.helo": { severity: "warning", needs: "dns", basis: "RFC 7208 §2.3" },
  "spf.own-ips": { severity: "error", needs: "dns", basis: "RFC 7208 §2.6" },
  "spf.temperror": { severity: "warning", needs: "dns", basis: "RFC 7208 §2.6.6" },
  "spf.include-no-ip6": { severity: "notice", needs: "dns", basis: "RFC 7208 §5" },
  "spf.name-unresolvable": { severity: "error", needs: "dns", basis: "RFC 7208 §4.6.4" },
};
