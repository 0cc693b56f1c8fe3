import type { DkimResult } from "../../core/results.ts";
import type { DmarcOutcome } from "../../store/port.ts";
import type { CliText } from "./text.ts";

const meant = (name: string | undefined): string =>
  name === undefined ? "" : `（${name}ではありませんか？）`;
const octets = (count: number): string => `${count.toLocaleString("ja-JP")} バイト`;
const list = (words: readonly string[]): string => words.join("、");

const discovery = { treewalk: "ツリーウォーク", psl: "public suffix list" } as const;

export const ja: CliText = {
  usage: {
    unknownCommand: (name, guess) => `「${name}」というコマンドはありません${meant(guess && `「${guess}」`)}`,
    unknownOption: (option, guess) => `${option} というオプションはありません${meant(guess && `${guess} `)}`,
    optionNeedsValue: (option, value) => `${option} には値が必要です: ${option} ${value}`,
    optionTakesNoValue: (option) => `${option} に値は指定できません`,
    missingArgument: (name) => `${name} が指定されていません`,
    tooManyArguments: (argument) => `引数「${argument}」は余分です`,
    emptyArgument: '空の引数（""）があります。シェルの変数が設定されているか確かめてください',
    unknownAction: (command, action, actions) =>
      `${command} に「${action}」という操作はありません（指定できるのは ${list(actions)}）`,
    missingAction: (command, actions) => `${command} の操作を指定してください: ${list(actions)}`,
    badLang: (value) => `--lang: 「${value}」は ja でも en でもありません`,
    badIp: (where, value) => `${where}: 「${value}」は IP アドレスではありません`,
    badTime: (option, value) =>
      `${option}: 「${value}」は RFC 3339 形式の日時（例 2026-01-31T09:00:00Z）ではありません`,
    badSeconds: (option, value) => `${option}: 「${value}」は 0.1 から 300 までの秒数ではありません`,
    badServer: (option, value) =>
      `${option}: 「${value}」はアドレスとして読めません（例 192.0.2.53、[2001:db8::53]:5353）`,
    offlineNeedsZone: "--offline では DNS に問い合わせないため、--zone FILE が 1 つ以上必要です",
    nullSenderNeedsHelo: "送信者が空（<>）の場合はドメインがないため、HELO の指定が必要です",
    notWithBatch: (option) => `${option} は --batch と同時に指定できません（値は行ごとに書きます）`,
    notForAction: (option, command, others) =>
      `${option} は ${command} では使えません。外してください${others.length === 0 ? "" : `（使えるのは ${list(others)}）`}`,
    onlyWith: (option, needed) =>
      `${option} は ${needed} がなければ意味がありません。${needed} も指定するか、${option} を外してください`,
    nothingBeside: (option, other) =>
      `${option} は ${other} と同時に指定しても意味がありません。どちらかを外してください`,
    domainTwice: (argument) =>
      `ドメインが「${argument}」と --domain で二重に指定されています。どちらかを外してください`,
    badAuthservId: (value) => `--authserv-id: 「${value}」は使えません（例 mx.example.jp）`,
    seeHelp: (command) => `使い方: sekisho ${command === undefined ? "" : `${command} `}--help`,
  },
  failed: {
    fileUnreadable: (file, reason) => `${file} を読めません: ${reason}`,
    fileUnwritable: (file, reason) => `${file} に書き込めません: ${reason}`,
    fileUnusable: (file, reason) => `${file} を使えません: ${reason}`,
    noRight: "権限がありません",
    noSuchFolder: "フォルダーがなく、作ることもできません",
    noSuchFile: "ファイルがありません",
    noPermission: "読み取り権限がありません",
    noPermissionToWrite: "書き込み権限がありません",
    secretUnreadable: (reference, reason) => `${reference} を読めません: ${reason}`,
    secretEmpty: (reference) => `${reference} が空か、設定されていません`,
    oldNode: (version) => `Sekisho には Node.js 24 以降が必要です（現在は ${version}）`,
    unexpected: (message) => `想定外のエラーが発生しました: ${message}`,
    moreErrors: (file, count) => `${file}: ほかに ${count} 件の誤りがあります`,
  },
  help: {
    title: "Sekisho はメールの送信元を検証するプログラムです。",
    usage: "使い方",
    commands: "コマンド",
    options: "オプション",
    exitCodes: "終了コード",
    exitCode: [
      "正常に終了し、問題はない",
      "正常に終了したが、指摘事項があるか、判定が pass ではない",
      "使い方または設定の誤り",
      "実行できなかった（DNS・ファイル・ネットワーク）",
    ],
    more: "コマンドごとの説明: sekisho COMMAND --help",
    lang: "表示言語（省略時は LC_ALL、LC_MESSAGES、LANG に従う）",
    help: "この説明を表示する",
    version: "バージョンを表示する",
    command: "COMMAND",
    commandOptions: "オプション",
  },
  batch: {
    notJson: "JSON として読めない行です",
    notObject: "JSON オブジェクトではない行です",
    tooLong: (max) => `行の長さが ${octets(max)}を超えています`,
    missing: (field) => `"${field}" がありません`,
    notString: (field) => `"${field}" が文字列ではありません`,
    badIp: (value) => `"ip": 「${value}」は IP アドレスではありません`,
    badTime: (value) => `"now": 「${value}」は RFC 3339 形式の日時ではありません`,
    fileOrMessage: '"file" と "message" のどちらか一方だけを指定してください',
    badBase64: '"message" を base64 として読めません',
  },
  spf: {
    asked: (ip, sender, helo) =>
      `SPF の評価: 接続元 ${ip}、送信者 ${sender === "" ? "<>" : sender}${helo === undefined ? "" : `、HELO ${helo}`}`,
    columns: {
      outcome: "結果",
      lookups: "DNS参照",
      voids: "空の応答",
      query: "問合",
      term: "項",
      name: "名前",
    },
    outcome: {
      match: "一致",
      "no-match": "不一致",
      temperror: "temperror",
      permerror: "permerror",
      redirect: "転送",
      explanation: "説明",
    },
    dns: {
      answer: "応答",
      nodata: "レコードなし",
      nxdomain: "名前なし",
      timeout: "応答なし",
      servfail: "SERVFAIL",
      refused: "REFUSED",
      bogus: "検証失敗",
      malformed: "解釈不能",
      "bad-name": "不正な名前",
      offline: "ゾーン外",
    },
    records: (count) => `${count} 件`,
    verdict: {
      none: (domain) =>
        domain === ""
          ? "送信者のアドレスにドメインがないため、評価できません"
          : `${domain} は送信元を公開していません`,
      neutral: (domain, ip) => `${domain} は ${ip} について判断を示していません`,
      pass: (domain, ip) => `${ip} は ${domain} のメールを送ってよい送信元です`,
      fail: (domain, ip) => `${ip} は ${domain} のメールを送ってよい送信元ではありません`,
      softfail: (domain, ip) => `${ip} はおそらく ${domain} の正しい送信元ではありません`,
      temperror: (domain) => `${domain} の SPF レコードは、いまは評価できません`,
      permerror: (domain) => `${domain} の SPF レコードは、修正されるまで評価できません`,
    },
    lookups: (lookups) => `${lookups} 回（上限 10 回）`,
    voids: (query, term, name) => `問い合わせ単位 ${query}、項単位 ${term}、名前単位 ${name}`,
    explanation: (text) => `「${text}」`,
    noTrace: "DNS への問い合わせはありませんでした。",
    labels: {
      result: "結果",
      why: "理由",
      term: "決め手の項",
      lookups: "DNS 参照",
      voids: "空の応答",
      says: "先方の説明",
    },
  },
  verdict: {
    join: (facts) => facts.join("。"),
    iprev: (ip, name, passed) =>
      name === undefined ? ip : passed ? `${ip} は ${name}` : `${ip} の逆引き名は ${name}`,
    spfIdentity: { mailfrom: "MAIL FROM", helo: "HELO" },
    spfMatched: (term) => `${term} に一致`,
    spfLookups: (lookups, voids) => `DNS 参照 ${lookups} 回、空の応答 ${voids} 回`,
    dkimNone: "署名がありません。",
    dkimKey: dkimKey,
    dkimSigner: { author: "作成者ドメインの署名", "third-party": "第三者の署名" },
    dkimBodyLength: (length) => `本文の先頭 ${octets(length)}だけが署名対象（l=）`,
    arcSets: (count, sealers) =>
      sealers.length === 0 ? `${count} 組` : `${count} 組、封印: ${sealers.join("、")}`,
    arcUnchanged: (instance) =>
      instance === 0
        ? "最初の封印から変更されていない"
        : `${instance} 番目の組より前に変更され、その後は変更されていない`,
    arcClaims: (instance, domain, claims) =>
      `${instance} 番目 ${domain} の申告: ${claims.length === 0 ? "なし" : claims.join("、")}`,
    bimiRecord: (domain, selector) => `${domain}（セレクタ ${selector}）`,
    bimiDeclined: "ドメインがロゴの表示を辞退している",
    bimiSelectorIgnored: {
      unsigned: "BIMI-Selector は使わない（DMARC の根拠になった署名の対象ではない）",
      several: "BIMI-Selector は使わない（複数ある）",
      syntax: "BIMI-Selector は使わない（解釈できない）",
    },
    bimiLocation: (uri) => `ロゴ: ${uri}`,
    bimiAuthority: (uri, evidence) =>
      `証明書${evidence === undefined ? "" : `（${evidence.toUpperCase()}）`}: ${uri}`,
    dmarcPolicy: (tag, policy, domain) => `${tag}=${policy}（${domain} が公開）`,
    dmarcApplied: {
      none: "不合格のメールに対する処置は求めていない",
      quarantine: "不合格のメールを疑わしいものとして扱うよう求めている",
      reject: "不合格のメールを拒否するよう求めている",
    },
    dmarcTesting: "ポリシーはテスト中（t=y）",
    dmarcSampledOut: "不合格のメールのうち pct= で適用対象から外れた",
    dmarcOther: (outcome) =>
      `もう一方の探索（${discovery[outcome.discovery]}）では: ${dmarcOutcome(outcome)}`,
    dmarcOutcome,
    discovery,
    dmarcAuthor: (domain, organizational) =>
      organizational === undefined || organizational === domain
        ? `作成者ドメイン ${domain}`
        : `作成者ドメイン ${domain}、組織ドメイン ${organizational}`,
    aligned: (what) => `アライメント成立: ${list(what)}`,
    alignedNone: "pass した認証のうち、作成者ドメインとアライメントが成立するものはない",
    alignedSpf: (domain) => `SPF ${domain}`,
    alignedDkim: (domain) => `DKIM ${domain}`,
    noClient: "接続元が不明です（--ip）。",
    field: "書き込まれるヘッダー",
    questions: (count, ms) => `DNS: 問い合わせ ${count} 件、${ms} ミリ秒`,
    dnsLine: (ttl, ms, authentic) =>
      `${ttl === undefined ? "" : `TTL ${ttl}、`}${ms} ミリ秒${authentic ? "、DNSSEC" : ""}`,
  },
  explain: {
    notFound: (key, keep, folder) =>
      `「${key}」の記録は見つかりません。記録は ${folder} に ${keep}間保存されます。このホストを通ったメールか、data_dir が正しいかを確認してください`,
    keep: (days) => (days < 2 ? `${Math.round(days * 24)} 時間` : `${Math.round(days)} 日`),
    several: (key, count) => `「${key}」には ${count} 通の記録があります（古い順）。`,
    headings: {
      client: "接続元",
      envelope: "エンベロープ",
      verdicts: "判定",
      done: "処置",
      wouldBe: "この設定での扱い",
      dns: "使用した DNS 応答",
    },
    labels: {
      message: "Message-ID",
      when: "日時",
      size: "サイズ",
      socket: "ソケット",
      client: "クライアント",
      helo: "HELO",
      counts: "分類",
      because: "分類の理由",
      spfClient: "評価対象",
      from: "送信者",
      to: "宛先",
      action: "処置",
      removed: "削除",
      wrote: "追加",
      told: "MTA への応答",
      fault: "障害",
      subject: "件名",
      rules: "規則違反",
      shadow: "試行の設定",
    },
    elapsed: (at, ms) => `${at}（所要 ${ms} ミリ秒）`,
    size: (header, body) =>
      `ヘッダー ${octets(header)}、${body === undefined ? "本文は見ていない" : `本文 ${octets(body)}`}`,
    origin: {
      stranger: "外部からの接続（すべて検証する）",
      relay: "自組織の中継サーバー（その手前の接続元を評価する）",
      own: "自組織のネットワーク（検証・記録する。既定では拒否せず、署名もしない）",
      submitter: "送信を許可された接続元（署名できる）",
      local: "このホスト自身からのメール",
    },
    plainOrigin: {
      stranger: "外部からの接続",
      relay: "自組織の中継サーバー",
      own: "自組織のネットワーク",
      submitter: "送信を許可された接続元",
      local: "このホスト自身からのメール",
    },
    authenticated: "認証済み",
    unknownClient: "不明",
    nullSender: "<>（空の送信者）",
    notRecorded: "記録なし",
    recipients: (count) => `${count} 名`,
    smtputf8: "SMTPUTF8",
    noResults: "このメールは検証されていません。",
    leftOut: "SPF と iprev は評価していません。",
    monitoring: (policy) =>
      `監視のみ: 先方のポリシーは ${policy} ですが、適用していません（verify.enforce: monitor）`,
    action: {
      none: "なし（通常どおり配送）",
      header: "結果ヘッダーの追加のみ",
      quarantine: "隔離",
      hold: "キューに保留",
      reject: "拒否",
      defer: "一時拒否（送信側が再送する）",
    },
    reason: {
      local_policy: "自組織のポリシー",
      mailing_list: "メーリングリスト",
      other: "その他の理由",
      policy_test_mode: "先方のポリシーがテスト中",
      trusted_forwarder: "信頼する転送元",
    },
    removed: (field) => `${field.name}（${field.occurrence} 番目）: ${removedReason[field.reason]}`,
    nothingRemoved: "なし",
    nothingWritten: "なし",
    told: { accept: "受理", tempfail: "一時拒否（4xx）", reject: "拒否（5xx）" },
    fault: (stage, message) => `${stage} の処理中: ${message}`,
    noQuestions: "なし",
    truncated: "記録が長すぎたため、結果または DNS 応答の一部が省かれています。",
  },
  shadow: {
    notSet: "今は試行の設定（verify.shadow）がないため、新しい記録は増えません。",
    nothing: (since, messages) =>
      messages === 0
        ? `${since} 以降の記録はありません。`
        : `${since} 以降の ${messages} 通のうち、試行の設定で扱いが変わるメールはありません。`,
    summary: (since, messages, domains) =>
      `${since} 以降、試行の設定で扱いが変わるメールは ${messages} 通（From のドメイン ${domains} 個）です。`,
    title: (domain, messages) => `${domain}: ${messages} 通`,
    noDomain: "From のドメインなし",
    action: (action, messages) => `${wouldBe[action]} ${messages} 通`,
    labels: { would: "扱い", newest: "最新" },
    client: (address, messages) => `${address}（${messages} 通）`,
    reason: (sentence, messages) => `${sentence}（${messages} 通）`,
    examples: (queueIds) => `例: ${queueIds.join("、")}`,
    unknownClient: "不明な接続元",
    moreClients: (clients) => `ほか ${clients} 件`,
    more: (domains) => `ほかに ${domains} 個のドメインがあります（--json で表示）。`,
    comma: "、",
  },
  dmarcDiff: {
    badSince: (value) => `--since: 「${value}」は期間（例 7d）でも RFC 3339 形式の日時でもありません`,
    nothingCompared: (since) =>
      `${since} 以降に両方の方法で評価されたメールはありません。verify.dmarc.discovery: both を設定し、メールが届くのを待ってください。`,
    summary: (since, compared, different) =>
      `${since} 以降に両方の方法で評価したメール ${compared} 通のうち、${different} 通で違いがありました。`,
    messages: (count) => `${count} 通`,
    more: (groups) => `ほかに ${groups} 組あります（--json で表示）。`,
    noDomain: "From のドメインなし",
    differs: "違うところ",
    difference: { result: "結果", policy: "適用されるポリシー", policyDomain: "レコードの場所" },
    comma: "、",
    newest: "最新",
  },
  config: {
    good: (file) =>
      file === undefined ? "既定の設定に問題はありません。" : `${file}: 設定に問題はありません。`,
    defaults: "設定ファイルが見つからないため、既定の設定を使います。",
    postfixRead: (source) => `Postfix の設定は ${source} から読みました。`,
    postfixGood: "Postfix はこの設定に合っています。",
    noMainCf: (place) =>
      `${place} に main.cf がなく、postconf コマンドもありません。ファイルを指定してください: --postfix /etc/postfix`,
    severity: { error: "エラー", warning: "警告", notice: "注意", info: "情報" },
    fix: "対処",
    summary: (errors, warnings, notices) => `エラー ${errors} 件、警告 ${warnings} 件、注意 ${notices} 件`,
  },
};

