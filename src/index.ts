export {
  type AuthenticationContext,
  type AuthenticationInput,
  type AuthenticationOptions,
  type ClientChecks,
  type ClientResults,
  openAuthentication,
  type SmtpClient,
  startClientChecks,
} from "./core/authenticate.ts";
export { type Clock, fixedClock, systemClock } from "./core/clock.ts";
export { createDnsClient, type DnsClient, type DnsClientOptions } from "./core/dns/client.ts";
export type { DnsAnswer, DnsResolver, DnsType } from "./core/dns/resolver.ts";
export { formatIp, type IpAddress, parseIp } from "./core/ip.ts";
export { type MessageHead, parseHead } from "./core/message/message.ts";
export type {
  AuthResult,
  AuthResults,
  DkimProblem,
  DkimResult,
  DkimWord,
  DmarcPolicy,
  DmarcProblem,
  DmarcResult,
  DmarcWord,
  DnsTraceEntry,
  IprevResult,
  SpfProblem,
  SpfResult,
  SpfTraceStep,
  SpfWord,
} from "./core/results.ts";
export type { Verification } from "./core/verification.ts";
export { type VerifyOptions, verify } from "./core/verify.ts";
