import { providerName } from "../../collect/classify/provider.ts";
import type {
  Confidence,
  DkimWay,
  GroupName,
  ReasonParams,
  SourceReason,
  SpfWay,
} from "../../collect/classify/source.ts";
import type { Lang } from "../lang.ts";
import { sourceTextEn } from "./source-text-en.ts";
import { sourceTextJa } from "./source-text-ja.ts";

type ReasonText = {
  readonly [Id in keyof ReasonParams]: (params: ReasonParams[Id], provider: (id: string) => string) => string;
};

/** What is to be done about sources, by whose they are and what they lack. */
export type Advice =
  | "sign-own"
  | "mend-own"
  | "allow-own"
  | "find-owner"
  | "sign-service"
  | "mend-service"
  | "set-up-service"
  | "find-out"
  | "tell-whose"
  | "sign-in-spf"
  | "list"
  | "leave"
  | "ignore"
  | "low-reputation"
  | "nothing"
  | "add-to-spf";

/** What `sekisho report sources`, `names` and `label` say, in one language. */
export interface SourceText {
  readonly group: Readonly<Record<GroupName, string>>;
  /** Empty for what is certain. */
  readonly confidence: Readonly<Record<Confidence, string>>;
  readonly reason: ReasonText;
  readonly advice: Readonly<Record<Advice, string>>;
  /** In a few words, for the list of what to do first. */
  readonly task: Readonly<Partial<Record<Advice, string>>>;
  readonly dkim: (way: DkimWay, domain: string | undefined) => string;
  readonly spf: (way: SpfWay, result: string, domain: string | undefined) => string;
  readonly summary: (
    domain: string,
    messages: number,
    addresses: number,
    since: string,
    until?: string,
  ) => string;
  readonly passed: (passed: number, percent: string, dkim: number, spf: number) => string;
  readonly first: string;
  /** An address that stands for others of its kind. */
  readonly amongOthers: (address: string, others: number) => string;
  readonly firstTask: (task: string, whose: string, messages: number, addresses: number) => string;
  /** `how` is how sure that is; empty when there is nothing to say. */
  readonly title: (group: string, whose: string | undefined, how: string) => string;
  readonly sums: (messages: number, addresses: number, percent: string) => string;
  readonly labels: Readonly<Record<"why" | "do" | "owner", string>>;
  readonly columns: Readonly<
    Record<
      | "address"
      | "addresses"
      | "name"
      | "messages"
      | "dkim"
      | "spf"
      | "dmarc"
      | "from"
      | "label"
      | "group"
      | "owner",
      string
    >
  >;
  /** Messages of a span, and the days when the source was seen at all. */
  readonly seen: (messages: number, first: string, last: string) => string;
  readonly noAddress: string;
  readonly noOwner: string;
  readonly moreAddresses: (count: number) => string;
  /** A reason that holds for one address of several. */
  readonly forOne: (address: string, why: string) => string;
  /** Over a table of what had no place. */
  readonly notShown: string;
  readonly moreWays: (count: number) => string;
  readonly unnamed: (count: number) => string;
  readonly recordsGone: string;
  readonly noSources: (domain: string, since: string, until?: string) => string;
  /** For a domain below an organizational one. */
  readonly noReportsAbout: (domain: string, since: string, organizational: string) => string;
  readonly noneOwn: (domain: string) => string;
  readonly noneFailing: (domain: string) => string;
  /** Of those that other options leave. */
  readonly noneFailingHere: string;
  readonly noneInGroup: (domain: string, group: string) => string;
  readonly setNetworks: string;
  readonly missingDomain: string;
  readonly badDomain: (written: string) => string;
  readonly named: (asked: number, unanswered: number) => string;
  readonly nothingToName: string;
  readonly left: (count: number) => string;
  readonly listUnusable: (list: string) => string;
  readonly databaseUnusable: (file: string, reason: string) => string;
  readonly badPattern: (written: string) => string;
  readonly badGroup: (written: string, groups: string) => string;
  readonly missingGroup: (groups: string) => string;
  readonly groupOfRemoved: (group: string) => string;
  readonly labelled: (pattern: string, group: string) => string;
  readonly unlabelled: (pattern: string) => string;
  readonly noSuchLabel: (pattern: string) => string;
  readonly noLabels: string;
}

export function sourceText(lang: Lang): SourceText {
  return lang === "ja" ? sourceTextJa : sourceTextEn;
}

/** A reason in words. */
export function reasonText({ id, params }: SourceReason, lang: Lang): string {
  const write = sourceText(lang).reason[id] as (
    params: SourceReason["params"],
    provider: (id: string) => string,
  ) => string;
  return write(params, (provider) => providerName(provider, lang));
}
