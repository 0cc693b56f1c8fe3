import type { RuleId } from "../../config/policy-config.ts";
import type { BasisRule } from "../../filter/policy/basis.ts";
import type { Lang } from "../lang.ts";
import { policyWhyEn, rulesEn } from "./policy-why-en.ts";
import { policyWhyJa, rulesJa } from "./policy-why-ja.ts";

/** What signing did with a message as a whole (`signingDisposition`). */
type SigningRule = "sign.held" | "sign.deferred";
/** A sentence for each rule of `Disposition.why`; what stands after the rule's id is its parameter. */
export type PolicyWhyText = Readonly<
  Record<Exclude<BasisRule, "rule"> | SigningRule, (parameter: string) => string>
>;
/** What a message that breaks a rule of form does. */
export type RuleBreachText = Readonly<Record<RuleId, string>>;

const texts: Readonly<Record<Lang, PolicyWhyText>> = { en: policyWhyEn, ja: policyWhyJa };
const rules: Readonly<Record<Lang, RuleBreachText>> = { en: rulesEn, ja: rulesJa };

/** One entry of `Disposition.why` in words; a rule that this version does not know stays as it is. */
export function policyWhyText(entry: string, lang: Lang): string {
  const blank = entry.indexOf(" ");
  const rule = blank < 0 ? entry : entry.slice(0, blank);
  const parameter = blank < 0 ? "" : entry.slice(blank + 1);
  if (rule === "rule") return ruleText(parameter, lang);
  const table: Readonly<Record<string, (parameter: string) => string>> = texts[lang];
  const sentence = Object.hasOwn(table, rule) ? table[rule] : undefined;
  return sentence?.(parameter) ?? entry;
}

/** A message rule with its id. */
export function ruleText(id: string, lang: Lang): string {
  const table: Readonly<Record<string, string>> = rules[lang];
  const breach = Object.hasOwn(table, id) ? table[id] : undefined;
  return breach === undefined ? id : `${id}: ${breach}`;
}
