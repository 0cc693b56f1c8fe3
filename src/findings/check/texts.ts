import type { FindingText } from "../finding.ts";
import type { Lang } from "../lang.ts";
import type { CheckFindings } from "./ids.ts";
import { spfEn } from "./spf-en.ts";
import { spfJa } from "./spf-ja.ts";

/** The sentences of every finding of `sekisho check`. */
export const checkTexts: Readonly<Record<Lang, FindingText<CheckFindings>>> = {
  en: { ...spfEn },
  ja: { ...spfJa },
};