function dmarcOutcome(outcome: DmarcOutcome): string {
  const { result, problem, appliedPolicy, policyDomain, sampledOut } = outcome;
  const parts: string[] = [problem === undefined ? result : `${result}（${problem}）`];
  if (appliedPolicy !== undefined)
    parts.push(`ポリシー ${appliedPolicy}${sampledOut ? "（pct= 適用後）" : ""}`);
  if (policyDomain !== undefined) parts.push(`レコードは ${policyDomain}`);
  return list(parts);
}

function dkimKey(result: DkimResult): string {
  const parts = [result.domain === "" ? "ドメインなし" : result.domain];
  if (result.selector !== "") parts.push(`セレクタ ${result.selector}`);
  if (result.algorithm !== "") parts.push(result.algorithm);
  if (result.keyBits !== undefined) parts.push(`${result.keyBits} ビット`);
  return parts.join("、");
}

const wouldBe = {
  none: "配送",
  header: "ヘッダー追加",
  quarantine: "隔離",
  hold: "保留",
  reject: "拒否",
  defer: "一時拒否",
} as const;

const removedReason = {
  "own-authserv-id": "こちらが書いたものと名乗っていたため",
  "unparsable-own-authserv-id": "こちらのものだと偽り、解釈もできなかったため",
  "unsupported-version": "未知のバージョンのため",
  "own-field": "こちらだけが書くものであるため",
  "receivers-field": "受信する側だけが書くものであるため",
  "hidden-field": "裸の CR の後ろに別のフィールドが隠されているため",
  unread: "数が多すぎて中身を見ていないため",
} as const;
