export { type AuthorDomain, authorDomain, type FromProblem } from "./author-domain.ts";
export { type DmarcDifference, dmarcDifferences } from "./difference.ts";
export { type DiscoveryChoice, type DmarcContext, discoverPolicy } from "./discovery.ts";
export {
  type AuthenticatedIdentifiers,
  evaluateDmarc,
  type PendingDmarc,
  startDmarc,
} from "./evaluate.ts";
export {
  type DmarcAlignment,
  type DmarcRecord,
  parseDmarcRecord,
  parseReportUris,
  type ReportUri,
} from "./parse-record.ts";
export type { PolicyDiscovery } from "./policy-discovery.ts";
export type { PslOptions } from "./psl-discovery.ts";
export {
  organizationalDomainBelow,
  type PublicSuffixFinder,
  parsePublicSuffixList,
} from "./public-suffix.ts";
export {
  type FoundRecord,
  organizationalDomainOf,
  type RecordAnswer,
  type RecordLookup,
  recordLookup,
  type TreeWalk,
  walkTargets,
  walkTree,
} from "./tree-walk.ts";
export { domainExists } from "./tree-walk-discovery.ts";
