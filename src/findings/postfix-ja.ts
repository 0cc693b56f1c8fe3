import type { FindingText } from "./finding.ts";
import type { PostfixFindings } from "./postfix.ts";

const byDefault = (isDefault: boolean): string => (isDefault ? "、Postfix の既定値" : "");

export const postfixJa: FindingText<PostfixFindings> = {
  "postfix.milter-missing": {
    text: ({ found }) =>
      found === ""
        ? "smtpd_milters が空です。Postfix から Sekisho にメールが渡りません。"
        : `smtpd_milters に Sekisho のソケットがありません（現在は ${found}）。Postfix から Sekisho にメールが渡りません。`,
    fix: ({ sockets }) => `smtpd_milters = ${sockets.join(", ")}`,
  },
  "postfix.endpoint-syntax": {
    text: ({ endpoint }) => `${endpoint} は Postfix のフィルターの指定として正しくありません。`,
    fix: ({ meant }) => meant ?? "inet:HOST:PORT または unix:PATH の形で書いてください。",
  },
  "postfix.milter-twice": {
    text: ({ endpoint, before, parameter }) =>
      before === endpoint
        ? `${parameter} に ${endpoint} が 2 回書かれています。1 通のメールが 2 回処理されます。`
        : `${parameter} に ${before} と ${endpoint} があり、どちらも Sekisho のソケットです。1 通のメールが 2 回処理されます。`,
    fix: ({ endpoint, before }) =>
      before === endpoint ? "1 回だけ書いてください。" : `${endpoint} を外してください。`,
  },
  "postfix.changes-after-signing": {
    text: ({ parameter, value }) =>
      `${parameter} = ${value} は、署名した後の送信時にメールを書き換えます。From・To・Cc・Subject や本文を書き換えると署名が壊れます。`,
    fix: ({ parameter }) =>
      parameter === "smtp_generic_maps"
        ? "アドレスは、署名より前に書き換える canonical_maps か sender_canonical_maps で書き換えてください。"
        : "署名より前に働く header_checks・body_checks で書き換えてください。",
  },
  "postfix.milters-off": {
    text: ({ parameter }) =>
      `main.cf の ${parameter} に no_milters があります。どのメールもフィルターを通りません。`,
    fix: ({ parameter }) =>
      `main.cf の ${parameter} から no_milters を外し、コンテンツフィルターからの戻りを受けるサービスにだけ master.cf で指定してください。`,
  },
  "postfix.milter-maps": {
    text: ({ value }) =>
      `smtpd_milter_maps = ${value} により、接続元ごとに使うフィルターが変わります。ここに載っている接続元は Sekisho を通らない可能性があります。`,
  },
  "postfix.filter-before": {
    text: ({ endpoint, ours }) =>
      `${endpoint} が ${ours} より前にあります。このフィルターがメールを書き換えると、その後の DKIM 検証が失敗します。また、このフィルターが追加した結果ヘッダーは自組織のものとみなされません。`,
    fix: ({ ours }) => `前に置く必要がなければ、${ours} を先頭にしてください。`,
  },
  "postfix.leftover-filter": {
    text: ({ endpoint, program }) =>
      `${endpoint} は ${program} のようです。Sekisho と役割が重なるため、矛盾した結果ヘッダーが書き込まれるおそれがあります。`,
    fix: ({ endpoint }) => `Sekisho への切り替えが済んだら、${endpoint} を外してください。`,
  },
  "postfix.non-smtpd-missing": {
    text: ({ socket }) =>
      `non_smtpd_milters に ${socket} がありません。このホストのプログラムが sendmail コマンドで送るメールは、記録も署名もされません。`,
    fix: ({ sockets }) => `non_smtpd_milters = ${sockets.join(", ")}`,
  },
  "postfix.non-smtpd-needless": {
    text: ({ endpoint }) =>
      `non_smtpd_milters に検証専用の ${endpoint} があります。このホスト自身が送るメールには、検証すべき接続元がありません。`,
  },
  "postfix.default-action-reject": {
    text: ({ socket }) =>
      `${socket} が応答しない間、Postfix はメールを恒久的に拒否します（milter_default_action = reject）。障害のたびにメールが失われます。`,
    fix: () => "milter_default_action = accept（遅延してもよい場合は tempfail）",
  },
  "postfix.default-action-defers": {
    text: ({ socket, action, isDefault }) =>
      `${socket} が応答しない間、メールの受信が遅延します（milter_default_action = ${action}${byDefault(isDefault)}）。一方、Sekisho 側は障害時にメールを通す設定です（on_failure: accept）。`,
    fix: () => "milter_default_action = accept",
  },
  "postfix.default-action-accepts": {
    text: ({ socket, action }) =>
      `${socket} が応答しない間、Postfix は処理しないままメールを通します（milter_default_action = ${action}）。on_failure の設定では待たせることになっています。`,
    fix: ({ socket }) => `${socket} を { ${socket}, default_action=tempfail } に書き換える`,
  },
  "postfix.default-action-quarantine": {
    text: ({ socket }) =>
      `${socket} が応答しない間、メールはキューに保留されます（milter_default_action = quarantine）。postsuper -H で解放するまで配送されません。`,
    fix: () => "milter_default_action = accept（遅延してもよい場合は tempfail）",
  },
  "postfix.default-action-unknown": {
    text: ({ action }) => `「${action}」は milter_default_action に指定できない値です。`,
    fix: () => "milter_default_action = accept",
  },
  "postfix.protocol-old": {
    text: ({ protocol }) =>
      `milter_protocol = ${protocol} です。6 未満では、ヘッダーのコロン直後の空白が失われて一部の DKIM 署名の検証が失敗し、本文も常に全体が送られます。`,
    fix: () => "milter_protocol = 6",
  },
  "postfix.content-timeout-short": {
    text: ({ timeout, budgetSeconds }) =>
      `milter_content_timeout = ${timeout} は、Sekisho が 1 通に使える時間 ${budgetSeconds} 秒（milter.time_budget）以下です。Postfix が先に待つのをやめてしまいます。`,
    fix: ({ budgetSeconds }) => `milter_content_timeout = ${Math.max(300, Math.ceil(budgetSeconds * 2))}s`,
  },
  "postfix.command-timeout-short": {
    text: ({ timeout }) =>
      `milter_command_timeout = ${timeout} は短すぎます。一時的な負荷でもフィルターの障害とみなされます。`,
    fix: () => "milter_command_timeout = 30s",
  },
  "postfix.connect-timeout-long": {
    text: ({ timeout }) =>
      `milter_connect_timeout = ${timeout} です。Sekisho に接続できない間、SMTP クライアントはそのつど、この時間だけ待たされます。`,
    fix: () => "milter_connect_timeout = 10s",
  },
  "postfix.timeout-unreadable": {
    text: ({ parameter, value }) => `${parameter} = ${value} は時間として読めません。`,
    fix: ({ parameter }) => `${parameter} = 30s（数字に s, m, h, d, w を付ける）`,
  },
  "postfix.header-checks-results": {
    text: ({ file, line }) =>
      `${file}:${line}（milter_header_checks）に Authentication-Results を対象とする規則があります。Sekisho が追加するヘッダーが削除または変更されるおそれがあります。`,
    fix: () => "この規則を外してください。偽のヘッダーは Sekisho が削除します。",
  },
  "postfix.header-checks-unread": {
    text: ({ value }) =>
      `milter_header_checks = ${value} の内容を確認できませんでした。Authentication-Results を対象とする規則があると、Sekisho が追加するヘッダーに影響します。`,
  },
  "postfix.master-override": {
    text: ({ service, line, value }) =>
      `master.cf:${line}: サービス ${service} に独自の smtpd_milters（${value === "" ? "空" : value}）があり、Sekisho が含まれていません。`,
    fix: ({ service }) =>
      `${service} の "-o smtpd_milters=..." を外すか、Sekisho のソケットを加えてください。`,
  },
  "postfix.master-milters-off": {
    text: ({ service, line }) =>
      `master.cf:${line}: サービス ${service} に no_milters があるため、ここで受けたメールは Sekisho を通りません。`,
    fix: ({ service }) =>
      `コンテンツフィルターからの戻りを受けるサービスでなければ、${service} の no_milters を外してください。`,
  },
  "postfix.reinjection-filtered": {
    text: ({ service, line }) =>
      `master.cf:${line}: コンテンツフィルターからの戻りを受けるサービス ${service} でも、メールがもう一度フィルターを通ります。接続元はこのホスト自身になります。`,
    fix: () => "-o receive_override_options=no_milters",
  },
  "postfix.list-socket-open": {
    text: ({ where, listen }) =>
      `${where} がメールを ${listen} に渡していますが、これは lists.hosts でメーリングリスト用としたソケットです。外からのメールがリストのメールとして扱われ、リストの名前で署名されてしまいます。`,
    fix: () => "リストだけが接続できる専用のポートを用意してください（docs/lists.ja.md）。",
  },
  "postfix.socket-chroot": {
    text: ({ service, endpoint, seen, listen }) =>
      `サービス ${service} は chroot 環境で動くため（master.cf）、${endpoint} は ${seen} を指します。Sekisho が待ち受けているのは ${listen} です。`,
    fix: ({ seen }) => `Sekisho の待ち受けを unix:${seen} にするか、inet: のソケットを使ってください。`,
  },
  "postfix.socket-relative": {
    text: ({ endpoint, seen, listen }) =>
      `${endpoint} は queue_directory の下の ${seen} を指します。Sekisho が待ち受けているのは ${listen} です。`,
    fix: ({ parameter, listen }) => `${parameter} = ${listen}`,
  },
  "postfix.daemon-name": {
    text: ({ where, value }) =>
      `${where} に milter_macro_daemon_name = ${value} があります。Sekisho はこの値を使いません。署名できるかどうかは、SMTP 認証と networks.submitters で決まります。`,
  },
  "postfix.internal-mail-filtered": {
    text: ({ classes }) =>
      `internal_mail_filter_classes = ${classes} により、Postfix 自身が作る ${classes} のメールもフィルターを通ります。署名には有効ですが、検証には意味がありません。`,
  },
  "postfix.hostname-differs": {
    text: ({ myhostname, hostname }) =>
      `Postfix の名前は ${myhostname}、設定の hostname は ${hostname} です。authserv_id の指定がないため、結果ヘッダーには ${myhostname} と書かれます。`,
    fix: ({ hostname }) => `この名前で書きたい場合は authserv_id: ${hostname} を指定してください。`,
  },
  "postfix.myhostname-not-qualified": {
    text: ({ myhostname, authservId }) =>
      `myhostname = ${myhostname} は完全修飾ドメイン名（FQDN）ではありません。結果ヘッダーにもこの名前が書かれます（authserv-id ${authservId}）。`,
    fix: () =>
      "myhostname に FQDN（例 mx.example.jp）を指定するか、Sekisho の設定で authserv_id を指定してください。",
  },
  "postfix.main-cf-syntax": {
    text: ({ file, line }) => `${file}:${line} は「名前 = 値」の形ではありません。`,
  },
};
