import type { ReportWarning } from "./warnings.ts";

/** A TLS report (RFC 8460 §4); reporters leave out nearly everything. */
export interface TlsReport {
  readonly kind: "tls";
  readonly organizationName?: string;
  readonly contactInfo?: string;
  readonly reportId: string;
  /** Seconds since 1970, UTC. */
  readonly begin: number;
  readonly end: number;
  readonly policies: readonly TlsPolicyResult[];
  readonly warnings: readonly ReportWarning[];
}

export interface TlsPolicyResult {
  /** `tlsa`, `sts`, `no-policy-found`, or what stood there. */
  readonly policyType: string;
  readonly policyDomain?: string;
  readonly policyString: readonly string[];
  readonly mxHost: readonly string[];
  readonly successful: number;
  readonly failed: number;
  readonly failures: readonly TlsFailureDetail[];
}

export interface TlsFailureDetail {
  readonly resultType: string;
  readonly sendingMtaIp?: string;
  readonly receivingMxHostname?: string;
  readonly receivingMxHelo?: string;
  readonly receivingIp?: string;
  readonly failedSessions: number;
  readonly additionalInformation?: string;
  readonly failureReasonCode?: string;
}
