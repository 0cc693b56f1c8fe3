export { type AuthorDomain, authorDomain, type FromProblem } from "./author-domain.ts";
export { type DmarcContext, discoverPolicy, domainExists, type PolicyDiscovery } from "./discovery.ts";
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
