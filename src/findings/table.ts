import { checkRules } from "./check/ids.ts";
import { checkTexts } from "./check/texts.ts";
import type { Finding, FindingId, FindingParams, FindingRule, FindingRules, FindingText } from "./finding.ts";
import { keyRules } from "./keys.ts";
import { keysEn } from "./keys-en.ts";
import { keysJa } from "./keys-ja.ts";
import type { Lang } from "./lang.ts";
import { opendkimRules } from "./opendkim.ts";
import { opendkimEn } from "./opendkim-en.ts";
import { opendkimJa } from "./opendkim-ja.ts";
import { postfixRules } from "./postfix.ts";
import { postfixEn } from "./postfix-en.ts";
import { postfixJa } from "./postfix-ja.ts";

/** Severity and basis of every finding. */
export const findingRules: FindingRules<FindingParams> = {
  ...postfixRules,
  ...keyRules,
  ...opendkimRules,
  ...checkRules,
};

/** The sentences of every finding. */
export const findingTexts: Readonly<Record<Lang, FindingText>> = {
  en: { ...postfixEn, ...keysEn, ...opendkimEn, ...checkTexts.en },
  ja: { ...postfixJa, ...keysJa, ...opendkimJa, ...checkTexts.ja },
};

/** A finding with the severity that the table gives it. */
export function finding<Id extends FindingId>(id: Id, subject: string, params: FindingParams[Id]): Finding {
  return { id, severity: findingRules[id].severity, subject, params } satisfies Finding<Id>;
}

/** A finding as people and programs read it: the shape of `check --json`. */
export interface WrittenFinding extends Finding {
  readonly text: string;
  readonly fix?: string;
  readonly basis: string;
}

export function writeFinding<Id extends FindingId>(found: Finding<Id>, lang: Lang): WrittenFinding {
  const rule: FindingRule = findingRules[found.id];
  const { text, fix } = findingTexts[lang][found.id];
  return {
    id: found.id,
    severity: found.severity,
    subject: found.subject,
    params: found.params,
    text: text(found.params),
    ...(fix === undefined ? {} : { fix: fix(found.params) }),
    ...(found.change === undefined ? {} : { change: found.change }),
    basis: rule.basis,
  };
}
