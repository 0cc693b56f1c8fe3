import type { ZoneProblem, ZoneProblemId } from "../core/dns/zone-problem.ts";
import type { Lang } from "./lang.ts";
import { zoneProblemsEn } from "./zone-problems-en.ts";
import { zoneProblemsJa } from "./zone-problems-ja.ts";

/** What is wrong in a zone file, without the place and a final stop. A missing one does not compile. */
export type ZoneProblemTexts = { readonly [Id in ZoneProblemId]: (problem: ZoneProblem<Id>) => string };

const texts: Readonly<Record<Lang, ZoneProblemTexts>> = { ja: zoneProblemsJa, en: zoneProblemsEn };

/** The words for what the parser of zone files finds wrong. */
export function zoneProblemText(problem: ZoneProblem, lang: Lang): string {
  return inWords(problem, texts[lang]);
}

function inWords<Id extends ZoneProblemId>(problem: ZoneProblem<Id>, table: ZoneProblemTexts): string {
  const write: (problem: ZoneProblem<Id>) => string = table[problem.id as Id];
  return write(problem);
}
