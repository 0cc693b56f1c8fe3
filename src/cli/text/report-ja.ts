import type { ReportDestination } from "../../store/reports/port.ts";
import type { ReportText } from "./report-text.ts";

const warnings: Readonly<Record<string, string>> = {
  "filled-in": "値がないため、分かる範囲でメールやファイル名から補いました",
  "no-record": "レコードがありません（送信者が動いていることだけが分かります）",
  repeated: "2 つあるため、最初の値を使いました",
  "bad-count": "普通の数になっていません",
  "bad-source-ip": "IP アドレスではありません",
  "no-source-ip": "値がないため、アドレスなしとして数えました",
  "no-header-from": "値がありません",
  "no-disposition": "値がないため、none とみなしました",
  "unknown-value": "RFC にない値です。そのまま残しました",
  "worked-out": "値がないため、認証結果から求めました",
  "odd-time": "1970 年からの秒数で書かれていません",
  "end-before-begin": "終わりが始まりより前のため、入れ替えました",
  "cut-off": "ファイルが途中で切れています。完全なレコードは残しました",
  "several-rows": "1 つの record に複数あります。row ごとに 1 レコードとして数えます",
  "tags-mismatched": "要素が閉じていないか、余分に閉じています",
  "value-cut": "長すぎるため切り詰めました",
  "charset-guessed": "宣言と異なる文字コードのため推定しました",
  "charset-unknown": "未知の文字コードです",
  "escaped-twice": "文書全体が二重にエスケープされています",
  "too-many": "多すぎるため残りを省きました",
  "no-policy-domain": "値がありません",
  "no-feedback-type": "値がありません",
};
const reasons: Readonly<Record<string, string>> = {
  unused: "報告する内容がないという通知です",
  empty: "中身が空です",
  "no-report": "レポートのないメールです",
  "not-xml": "XML ではありません",
  "not-json": "JSON ではありません",
  "not-a-report": "レポートではありません",
  "document-type": "独自の宣言を含む DOCTYPE があるため拒否しました",
  "no-domain": "ドメインが書かれていません",
  "no-date-range": "1973 年から 2100 年までの期間が書かれていません",
  "too-large": "大きすぎるため拒否しました",
  "too-deep": "入れ子が深すぎるため拒否しました",
  "cut-off": "最初のレコードより前で切れています",
  bomb: "展開するとレポートとしてありえない大きさになるため拒否しました",
  "too-many-entries": "1 つのメールやアーカイブに含まれるファイルが多すぎるため拒否しました",
  damaged: "アーカイブが壊れています",
  encrypted: "アーカイブが暗号化されています",
  "unknown-method": "未知の圧縮方式です",
  fault: "Sekisho の不具合で読めませんでした。内容は保存してあり、report reparse で読み直せます",
};
const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: "ファイルもフォルダーもありません",
  ENOTDIR: "ファイルもフォルダーもありません",
  EACCES: "権限がありません",
  EPERM: "権限がありません",
  EFBIG: "大きすぎます",
  ELOOP: "リンクが循環しています",
  "not-a-file": "ファイルでもフォルダーでもありません",
  damaged: "アーカイブが壊れています",
};

function destinationText(destination: ReportDestination, domain: string): string {
  switch (destination.result) {
    case "named":
      return `受信した時点で、${domain} のレコードにあるレポート送付先でした`;
    case "not-named":
      return `受信した時点で、${domain} のレコードには別の送付先しかありませんでした`;
    case "no-record":
      return `受信した時点で、${domain} はこの種類のレポートの送付先を公開していませんでした`;
    case "unknown":
      return `DNS の応答がなく、${domain} のレコードにある送付先かどうか確認できませんでした`;
    case "unconfirmed":
      return `${domain} のレコードにある送付先ですが、${destination.name} に TXT レコード "v=DMARC1" がありませんでした。RFC 9990 §4 に従う送信者からはレポートが届きません`;
  }
}

