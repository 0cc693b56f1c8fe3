import { groupNames } from "../../collect/classify/source.ts";
import { type AnyCommand, defineCommand, type ExitCode, usageError } from "../command.ts";
import { configOption } from "../config-option.ts";
import { dnsOptions } from "../dns-options.ts";
import { type OptionsOfActions, refuseOfOtherActions } from "../idle-options.ts";
import type { Io } from "../io.ts";
import type { ReportValues } from "../report/options.ts";
import { sourceOptions } from "../report/source-options.ts";

const options = {
  domain: {
    type: "string",
    value: "DOMAIN",
    help: { en: "only reports about this domain", ja: "このドメインについてのレポートだけ" },
  },
  subdomains: {
    type: "boolean",
    help: { en: "with --domain: also the domains below it", ja: "--domain のサブドメインも含める" },
  },
  reporter: {
    type: "string",
    value: "NAME",
    help: {
      en: "only reports of this reporter; a part of the name will do",
      ja: "この送信者のレポートだけ（名前の一部でも可）",
    },
  },
  kind: {
    type: "string",
    value: "aggregate|failure|tls",
    help: { en: "only reports of this kind", ja: "この種類のレポートだけ" },
  },
  since: {
    type: "string",
    value: "DATE",
    help: {
      en: "only periods that begin on this day (UTC) or later; 2026-01-31, 30d or an RFC 3339 time (sources: 30 days when left out)",
      ja: "この日（UTC）以降に始まる期間だけ。2026-01-31、30d、RFC 3339 形式の日時（sources では省略時 30 日）",
    },
  },
  before: {
    type: "string",
    value: "DATE",
    help: {
      en: "only periods that begin before this day or time",
      ja: "この日（その日を含まない）や日時より前に始まる期間だけ",
    },
  },
  outcome: {
    type: "string",
    value: "unread|conflict|skipped",
    help: {
      en: "list: mails and files that this became of",
      ja: "list で使う。読み取りの結果がこれだったメールやファイルの一覧",
    },
  },
  group: {
    type: "string",
    value: "GROUP",
    help: {
      en: `only what comes from sources of this group: ${groupNames.join(", ")}`,
      ja: `この分類の送信元によるものだけ: ${groupNames.join(", ")}`,
    },
  },
  "without-unaligned": {
    type: "boolean",
    help: {
      en: 'leave out reports whose mail is not from whom it says (marked "forged?")',
      ja: "送信者を詐称した疑いのあるメールで届いたレポート（備考が「詐称?」）を除く",
    },
  },
  limit: {
    type: "string",
    value: "NUMBER",
    help: { en: "how many to show at most (50 when left out)", ja: "表示する件数の上限（省略時は 50）" },
  },
  cursor: {
    type: "string",
    value: "TEXT",
    help: { en: "list: go on after an earlier page", ja: "list で使う。前のページの続きを表示する" },
  },
  format: {
    type: "string",
    value: "csv|ndjson",
    help: { en: "export: how (csv when left out)", ja: "export の形式（省略時は csv）" },
  },
  uncounted: {
    type: "boolean",
    help: {
      en: "export: also records of reports that are in no sum",
      ja: "export で使う。集計に含めていないレポートのレコードも出力する",
    },
  },
  "check-mail": {
    type: "boolean",
    help: {
      en: "import, reparse: check DKIM of report mail in DNS where the site's own Authentication-Results tells nothing",
      ja: "import と reparse で使う。自サイトの Authentication-Results がないレポートメールの DKIM を DNS で検証する",
    },
  },
  pipe: {
    type: "boolean",
    help: {
      en: "import: for the pipe of an MTA: exit code 0 when everything is kept, 75 (try again later) for any fault",
      ja: "import で使う。MTA の pipe 用。すべて保存できれば終了コード 0、それ以外は 75（後で再試行）",
    },
  },
  json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
  ...sourceOptions,
  ...configOption,
  ...dnsOptions,
} as const;

type Option = keyof typeof options;
interface Action {
  /** Those that mean something to it, besides `--config` and those of `dns`. */
  readonly options: readonly Option[];
  /** Whether it asks DNS. */
  readonly dns?: boolean;
  readonly maxArguments: number;
  /** Its code is loaded only when it is called. */
  load(): Promise<(values: ReportValues, args: readonly string[], io: Io) => Promise<ExitCode>>;
}

const filters = [
  "domain",
  "subdomains",
  "reporter",
  "kind",
  "since",
  "before",
  "group",
  "without-unaligned",
] as const;

