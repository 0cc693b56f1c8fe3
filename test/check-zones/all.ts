import type { ZoneCase } from "../check-zones.ts";
import { addressCases } from "./address.ts";
import { arcCases } from "./arc.ts";
import { bimiCases } from "./bimi.ts";
import { daneCases } from "./dane.ts";
import { dkimCases } from "./dkim.ts";
import { dmarcCases } from "./dmarc.ts";
import { dnsCases } from "./dns.ts";
import { mxCases } from "./mx.ts";
import { parkedCases } from "./parked.ts";
import { rptCases } from "./rpt.ts";
import { spfCases } from "./spf.ts";
import { stsCases } from "./sts.ts";

/** The cases of every subject. */
export const zoneCases: readonly ZoneCase[] = [
  ...spfCases,
  ...dkimCases,
  ...dmarcCases,
  ...arcCases,
  ...bimiCases,
  ...stsCases,
  ...rptCases,
  ...daneCases,
  ...parkedCases,
  ...mxCases,
  ...addressCases,
  ...dnsCases,
];
