import { fileFaultText } from "../../config/file-fault.ts";
import type { Lang } from "../lang.ts";

/** What is said about a line of opendmarc.conf. */
export interface ImportParams {
  // Done here otherwise, or not needed
  readonly "always-own-spf": Empty;
  readonly "always-recorded": Empty;
  readonly "service-manager": Empty;
  readonly "workers-come-back": Empty;
  readonly "log-to-stderr": Empty;
  readonly "no-such-need": Empty;
  readonly "logins-never-verified": Empty;
  // Carried over, and not quite the same
  readonly "hostname-used": Empty;
  readonly "reject-needs-reason": Empty;
  readonly "quarantine-too": Empty;
  readonly "submitters-may-sign": { readonly file: string };
  readonly "still-recorded": Empty;
  readonly "both-discoveries": Empty;
  readonly "several-domains-only": Empty;
  readonly "header-rules": Empty;
  readonly "dns-bounded": { readonly value: string };
  readonly "loopback-only": { readonly listen: string };
  readonly "same-socket": { readonly listen: string };
  // Left out
  readonly "host-name-entry": { readonly entry: string };
  readonly "bad-entry": { readonly entry: string };
  readonly "file-unreadable": { readonly file: string; readonly reason: string };
  readonly "own-suffix-list": { readonly file: string; readonly reason: string };
  readonly "foreign-results": Empty;
  readonly "no-reports-yet": Empty;
  readonly "no-copies": Empty;
  readonly "no-header": Empty;
  readonly "fixed-reply": Empty;
  readonly "no-chroot": Empty;
  readonly "bad-value": { readonly value: string };
  readonly unknown: Empty;
}
type Empty = Readonly<Record<never, never>>;
export type ImportCode = keyof ImportParams;

/** How far a line has come. */
export type ImportFate = "other" | "differs" | "left-out";

export const fates: Readonly<Record<ImportCode, ImportFate>> = {
  "always-own-spf": "other",
  "always-recorded": "other",
  "service-manager": "other",
  "workers-come-back": "other",
  "log-to-stderr": "other",
  "no-such-need": "other",
  "logins-never-verified": "other",
  "hostname-used": "differs",
  "reject-needs-reason": "differs",
  "quarantine-too": "differs",
  "submitters-may-sign": "differs",
  "still-recorded": "differs",
  "both-discoveries": "differs",
  "several-domains-only": "differs",
  "header-rules": "differs",
  "dns-bounded": "differs",
  "loopback-only": "differs",
  "same-socket": "differs",
  "host-name-entry": "left-out",
  "bad-entry": "left-out",
  "file-unreadable": "left-out",
  "own-suffix-list": "left-out",
  "foreign-results": "left-out",
  "no-reports-yet": "left-out",
  "no-copies": "left-out",
  "no-header": "left-out",
  "fixed-reply": "left-out",
  "no-chroot": "left-out",
  "bad-value": "left-out",
  unknown: "left-out",
};

export interface ImportText {
  readonly title: (file: string) => string;
  readonly nothing: string;
  readonly fate: Readonly<Record<ImportFate, string>>;
  readonly line: (line: number, name: string) => string;
  readonly note: { readonly [Code in ImportCode]: (params: ImportParams[Code]) => string };
}

const en: ImportText = {
  title: (file) =>
    `From ${file}. Nothing was changed: look it through, save it as a file of its own, then try "sekisho config check --config FILE".`,
  nothing: "Every line was carried over.",
  fate: {
    "left-out": "Not carried over:",
    differs: "Carried over, with a difference:",
    other: "Needs no setting here:",
  },
  line: (line, name) => `line ${line}, ${name}`,
  note: {
    "always-own-spf": () => "SPF is always evaluated here, for the client itself",
    "always-recorded": () => "every message is recorded (record.keep, record.max_size)",
    "service-manager": () => "the service manager does this; see the systemd unit",
    "workers-come-back": () => "a worker that dies comes back by itself",
    "log-to-stderr": () => "the log goes to stderr and so to the journal (log.level, log.format)",
    "no-such-need": () => "there is nothing like it here, and no need for it",
    "logins-never-verified": () =>
      "mail of clients that have logged in is never verified here, whatever this says",
    "hostname-used": () =>
      'the name that the MTA sends is used, else "hostname"; set authserv_id for another',
    "reject-needs-reason": () =>
      "a published reject alone is not enough here (RFC 9989 §7.4): mail that nothing else speaks against is quarantined (verify.quarantine_action), and so is failing mail of p=quarantine; verify.reject_alone: true refuses it as before",
    "quarantine-too": () =>
      "the MTA holds failing mail of p=quarantine, and of p=reject where it is not refused (quarantine_action: hold)",
    "submitters-may-sign": ({ file }) =>
      `addresses from ${file} are now networks.submitters: not verified, and signed for once signing is set up; put servers that only forward strangers' mail under networks.relays instead`,
    "still-recorded": () => "mail of these domains is evaluated and recorded, and nothing is done about it",
    "both-discoveries": () =>
      "policies are found by the list as before; the tree walk of RFC 9989 is evaluated beside it, and sekisho dmarc-diff shows where they differ",
    "several-domains-only": () =>
      "only a From with addresses in several domains is refused; several addresses in one domain are allowed (RFC 9989)",
    "header-rules": () =>
      "as verify.rules: fields that must stand only once, and From and Date that must be there",
    "dns-bounded": ({ value }) => `a wait without end is not possible; ${value} was written`,
    "loopback-only": ({ listen }) =>
      `OpenDMARC can be reached from other machines here; ${listen} was written: name the MTAs in milter.peers before you open it further`,
    "same-socket": ({ listen }) =>
      `${listen} is where OpenDMARC listens: stop it first, or choose another and change the MTA's list`,
    "host-name-entry": ({ entry }) => `"${entry}" is a name; only addresses and networks are taken`,
    "bad-entry": ({ entry }) => `"${entry}" cannot be read`,
    "file-unreadable": ({ file, reason }) => `${file} cannot be read: ${fileFaultText(reason, "en")}`,
    "own-suffix-list": ({ file, reason }) =>
      `${file} cannot be read (${fileFaultText(reason, "en")}); the list that Sekisho brings along is used`,
    "foreign-results": () =>
      "results are never read from header fields of this host's own filters; SPF and DKIM are evaluated here. For gateways in front see networks.relays",
    "no-reports-yet": () => "this version sends no reports",
    "no-copies": () => "no copies of failing mail are sent",
    "no-header": () => "no such header field is written",
    "fixed-reply": () => "the text of a refusal is fixed",
    "no-chroot": () => "no chroot; the systemd unit confines the program instead",
    "bad-value": ({ value }) => `"${value}" cannot be read`,
    unknown: () => "this parameter is not known",
  },
};

