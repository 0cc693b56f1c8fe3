/** DNS as the protocols need it: answers with TTL and AD bit, told apart by kind; a caching client; zone files. */
export {
  type AuthoritativeOptions,
  type AuthoritativeServers,
  authoritativeServers,
  type FoundServers,
  type NamedZoneServers,
  type ServerAnswer,
  type ZoneFinding,
  type ZoneServer,
} from "./authoritative.ts";
export type { DnsCacheLimits } from "./cache.ts";
export { createDnsClient, type DnsClient, type DnsClientOptions, type DnsClientStats } from "./client.ts";
export { askDirectly, type DirectAnswer, type DirectOptions } from "./direct.ts";
export { type MemoryResolver, type MemoryZone, memoryResolver } from "./memory.ts";
export type {
  DnsAnswer,
  DnsFailureReason,
  DnsQueryOptions,
  DnsRecordOf,
  DnsResolver,
  DnsType,
  MxRecord,
  SoaRecord,
  TlsaRecord,
  TxtRecord,
} from "./resolver.ts";
export { parseServerAddress, type ServerAddress } from "./server-address.ts";
export { type DnsTrace, traceResolver } from "./trace.ts";
export { zoneResolver } from "./zone.ts";
export { parseZone, type Zone } from "./zone-parse.ts";
export type { ZoneProblem } from "./zone-problem.ts";
