/** SPF: check_host() for a client and a domain, both identities of an SMTP transaction, records by themselves. */
export type { SpfProblem, SpfResult, SpfTraceStep, SpfWord, VoidCounts } from "../results.ts";
export { type CheckHostInput, checkHost, type SpfOptions } from "./check-host.ts";
export type { DomainSpec } from "./domain-spec.ts";
export type { SpfSender } from "./evaluation.ts";
export type { VoidCounting } from "./lookup-budget.ts";
export type { Macro, MacroLetter, MacroString } from "./macro-string.ts";
export { isSpfRecord, parseSpfRecord } from "./parse-record.ts";
export type {
  AllMechanism,
  ExistsMechanism,
  HostMechanism,
  IncludeMechanism,
  IpMechanism,
  KnownModifier,
  PtrMechanism,
  SpfDirective,
  SpfMechanism,
  SpfModifier,
  SpfQualifierWord,
  SpfRecord,
  SpfRecordParse,
  SpfSyntaxError,
  SpfSyntaxProblem,
  SpfTerm,
  SpfTermPosition,
} from "./record.ts";
export { parseSender } from "./sender.ts";
export { type SpfResults, type VerifySpfInput, verifySpf } from "./verify.ts";
