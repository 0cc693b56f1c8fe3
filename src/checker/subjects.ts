import { checkArc } from "./arc.ts";
import { checkBimi } from "./bimi.ts";
import { checkBlocklists } from "./blocklists.ts";
import type { Check } from "./context.ts";
import { checkDane } from "./dane.ts";
import { checkDkim } from "./dkim.ts";
import { checkDmarc } from "./dmarc.ts";
import { checkDns } from "./dns.ts";
import { checkDnssec } from "./dnssec.ts";
import { checkHelo } from "./helo.ts";
import { checkMtaSts } from "./mta-sts.ts";
import { checkMx } from "./mx.ts";
import { checkParked } from "./parked.ts";
import { checkPtr } from "./ptr.ts";
import { checkSpf } from "./spf/check-spf.ts";
import { checkSubdomains } from "./subdomains.ts";
import { checkTlsRpt } from "./tls-rpt.ts";

/** What is checked, by the first part of the finding ids; `facts` has a key for each. */
export type SubjectName =
  | "spf"
  | "dkim"
  | "dmarc"
  | "arc"
  | "bimi"
  | "sts"
  | "rpt"
  | "dane"
  | "mx"
  | "ptr"
  | "helo"
  | "ip"
  | "dns"
  | "dnssec"
  | "parked"
  | "sub";

export interface Subject {
  readonly name: SubjectName;
  readonly check: Check;
}

/** Every subject of `sekisho check`; all run at the same time. */
export const subjects: readonly Subject[] = [
  { name: "spf", check: checkSpf },
  { name: "dkim", check: checkDkim },
  { name: "dmarc", check: checkDmarc },
  { name: "arc", check: checkArc },
  { name: "bimi", check: checkBimi },
  { name: "sts", check: checkMtaSts },
  { name: "rpt", check: checkTlsRpt },
  { name: "dane", check: checkDane },
  { name: "parked", check: checkParked },
  { name: "mx", check: checkMx },
  { name: "ptr", check: checkPtr },
  { name: "helo", check: checkHelo },
  { name: "ip", check: checkBlocklists },
  { name: "dns", check: checkDns },
  { name: "dnssec", check: checkDnssec },
  { name: "sub", check: checkSubdomains },
];
