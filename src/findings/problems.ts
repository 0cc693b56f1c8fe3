import type { DnsFailureReason } from "../core/dns/resolver.ts";
import type { ArcProblem, DkimProblem, DmarcProblem, IprevResult, SpfProblem } from "../core/results.ts";
import type { BimiProblemText } from "./bimi-problems.ts";
import type { Lang } from "./lang.ts";
import { en } from "./problems-en.ts";
import { ja } from "./problems-ja.ts";

export type IprevProblem = NonNullable<IprevResult["problem"]>;

/** One sentence for every `problem` that a result can carry. Complete, or it does not compile. */
export interface ProblemText extends BimiProblemText {
  readonly iprev: Readonly<Record<IprevProblem, string>>;
  readonly spf: Readonly<Record<SpfProblem, string>>;
  readonly dkim: Readonly<Record<DkimProblem, string>>;
  readonly arc: Readonly<Record<ArcProblem, string>>;
  readonly dmarc: Readonly<Record<DmarcProblem, string>>;
  readonly dns: Readonly<Record<DnsFailureReason, string>>;
}

const texts: Readonly<Record<Lang, ProblemText>> = { ja, en };

export function problemText(lang: Lang): ProblemText {
  return texts[lang];
}
