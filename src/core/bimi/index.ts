export { type BimiContext, type BimiInput, type BimiOptions, evaluateBimi } from "./evaluate.ts";
export { type CheckedEvidence, checkEvidence, type EvidenceOptions, type MarkSubject } from "./evidence.ts";
export type { BimiFetch, FetchOptions, FetchOutcome } from "./fetch.ts";
export { type BimiField, bimiFields, indicatorHash } from "./header-fields.ts";
export { type BimiDiscovery, type BimiQuestion, discoverBimi, type FoundAssertion } from "./lookup.ts";
export { type ReadCertificate, readMarkRoots } from "./mark-certificate.ts";
export { type BimiRecord, type BimiRecordFault, parseBimiRecord } from "./parse-record.ts";
export { type ChosenSelector, chooseSelector, parseSelectorField } from "./selector.ts";
export { type CheckedSvg, checkSvg, recommendedSvgOctets } from "./svg.ts";