const actions: Readonly<Record<string, Action>> = {
  import: {
    options: ["check-mail", "pipe", "json"],
    dns: true,
    maxArguments: Number.POSITIVE_INFINITY,
    load: async () => async (values, args, io) =>
      values.pipe
        ? (await import("../report/import-from-pipe.ts")).importFromPipe(values, args, io)
        : (await import("../report/import.ts")).importReports(values, args, io),
  },
  list: {
    options: [...filters, "outcome", "limit", "cursor", "json"],
    maxArguments: 0,
    load: async () => (await import("../report/list.ts")).listReports,
  },
  show: {
    options: ["limit", "json"],
    maxArguments: 1,
    load: async () => (await import("../report/show.ts")).showReport,
  },
  raw: {
    options: [],
    maxArguments: 1,
    load: async () => (await import("../report/raw.ts")).printRaw,
  },
  export: {
    options: [...filters, "format", "uncounted", "json"],
    maxArguments: 0,
    load: async () => (await import("../report/export.ts")).exportRecords,
  },
  reparse: {
    options: ["check-mail", "json"],
    dns: true,
    maxArguments: 0,
    load: async () => (await import("../report/reparse.ts")).reparseReports,
  },
  sources: {
    options: ["domain", "since", "before", "own", "failing", "group", "without-unaligned", "limit", "json"],
    maxArguments: 1,
    load: async () => (await import("../report/sources.ts")).showSources,
  },
  label: {
    options: ["owner", "contact", "remove", "json"],
    maxArguments: 2,
    load: async () => (await import("../report/label.ts")).labelSource,
  },
  names: {
    options: ["domain", "since", "again", "json"],
    dns: true,
    maxArguments: 0,
    load: async () => (await import("../report/names.ts")).nameNow,
  },
  backup: {
    options: [],
    maxArguments: 1,
    load: async () => (await import("../report/backup.ts")).backupReports,
  },
};

const takes: OptionsOfActions = Object.fromEntries(
  Object.entries(actions).map(([name, { options: own, dns }]) => [
    name,
    ["config", ...own, ...(dns === true ? Object.keys(dnsOptions) : [])],
  ]),
);

export const report: AnyCommand = defineCommand({
  usage: [
    "sekisho report import PATH... [--check-mail] [--json]",
    "sekisho report import --pipe -",
    "sekisho report list [--domain DOMAIN] [--since DATE] [OPTION...]",
    "sekisho report list --outcome unread|conflict|skipped",
    "sekisho report show REPORT [--limit NUMBER|--json]",
    "sekisho report raw REPORT",
    "sekisho report export [--format csv|ndjson] [OPTION...]",
    "sekisho report reparse [--check-mail] [--json]",
    "sekisho report sources DOMAIN [--own] [--failing] [--since DATE] [--json]",
    "sekisho report label [ADDRESS|NETWORK|NAME GROUP|--remove] [OPTION...]",
    "sekisho report names [--domain DOMAIN] [--since DATE] [--again]",
    "sekisho report backup FILE",
  ],
  about: {
    en: "The reports that others send about our domains. import takes in files, folders, Maildirs, mboxes, mails and archives of them; - is standard input. list and show look at what is kept; REPORT is its number, its report id or the beginning of that. raw prints the mail or file that it came in, octet by octet, as far as it is kept; unread ones are named by the id that list shows. export prints the records of aggregate reports. reparse reads everything again. sources shows the addresses that send as a domain, by whose they are and in the order of work. label says whose an address, a network or a host name is, and so it stays. names looks sources up in DNS now, as the running program does by itself. backup copies the store while it is in use.",
    ja: "自ドメインについて届いたレポートを扱います。import はファイル、フォルダー、Maildir、mbox、メール、それらのアーカイブを取り込みます（- は標準入力）。list と show は保存した内容を表示します。REPORT には番号、レポート ID、またはその先頭部分を指定します。raw は届いたメールやファイルを、保存したとおりに出力します（読めなかったものは list に表示される ID で指定）。export は集計レポートのレコードを出力します。reparse はすべてを読み直します。sources はドメインを名乗る送信元を、分類ごとに対応すべき順に表示します。label はアドレス・ネットワーク・ホスト名の分類を登録します（登録した分類が常に優先）。names は送信元のホスト名などをすぐに調べます（serve の実行中は自動）。backup は運用中のまま全体を複製します。",
  },
  options,
  maxArguments: Number.POSITIVE_INFINITY,
  async run(values, [name, ...args], io) {
    const names = Object.keys(actions);
    if (name === undefined) throw usageError(io.text.usage.missingAction("report", names));
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (action === undefined) throw usageError(io.text.usage.unknownAction("report", name, names));
    const extra = args[action.maxArguments];
    if (extra !== undefined) throw usageError(io.text.usage.tooManyArguments(extra));
    refuseOfOtherActions(values, { command: "report", action: name, takes }, io);
    return (await action.load())(values, args, io);
  },
});
