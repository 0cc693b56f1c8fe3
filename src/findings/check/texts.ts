import type { FindingText } from "../finding.ts";
import type { Lang } from "../lang.ts";
import { addressEn } from "./address-en.ts";
import { addressJa } from "./address-ja.ts";
import { bimiEn } from "./bimi-en.ts";
import { bimiJa } from "./bimi-ja.ts";
import { dkimEn } from "./dkim-en.ts";
import { dkimJa } from "./dkim-ja.ts";
import { dmarcEn } from "./dmarc-en.ts";
import { dmarcJa } from "./dmarc-ja.ts";
import { dnsEn } from "./dns-en.ts";
import { dnsJa } from "./dns-ja.ts";
import type { CheckFindings } from "./ids.ts";
import { mxEn } from "./mx-en.ts";
import { mxJa } from "./mx-ja.ts";
import { parkedEn } from "./parked-en.ts";
import { parkedJa } from "./parked-ja.ts";
import { spfEn } from "./spf-en.ts";
import { spfJa } from "./spf-ja.ts";
import { transportEn } from "./transport-en.ts";
import { transportJa } from "./transport-ja.ts";

/** The sentences of every finding of `sekisho check`. */
export const checkTexts: Readonly<Record<Lang, FindingText<CheckFindings>>> = {
  en: {
    ...spfEn,
    ...dnsEn,
    ...addressEn,
    ...mxEn,
    ...bimiEn,
    ...dkimEn,
    ...dmarcEn,
    ...parkedEn,
    ...transportEn,
  },
  ja: {
    ...spfJa,
    ...dnsJa,
    ...addressJa,
    ...mxJa,
    ...bimiJa,
    ...dkimJa,
    ...dmarcJa,
    ...parkedJa,
    ...transportJa,
  },
};
