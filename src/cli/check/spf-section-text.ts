import type { NodeState } from "../../checker/spf/walk-tree.ts";
import type { Lang } from "../lang.ts";

/** What `sekisho check` says about SPF beside its findings. */
export interface SpfSectionText {
  readonly title: (domain: string, lookups: number, limit: number) => string;
  readonly columns: {
    readonly lookups: string;
    readonly sum: string;
    readonly void4: string;
    readonly void6: string;
  };
  /** What is told of a name that cannot be evaluated. */
  readonly state: Readonly<Record<Exclude<NodeState, "record">, string>>;
  /** With `--offline`: of what was not asked, and of a verdict that hangs on it. */
  readonly outside: string;
  readonly unknown: string;
  readonly unused: string;
  readonly more: (count: number) => string;
  readonly clients: string;
  readonly unlisted: string;
  readonly strict: string;
  readonly lenient: string;
  readonly schools: (strict: string, lenient: string, none: string) => string;
  readonly repaired: string;
  /** Without the operator's clients that do not pass. */
  readonly repairedOnly: string;
  readonly whatIf: string;
  readonly whatIfLookups: (before: number, after: number) => string;
  readonly unknownTerms: (terms: readonly string[]) => string;
  readonly adds: (ids: readonly string[]) => string;
  readonly mends: (ids: readonly string[]) => string;
}

const en: SpfSectionText = {
  title: (domain, lookups, limit) => `SPF of ${domain}: ${lookups} of ${limit} DNS lookups`,
  columns: { lookups: "lookups", sum: "sum", void4: "void v4", void6: "void v6" },
  state: {
    none: "no SPF record",
    multiple: "several SPF records",
    syntax: "syntax error",
    failure: "DNS did not answer",
    loop: "leads back to itself",
    unvisited: "not looked at, the tree is too large",
  },
  outside: "outside the zone files, not known",
  unknown: "unknown",
  unused: "never used",
  more: (count) => `... and ${count} more lines (--json has all)`,
  clients: "client",
  unlisted: "not listed",
  strict: "strict",
  lenient: "lenient",
  schools: (strict, lenient, none) =>
    `strict: every empty answer counts, 2 are allowed (${strict}). lenient: only names with neither A nor AAAA count (${lenient}). No limit at all: ${none}.`,
  repaired: "With the record to publish:",
  repairedOnly: "With the mended record, no client added:",
  whatIf: "Tried with --add and --drop:",
  whatIfLookups: (before, after) => `DNS lookups: ${before} now, ${after} with the change.`,
  unknownTerms: (terms) => `Not in the record: ${terms.join(", ")}.`,
  adds: (ids) => `The change would bring: ${ids.join(", ")}.`,
  mends: (ids) => `The change would mend: ${ids.join(", ")}.`,
};

const ja: SpfSectionText = {
  title: (domain, lookups, limit) => `${domain} の SPF: DNS 参照 ${lookups} 回（上限 ${limit} 回）`,
  columns: { lookups: "参照", sum: "累計", void4: "空 v4", void6: "空 v6" },
  state: {
    none: "SPF レコードなし",
    multiple: "SPF レコードが複数",
    syntax: "構文エラー",
    failure: "DNS が応答しない",
    loop: "循環",
    unvisited: "大きすぎるため未確認",
  },
  outside: "ゾーンファイルの外のため不明",
  unknown: "不明",
  unused: "参照されない",
  more: (count) => `... ほか ${count} 行（--json ですべて表示）`,
  clients: "送信元",
  unlisted: "登録なし",
  strict: "厳しい側",
  lenient: "緩い側",
  schools: (strict, lenient, none) =>
    `厳しい側: 空の応答をすべて数え、2 回まで（${strict}）。緩い側: A も AAAA もない名前だけを数える（${lenient}）。上限なし: ${none}。`,
  repaired: "提示したレコードを公開した場合:",
  repairedOnly: "レコードの誤りだけを直し、送信元を加えない場合:",
  whatIf: "--add と --drop を試した結果:",
  whatIfLookups: (before, after) => `DNS 参照: 現在 ${before} 回、変更後 ${after} 回。`,
  unknownTerms: (terms) => `レコードにない項: ${terms.join("、")}。`,
  adds: (ids) => `変更によって生じる指摘: ${ids.join("、")}。`,
  mends: (ids) => `変更によって解消する指摘: ${ids.join("、")}。`,
};

const texts: Readonly<Record<Lang, SpfSectionText>> = { en, ja };

export function spfSectionText(lang: Lang): SpfSectionText {
  return texts[lang];
}
