import type { Profile, SkipReason } from "../../checker/context.ts";
import type { SubjectName } from "../../checker/subjects.ts";
import type { RecordChange, Severity } from "../../findings/finding.ts";
import type { Lang } from "../lang.ts";
import { checkTextEn } from "./text-en.ts";
import { checkTextJa } from "./text-ja.ts";

/** What `sekisho check` says. Findings have tables of their own. */
export interface CheckText {
  readonly usage: {
    readonly badDomain: (value: string) => string;
    readonly badProfile: (value: string) => string;
    readonly badFailOn: (value: string) => string;
    readonly badSelector: (value: string) => string;
    readonly newNeedsZone: string;
    readonly newNeedsDns: string;
    readonly tooManyDomains: (limit: number) => string;
    readonly noDomains: string;
  };
  readonly title: (domain: string) => string;
  readonly profile: Readonly<Record<Profile, string>>;
  readonly profileGiven: (profile: string) => string;
  readonly profileGuessed: (profile: string) => string;
  readonly onlyNew: string;
  readonly beyondZones: string;
  readonly ownServer: (hostname: string, addresses: readonly string[]) => string;
  readonly betweenSentences: string;
  readonly subject: Readonly<Record<SubjectName, string>>;
  readonly change: Readonly<Record<RecordChange["action"], string>>;
  /** Instead of a change that was printed before. */
  readonly sameChange: string;
  /** Above a record that another finding wants in place of one that was printed. */
  readonly insteadOfChange: string;
  /** Below a record by which a DMARC policy begins to count. */
  readonly enforces: (policy: string) => string;
  readonly todo: string;
  readonly clause: string;
  readonly count: (errors: number, warnings: number, notices: number, infos: number) => string;
  readonly nothing: string;
  readonly nothingNew: string;
  readonly checked: (subjects: readonly string[]) => string;
  readonly skipped: (subjects: readonly string[]) => string;
  /** Behind the name of the subject. */
  readonly skipReason: Readonly<Record<SkipReason, string>>;
  readonly unknown: string;
  readonly notInZones: string;
  readonly progress: (done: number, all: number) => string;
  readonly summary: (domains: number, bad: number) => string;
  readonly severity: Readonly<Record<Severity, string>>;
  readonly page: {
    readonly title: (domains: readonly string[]) => string;
    readonly made: (at: string) => string;
    readonly domains: string;
    readonly facts: string;
    readonly publish: string;
  };
}

const texts: Readonly<Record<Lang, CheckText>> = { en: checkTextEn, ja: checkTextJa };

export function checkText(lang: Lang): CheckText {
  return texts[lang];
}
