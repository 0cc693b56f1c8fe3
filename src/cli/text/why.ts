import type { Lang } from "../lang.ts";
import { whyEn } from "./why-en.ts";
import { whyJa } from "./why-ja.ts";

/** The rules by which clients are classified, as `RecordedClient.why` names them. */
export type WhyRule =
  | `client.${"unix" | "simulated" | "none" | "no-address"}`
  | `auth.${"login" | "relay"}`
  | `networks.${"none" | "submitters" | "relays" | "own"}`
  | "socket.sign"
  | `unverified.${"local" | "submitter"}`
  | "spf.no-address"
  | `relay.${"no-head" | "received" | "submitter" | "local" | "no-received" | "syntax" | "no-address"}`
  | `relay.${"ambiguous-address" | "too-many-hops" | "unknown-by"}`
  | `sign.${"socket" | "submitter" | "local"}`
  | `lists.${"socket" | "network" | "list-id"}`;
/** A sentence for each rule; what stands after the rule's id is its parameter. */
export type WhyText = Readonly<Record<WhyRule, (parameter: string) => string>>;

const texts: Readonly<Record<Lang, WhyText>> = { en: whyEn, ja: whyJa };

/** One entry of `RecordedClient.why` in words; a rule that this version does not know stays as it is. */
export function whyText(entry: string, lang: Lang): string {
  const blank = entry.indexOf(" ");
  const rule = blank < 0 ? entry : entry.slice(0, blank);
  const table: Readonly<Record<string, (parameter: string) => string>> = texts[lang];
  const sentence = Object.hasOwn(table, rule) ? table[rule] : undefined;
  return sentence?.(blank < 0 ? "" : entry.slice(blank + 1)) ?? entry;
}