export const reportJa: ReportText = {
  kind: { aggregate: "集計", failure: "失敗", tls: "TLS" },
  outcome: {
    saved: "保存",
    seen: "受信済み",
    conflict: "内容の食い違い",
    skipped: "対象なし",
    unread: "読めず",
  },
  progress: (done, all, perSecond, left) =>
    `${all} ファイル中 ${done} 件、毎秒 ${perSecond} 件${left === undefined ? "" : `、残り ${left}`}`,
  moreOfArrival: (count) => `読めないものや内容の食い違うものが、この中にほかに ${count} 件あります`,
  conflict: (reporter, id) =>
    `${reporter} のレポート ${id} は、内容の異なるものがすでに届いています。両方を残し、一方だけを集計します`,
  lost: (reason) => `読み込めません: ${systemReasons[reason] ?? reason}`,
  summary: (arrivals, seconds) => `メールとファイル ${arrivals} 件（${seconds} 秒）`,
  readTotals: (records, messages) => `レコード ${records} 件、メール ${messages} 通`,
  notRead: (files) => `読み込めないファイル ${files} 件`,
  lookAtUnread:
    "読めなかったものは sekisho report list --outcome unread で、その原文は sekisho report raw で確認できます。",
  nothingLies: "読み込むものがありません",
  noReports: "レポートはありません",
  nothingOdd: "該当するメールやファイルはありません",
  emptyPipe: "パイプからメールが届きませんでした。MTA には後で再試行するよう伝えます",
  lookAtRaw: "届いたままの内容は、sekisho report raw に ID を指定すると表示できます。",
  noSuchReport: (key) => `レポート ${key} はありません。sekisho report list で一覧を表示できます`,
  ambiguous: (id) => `ID が ${id} か、それで始まるレポートが複数あります。番号で指定してください:`,
  noStore: (path) =>
    `まだレポートが取り込まれていません: ${path} がありません（フォルダーは設定の data_dir で決まります）`,
  noSuchReporter: (name, known) =>
    known === ""
      ? `送信者 ${name} はありません`
      : `送信者 ${name} はありません。次の送信者があります: ${known}`,
  severalReporters: (name, found) => `${name} に当てはまる送信者が複数あります: ${found}`,
  rawGone: (key) => `${key} の原文は、保存期間を過ぎたため残っていません`,
  more: (option) => `続きがあります: ${option}`,
  lookedThrough: (reports, day, option) =>
    `${day} までの ${reports} 件を調べました。続きを調べるには: ${option}`,
  moreOdd: (option) => `続きがあります: ${option}、または最後の行の到着日を --before に指定`,
  moreRecords: (count, command) => `残りのレコード ${count} 件: ${command}`,
  columns: {
    key: "番号",
    begin: "開始日",
    domain: "ドメイン",
    reporter: "送信者",
    kind: "種類",
    records: "行数",
    messages: "通数",
    notes: "備考",
    source: "接続元",
    disposition: "処理",
    author: "From",
    when: "到着日",
    id: "ID",
    reason: "理由",
    via: "場所",
  },
  labels: {
    reporter: "送信者",
    contact: "連絡先",
    id: "レポート ID",
    domain: "ドメイン",
    period: "期間",
    policy: "ポリシー",
    counts: "内容",
    mail: "メール",
    sentTo: "送付先",
    arrived: "到着",
    digest: "原文",
    conflicts: "食い違い",
    warnings: "不備",
    errors: "エラー",
    source: "接続元",
    result: "失敗",
    why: "Identity-Alignment",
    delivery: "配送結果",
    envelopeFrom: "MAIL FROM",
    envelopeTo: "RCPT TO",
    results: "認証結果",
    dkim: "DKIM",
    spf: "SPF",
    author: "From",
    to: "To",
    subject: "件名",
    date: "日付",
    messageId: "Message-ID",
    mxHosts: "MX",
    sessions: "セッション",
    failures: "失敗",
  },
  notes: {
    damaged: "破損",
    conflict: "食い違い",
    counted: "集計対象",
    notCounted: "集計外",
    unaligned: "詐称?",
    expired: "期限切れ",
    heartbeat: "0通",
  },
  noteDays: (days) => `${days}日分`,
  noteWarnings: (count) => `不備${count}`,
  legend: {
    damaged: "データベース内で壊れています。対処方法は report show で確認できます",
    conflict: "同じレポートとされているのに内容の異なるものがあり、集計に含めていません",
    counted: "食い違うレポートのうち、集計に含めているものです",
    notCounted: "集計に含めていません",
    unaligned: "名乗りとは異なる送信者からのメールです（--without-unaligned で除外できます）",
    expired: "保存期間を過ぎたレコードを削除済みです",
    heartbeat: "メールはなく、送信者が動いていることだけが分かります",
    days: "1 日を超える期間のレポートです。集計では通数を日数で割り振ります",
    warnings: "不備を補って読み取りました。内容は report show で確認できます",
  },
  someNumber: "N",
  oddities: "不備N",
  mail: {
    aligned: "名乗りどおりの送信者からです",
    unaligned: "名乗りとは異なる送信者からです",
    unknown: "名乗りどおりの送信者からかどうか分かりません",
  },
  mailBy: {
    "authentication-results": "自サイトの Authentication-Results による",
    arc: "ARC による",
    dkim: "DKIM 署名による",
    none: "",
  },
  destination: destinationText,
  counts: (records, messages) => `レコード ${records} 件、メール ${messages} 通`,
  sessions: (successful, failed) => `成功 ${successful}、失敗 ${failed}`,
  notCounted: "集計には含めていません",
  recordsExpired: "一部のレコードは保存期間を過ぎて削除済みです",
  heartbeat: "メールはありません（送信者が動いていることだけが分かります）",
  spreadOver: (days) => `（${days} 日分。集計では通数を日数で割り振ります）`,
  sentenceGap: "。",
  sameReport: (keys, counted) =>
    `${keys}（同じレポートとされていますが、内容が異なります。${counted ? "このレポートを集計しています" : "このレポートは集計していません"}）`,
  noAddress: "（なし）",
  nullSender: "<>",
  headersOnly: "ヘッダーのみ",
  leftOut: {
    body: "元のメールの本文は保存していません (collect.failure)。",
    "body-and-local-parts":
      "元のメールの本文は保存していません。アドレスのローカル部は置き換えてあります (collect.failure)。",
  },
  times: (count) => `${count} 回`,
  warning: (id) => warnings[id] ?? id,
  reason: (reason) => reasons[reason] ?? reason,
  reparsed: (arrivals, changed) =>
    `メールとファイル ${arrivals} 件を読み直し、${changed} 件の結果が変わりました`,
  rawOver: (count) => `${count} 件は原文の保存期間を過ぎたため、読み取り済みの内容のままです`,
  damagedParts: (count) => `${count} 件はデータベース内で壊れているため、読み直せませんでした`,
  nothing: "なし",
  backedUp: (path) => `すべてを ${path} に保存しました`,
  backupExists: (path) => `${path} はすでにあります。別のファイルを指定してください`,
  noBackupFolder: (path) => `${path} に書き込めません: フォルダーがありません`,
  rawIsNoText: "テキストではありません。ファイルに書き出してください（sekisho report raw REPORT > FILE）",
  subdomainsOfWhat: "--subdomains は --domain とともに指定してください",
  exportOfKind: (kind) => `export の対象は集計レポートのレコードで、--kind ${kind} とは併用できません`,
  groupOfKind: (kind) => `--group は集計レポートのレコードが対象で、--kind ${kind} とは併用できません`,
  notForOutcome: (option, outcome) => `${option} は --outcome ${outcome} と併用できません`,
  emptySpan: (since, before) =>
    `--since ${since} が --before ${before} より前ではないため、該当するレポートはありえません`,
  badDate: (option, value) =>
    `${option}: "${value}" は日付（2026-01-31）でも、RFC 3339 形式の日時でも、30d のような期間でもありません`,
  badCursor: (value) =>
    `--cursor: "${value}" は使えません。sekisho report list が表示した値を指定してください`,
  badChoice: (option, value, choices) =>
    `${option}: "${value}" は使えません。${choices} のいずれかを指定してください`,
  badNumber: (option, value) => `${option}: "${value}" は 1 以上の数ではありません`,
};
