import type { FindingRules } from "../finding.ts";
import { type AddressFindings, addressRules } from "./address.ts";
import { type BimiFindings, bimiRules } from "./bimi.ts";
import { type DkimFindings, dkimRules } from "./dkim.ts";
import { type DmarcFindings, dmarcRules } from "./dmarc.ts";
import { type DnsFindings, dnsRules } from "./dns.ts";
import { type MxFindings, mxRules } from "./mx.ts";
import { type ParkedFindings, parkedRules } from "./parked.ts";
import { type SpfFindings, spfRules } from "./spf.ts";
import { type TransportFindings, transportRules } from "./transport.ts";

/** What `sekisho check` can find in what a domain publishes, by subject. */
export interface CheckFindings
  extends SpfFindings,
    DnsFindings,
    AddressFindings,
    MxFindings,
    BimiFindings,
    DkimFindings,
    DmarcFindings,
    ParkedFindings,
    TransportFindings {}

export const checkRules: FindingRules<CheckFindings> = {
  ...spfRules,
  ...dnsRules,
  ...addressRules,
  ...mxRules,
  ...bimiRules,
  ...dkimRules,
  ...dmarcRules,
  ...parkedRules,
  ...transportRules,
};
