import { checkRules } from "../src/findings/check/ids.ts";
import { laterChecks } from "../src/findings/check/later.ts";
import type {
  Finding,
  FindingId,
  FindingNeed,
  FindingParams,
  FindingRule,
  Severity,
} from "../src/findings/finding.ts";
import type { Lang } from "../src/findings/lang.ts";
import { finding, writeFinding } from "../src/findings/table.ts";
import { zoneCases } from "../test/check-zones/all.ts";
import { findingOf } from "../test/check-zones.ts";
import { samples } from "./finding-samples.ts";

interface Words {
  readonly head: readonly string[];
  readonly severity: Readonly<Record<Severity, string>>;
  readonly needs: Readonly<Record<FindingNeed, string>>;
  readonly example: string;
  readonly fix: string;
  readonly change: string;
  readonly later: readonly string[];
  readonly table: string;
}

const words: Readonly<Record<Lang, Words>> = {
  en: {
    head: [
      "# Findings of `sekisho check`",
      "",
      "[日本語](findings.ja.md)",
      "",
      "Every finding has an id that stays, so that scripts may switch on it. The sentences below are examples: each comes from a zone of the test suite that brings the finding up, checked by the command itself. This page is made by `tools/generate-findings-doc.ts`.",
      "",
      "*error*: mail or authentication breaks. *warning*: it may, or somebody can forge. *notice*: advice. *info*: a fact to know. A severity is that of the rule; a finding about something that may not matter here is told as a notice.",
    ],
    severity: { error: "error", warning: "warning", notice: "notice", info: "info" },
    needs: {
      dns: "DNS",
      zone: "a zone file (`--zone`)",
      key: "a private key of yours",
      https: "HTTPS",
      smtp: "SMTP",
      message: "a message",
      reports: "reports",
    },
    example: "For example",
    fix: "Do",
    change: "The printed change",
    later: ["## Known, not yet looked for", "", "These need more than DNS, zone files and keys."],
    table: "| id | severity | needs | source | finds |",
  },
  ja: {
    head: [
      "# `sekisho check` の指摘一覧",
      "",
      "[English](findings.md)",
      "",
      "指摘には変わらない id があり、スクリプトの条件に使えます。以下の文は例で、どれもテスト用のゾーンをこのコマンドで調べて得たものです。このページは `tools/generate-findings-doc.ts` が作ります。",
      "",
      "*エラー*: メールや認証が成り立たない。*警告*: そうなるおそれがある、または詐称できる。*注意*: 助言。*情報*: 知っておくこと。ここにあるのは規則としての重大度で、影響がはっきりしない場合は注意として示します。",
    ],
    severity: { error: "エラー", warning: "警告", notice: "注意", info: "情報" },
    needs: {
      dns: "DNS",
      zone: "ゾーンファイル（`--zone`）",
      key: "手元の秘密鍵",
      https: "HTTPS",
      smtp: "SMTP",
      message: "メール",
      reports: "レポート",
    },
    example: "例",
    fix: "対処",
    change: "表示する変更",
    later: ["## まだ調べないもの", "", "DNS、ゾーンファイル、鍵のほかに必要なものがある項目です。"],
    table: "| id | 重大度 | 必要なもの | 根拠 | 内容 |",
  },
};

/** One example of each finding, as the command prints it for the first zone of the test suite that brings it up. */
export async function findingExamples(): Promise<ReadonlyMap<string, Finding>> {
  const found = new Map<string, Finding>(sampleFindings().map((one) => [one.id, one]));
  for (const one of zoneCases) {
    if (found.has(one.id)) continue;
    const printed = await findingOf(one);
    if (printed !== undefined) found.set(one.id, printed as unknown as Finding);
  }
  return found;
}

function sampleFindings(): Finding[] {
  const ids = Object.keys(samples) as (keyof typeof samples)[];
  return ids.map((id) => finding(id, "example.jp", samples[id] as FindingParams[typeof id]));
}

/** docs/findings.md or its Japanese counterpart. */
export function findingsDocument(lang: Lang, examples: ReadonlyMap<string, Finding>): string {
  const w = words[lang];
  const ids = Object.keys(checkRules) as (keyof typeof checkRules)[];
  const bySubject = Map.groupBy(ids, (id) => id.split(".")[0] as string);
  const sections = [...bySubject]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([subject, ids]) => [
      "",
      `## ${subject}`,
      ...ids.flatMap((id) => section(id, examples.get(id), lang)),
    ]);
  const rows = laterChecks.map(
    ({ id, severity, needs, basis, finds }) =>
      `| \`${id}\` | ${w.severity[severity]} | ${w.needs[needs]} | ${basis} | ${finds[lang]} |`,
  );
  return [...w.head, ...sections, "", ...w.later, "", w.table, "|---|---|---|---|---|", ...rows, ""].join(
    "\n",
  );
}

const maxLine = 160;

function section(id: FindingId, example: Finding | undefined, lang: Lang): string[] {
  const w = words[lang];
  const { severity, needs = "dns", basis }: FindingRule = checkRules[id as keyof typeof checkRules];
  const head = ["", `### \`${id}\``, "", `${w.severity[severity]} · ${w.needs[needs]} · ${basis}`];
  if (example === undefined) return head;
  const { text, fix, change } = writeFinding(example, lang);
  const records = (change ?? []).map(({ action, name, type, data }) => {
    const line = `${action === "add" ? "+" : "-"} ${name}. ${type} ${data}`;
    return line.length > maxLine ? `${line.slice(0, maxLine)}...` : line;
  });
  return [
    ...head,
    "",
    `${w.example}: ${escaped(text)}`,
    ...(fix === undefined ? [] : ["", `${w.fix}: ${escaped(fix)}`]),
    ...(records.length === 0 ? [] : ["", `${w.change}:`, "", "```diff", ...records, "```"]),
  ];
}

/** What Markdown would take for markup. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_<>[\]|]/g, (char) => `\\${char}`);
}
