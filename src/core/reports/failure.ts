import type { IpAddress } from "../ip.ts";
import type { ReportWarning } from "./warnings.ts";

/** A failure report (RFC 6591, RFC 9991, RFC 5965), or what a gateway sent in place of one. Everything is optional but how it was read. */
export interface FailureReport {
  readonly kind: "failure";
  /** ARF by RFC 5965, or one of the forms that are not. */
  readonly form: "arf" | "text" | "gateway";
  readonly feedbackType?: string;
  readonly authFailure?: string;
  readonly userAgent?: string;
  readonly version?: string;
  readonly reportedDomain?: string;
  readonly sourceIp?: IpAddress;
  /** Milliseconds since 1970. */
  readonly arrivalDate?: number;
  readonly originalMailFrom?: string;
  readonly originalRcptTo?: string;
  readonly originalEnvelopeId?: string;
  readonly reportedUri: readonly string[];
  readonly incidents: number;
  readonly identityAlignment?: string;
  readonly deliveryResult?: string;
  readonly authenticationResults?: string;
  readonly dkimDomain?: string;
  readonly dkimIdentity?: string;
  readonly dkimSelector?: string;
  readonly spfDns?: string;
  /** Fields that are not named here: as they stood. */
  readonly otherFields: readonly { readonly name: string; readonly value: string }[];
  /** The reported message, decoded for people; the octets stay in the raw document. */
  readonly message?: {
    readonly from?: string;
    readonly to?: string;
    readonly subject?: string;
    readonly date?: string;
    readonly messageId?: string;
    readonly hasBody: boolean;
  };
  readonly warnings: readonly ReportWarning[];
}
