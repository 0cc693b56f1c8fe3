import type { IpAddress } from "../ip.ts";
import type { DomainSpec } from "./domain-spec.ts";

/** Where a term stands in its record: characters from the start of the record, `end` behind the last one. */
export interface SpfTermPosition {
  /** As published. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What a matching directive makes the result: RFC 7208 §4.6.2. */
export type SpfQualifierWord = "pass" | "fail" | "softfail" | "neutral";

export interface AllMechanism {
  readonly name: "all";
}
export interface IncludeMechanism {
  readonly name: "include";
  readonly domain: DomainSpec;
}
/** `a` and `mx`: the domain is that of the record when none is written; prefixes in bits. */
export interface HostMechanism {
  readonly name: "a" | "mx";
  readonly domain?: DomainSpec;
  readonly prefix4: number;
  readonly prefix6: number;
}
export interface PtrMechanism {
  readonly name: "ptr";
  readonly domain?: DomainSpec;
}
export interface IpMechanism {
  readonly name: "ip4" | "ip6";
  readonly address: IpAddress;
  /** Bits. */
  readonly prefix: number;
}
export interface ExistsMechanism {
  readonly name: "exists";
  readonly domain: DomainSpec;
}
export type SpfMechanism =
  | AllMechanism
  | IncludeMechanism
  | HostMechanism
  | PtrMechanism
  | IpMechanism
  | ExistsMechanism;

export interface SpfDirective extends SpfTermPosition {
  readonly kind: "directive";
  readonly qualifier: SpfQualifierWord;
  readonly mechanism: SpfMechanism;
}

export type SpfModifier =
  | (SpfTermPosition & {
      readonly kind: "modifier";
      readonly name: "redirect" | "exp";
      readonly domain: DomainSpec;
    })
  | (SpfTermPosition & {
      readonly kind: "modifier";
      /** In lower case; RFC 7208 §6: to be ignored. */
      readonly name: "unknown";
      readonly written: string;
      readonly value: string;
    });
export type KnownModifier = Extract<SpfModifier, { readonly name: "redirect" | "exp" }>;
export type SpfTerm = SpfDirective | SpfModifier;

/** A record free of syntax errors: RFC 7208 §4.6.1. */
export interface SpfRecord {
  readonly text: string;
  /** In the order published, those behind `all` too. */
  readonly terms: readonly SpfTerm[];
  readonly directives: readonly SpfDirective[];
  readonly redirect?: KnownModifier;
  readonly explanation?: KnownModifier;
}

export type SpfSyntaxProblem =
  /** Does not begin with `v=spf1` and a space or the end. */
  | "version"
  | "unknown-mechanism"
  /** `-redirect=...`: a modifier takes no qualifier. */
  | "qualified-modifier"
  | "modifier-name"
  | "argument-missing"
  | "argument-not-allowed"
  | "domain-spec"
  | "macro"
  | "ip4-network"
  | "ip6-network"
  | "prefix-length"
  | "duplicate-modifier"
  /** A character outside printable ASCII. */
  | "character";

export interface SpfSyntaxError extends SpfTermPosition {
  readonly problem: SpfSyntaxProblem;
  /** The character in the record at which reading stopped. */
  readonly at: number;
}

export type SpfRecordParse =
  | { readonly kind: "record"; readonly record: SpfRecord }
  /** `terms` are those that could be read. */
  | {
      readonly kind: "error";
      readonly errors: readonly SpfSyntaxError[];
      readonly terms: readonly SpfTerm[];
    };