const ja: ImportText = {
  title: (file) =>
    `${file} から作りました。何も変更していません。内容を確かめて別のファイルに保存し、「sekisho config check --config ファイル」で調べてください。`,
  nothing: "すべての行を引き継ぎました。",
  fate: {
    "left-out": "引き継げなかったもの:",
    differs: "引き継いだが、動作が異なるもの:",
    other: "設定が不要なもの:",
  },
  line: (line, name) => `${line} 行目 ${name}`,
  note: {
    "always-own-spf": () => "SPF は常に接続元そのものについて評価します",
    "always-recorded": () => "すべてのメールを記録します（record.keep、record.max_size）",
    "service-manager": () => "サービスマネージャーの仕事です。systemd のユニットを見てください",
    "workers-come-back": () => "ワーカーは異常終了しても自動で起動し直します",
    "log-to-stderr": () => "ログは標準エラー出力からジャーナルに入ります（log.level、log.format）",
    "no-such-need": () => "同じものはなく、必要もありません",
    "logins-never-verified": () => "ログインした接続元からのメールは、この設定によらず検証しません",
    "hostname-used": () =>
      "MTA が送る名前、なければ hostname を使います。ほかの名前なら authserv_id に書いてください",
    "reject-needs-reason": () =>
      "相手の reject だけでは拒否しません（RFC 9989 §7.4）。ほかに疑う理由のないメールと、p=quarantine で不合格のメールは隔離します（verify.quarantine_action）。以前と同じにするには verify.reject_alone: true としてください",
    "quarantine-too": () =>
      "p=quarantine で不合格のメールと、p=reject で不合格でも拒否しないメールは、MTA のキューに保留します（quarantine_action: hold）",
    "submitters-may-sign": ({ file }) =>
      `${file} のアドレスは networks.submitters にしました。検証せず、署名を設定すれば署名もします。外部のメールを中継するだけのサーバーは networks.relays に移してください`,
    "still-recorded": () => "これらのドメインのメールも評価して記録しますが、処置はしません",
    "both-discoveries": () =>
      "これまでどおりリストでポリシーを探します。RFC 9989 のツリーウォークでも評価し、違いは sekisho dmarc-diff で見られます",
    "several-domains-only": () =>
      "拒否するのは、From に複数のドメインのアドレスがあるときだけです。1 つのドメインに複数のアドレスがあるのは認めます（RFC 9989）",
    "header-rules": () => "verify.rules に移しました（1 つしか許されないヘッダー、必須の From と Date）",
    "dns-bounded": ({ value }) => `無制限に待つことはできないため ${value} としました`,
    "loopback-only": ({ listen }) =>
      `OpenDMARC はほかのマシンからも接続できる設定ですが、${listen} としました。広げる前に milter.peers に MTA を書いてください`,
    "same-socket": ({ listen }) =>
      `${listen} は OpenDMARC の待ち受け先です。先に OpenDMARC を止めるか、別の場所にして MTA の設定を変えてください`,
    "host-name-entry": ({ entry }) => `「${entry}」はホスト名です。アドレスかネットワークだけを書けます`,
    "bad-entry": ({ entry }) => `「${entry}」を解釈できません`,
    "file-unreadable": ({ file, reason }) => `${file} を読めません: ${fileFaultText(reason, "ja")}`,
    "own-suffix-list": ({ file, reason }) =>
      `${file} を読めません（${fileFaultText(reason, "ja")}）。Sekisho に同梱のリストを使います`,
    "foreign-results": () =>
      "このホストのほかのフィルターが書いた結果は読まず、SPF と DKIM を自分で評価します。手前のゲートウェイについては networks.relays を見てください",
    "no-reports-yet": () => "このバージョンはレポートを送りません",
    "no-copies": () => "失敗したメールの写しは送りません",
    "no-header": () => "このヘッダーは書きません",
    "fixed-reply": () => "拒否の応答の文面は変えられません",
    "no-chroot": () => "chroot はしません。代わりに systemd のユニットが制限します",
    "bad-value": ({ value }) => `「${value}」を解釈できません`,
    unknown: () => "知らないパラメーターです",
  },
};

export const importText: Readonly<Record<Lang, ImportText>> = { en, ja };
