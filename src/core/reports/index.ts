export type {
  AggregateHead,
  AggregateOutcome,
  AggregateRecord,
  DkimAuthResult,
  PolicyOverride,
  PublishedPolicy,
  SpfAuthResult,
  UnreadReason,
} from "./aggregate.ts";
export type { ReportHints } from "./aggregate-head.ts";
export {
  type AggregateReader,
  type AggregateReaderOptions,
  openAggregateReader,
} from "./aggregate-reader.ts";
export type { FailureReport } from "./failure.ts";
export { type FeedbackParts, readFeedbackReport } from "./failure-arf.ts";
export type { TlsFailureDetail, TlsPolicyResult, TlsReport } from "./tlsrpt.ts";
export { readTlsReport, type TlsOutcome } from "./tlsrpt-json.ts";
export type { ReportWarning } from "./warnings.ts";
