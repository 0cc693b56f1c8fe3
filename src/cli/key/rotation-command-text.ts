import type { ZoneFinding } from "../../core/dns/authoritative.ts";
import type { Lang } from "../lang.ts";

/** Why a new key cannot be begun. */
export type PlanFault =
  | Extract<ZoneFinding, { readonly kind: "failure" }>["reason"]
  | "unanswered-servers"
  | "no-selector";

/** What `sekisho key rotate|publish|retire|list` say of keys that rotate, besides their states. */
export interface KeyCommandText {
  readonly labels: { readonly state: string; readonly awaits: string; readonly trouble: string };
  readonly since: (state: string, at: string, why: string) => string;
  readonly until: (what: string, at: string) => string;
  readonly trouble: (step: string, reason: string, since: string, times: number) => string;
  readonly moved: (name: string, from: string, to: string, why: string) => string;
  readonly noPlan: (domain: string, why: string) => string;
  /** Why a new key cannot be begun, and what to do. */
  readonly planFaults: Readonly<Record<PlanFault, (name: string) => string>>;
  readonly withoutKeys: (domains: readonly string[]) => string;
  readonly firstKeys: string;
  readonly noRotation: string;
  readonly domainMissing: (action: string) => string;
  readonly notRotated: (domain: string, domains: readonly string[]) => string;
  readonly noSuchKey: (selector: string, domain: string) => string;
  readonly selectorMissing: string;
  readonly onItsWay: (name: string) => string;
  readonly zoneBusy: (domain: string, name: string) => string;
  readonly somebodyElse: string;
  readonly takesItUp: string;
  readonly nothingRuns: string;
  readonly isActive: (name: string, domain: string) => string;
  readonly tooEarly: (name: string, at: string) => string;
  readonly isGone: (name: string) => string;
  readonly nothingToPublish: (domain: string) => string;
}

const en: KeyCommandText = {
  labels: { state: "state", awaits: "waits for", trouble: "held up" },
  since: (state, at, why) => `${state} since ${at} (${why})`,
  until: (what, at) => `${what}, ${at}`,
  trouble: (step, reason, since, times) => `${step}: ${reason} (since ${since}, ${times} times)`,
  moved: (name, from, to, why) =>
    from === to ? `${name}: ${to} (${why})` : `${name}: ${from} → ${to} (${why})`,
  noPlan: (domain, why) => `no new key of ${domain} could be begun: ${why}`,
  planFaults: {
    "no-zone": (name) =>
      `DNS has no zone that ${name} belongs to; look at the spelling of the domain, publish its zone first, or name its servers in dns.authoritative`,
    "no-server": (name) =>
      `no address of a name server of ${name} is to be found; look at its NS records, or name its servers in dns.authoritative`,
    timeout: (name) => `DNS has not answered for ${name}; look at dns.nameservers, then try again`,
    servfail: (name) =>
      `the DNS resolver answers SERVFAIL for ${name}; look whether the servers of the zone answer and its DNSSEC is in order, then try again`,
    refused: (name) =>
      `the DNS resolver refuses to answer for ${name}; look whether those of dns.nameservers may be asked from here`,
    bogus: (name) => `the DNSSEC signatures of ${name} are not valid; put the zone in order first`,
    malformed: (name) => `DNS answers for ${name} with what cannot be read; look at dns.nameservers`,
    "bad-name": (name) => `${name} is too long to be asked for in DNS`,
    offline: (name) => `${name} is in none of the zone files; add one with --zone, or leave --offline out`,
    "unanswered-servers": (name) =>
      `the name servers of the zone do not all answer for ${name}; look whether each can be reached on port 53, then try again`,
    "no-selector": () => "all selectors of today have been used; try again tomorrow",
  },
  withoutKeys: (domains) => `No keys yet of ${domains.join(", ")}, to rotate by sign.rotate.`,
  firstKeys: "The first one is made when sekisho serve starts. To make it now:",
  noRotation: "the configuration has no sign.rotate: keys stay as they are",
  domainMissing: (action) => `sekisho key ${action} DOMAIN: the domain is missing`,
  notRotated: (domain, domains) =>
    `the keys of ${domain} do not rotate; those of these domains do: ${domains.join(", ")}`,
  noSuchKey: (selector, domain) => `there is no key ${selector} of ${domain}; see sekisho key list`,
  selectorMissing: "name the key with --selector; see sekisho key list",
  onItsWay: (name) => `${name} is on its way into use already`,
  zoneBusy: (domain, name) =>
    `${domain}: a new key waits until the change at ${name} is over; a zone has one change at a time`,
  somebodyElse: "another process is changing keys at this moment; ask again shortly",
  takesItUp: "The running program goes on with it.",
  nothingRuns:
    "sekisho serve does not run with this data_dir: start it, or call this command again for the next steps.",
  isActive: (name, domain) =>
    `${name} is in use: "sekisho key rotate ${domain}" brings its successor; with --compromised it is revoked as soon as that signs`,
  tooEarly: (name, at) =>
    `mail signed with ${name} may still be on its way: not before ${at} (with --compromised at once)`,
  isGone: (name) => `the record of ${name} is removed already`,
  nothingToPublish: (domain) => `no record of ${domain} waits to be changed`,
};

const ja: KeyCommandText = {
  labels: { state: "状態", awaits: "待っているもの", trouble: "滞っている理由" },
  since: (state, at, why) => `${state}（${at} から。${why}）`,
  until: (what, at) => `${what}（${at}）`,
  trouble: (step, reason, since, times) => `${step}: ${reason}（${since} から ${times} 回）`,
  moved: (name, from, to, why) =>
    from === to ? `${name}: ${to}（${why}）` : `${name}: ${from} → ${to}（${why}）`,
  noPlan: (domain, why) => `${domain} の新しい鍵を用意できませんでした。${why}`,
  planFaults: {
    "no-zone": (name) =>
      `${name} を含むゾーンが DNS にありません。ドメイン名の綴りを確かめ、ゾーンを先に公開するか、dns.authoritative に権威サーバーを設定してください`,
    "no-server": (name) =>
      `${name} の権威サーバーのアドレスが分かりません。NS レコードを確かめるか、dns.authoritative に権威サーバーを設定してください`,
    timeout: (name) =>
      `${name} について DNS の応答がありません。dns.nameservers を確かめてから、やり直してください`,
    servfail: (name) =>
      `${name} について DNS リゾルバーが SERVFAIL を返しました。権威サーバーの応答と DNSSEC を確かめてから、やり直してください`,
    refused: (name) =>
      `${name} について DNS リゾルバーに応答を拒否されました。dns.nameservers のサーバーがこのホストからの問い合わせを許しているか確かめてください`,
    bogus: (name) => `${name} の DNSSEC 署名を検証できません。先にゾーンを直してください`,
    malformed: (name) => `${name} についての DNS の応答を解釈できません。dns.nameservers を確かめてください`,
    "bad-name": (name) => `${name} は長すぎて DNS に問い合わせられません`,
    offline: (name) =>
      `${name} がゾーンファイルにありません。--zone で指定するか、--offline を外してください`,
    "unanswered-servers": (name) =>
      `${name} について応答しない権威サーバーがあります。どのサーバーにもポート 53 で届くことを確かめてから、やり直してください`,
    "no-selector": () => "今日の日付のセレクタを使い切りました。明日やり直してください",
  },
  withoutKeys: (domains) => `交代の対象（sign.rotate）のうち、まだ鍵のないドメイン: ${domains.join("、")}`,
  firstKeys: "最初の鍵は sekisho serve の起動時に作られます。すぐに作るには次を実行してください:",
  noRotation: "設定に sign.rotate がないため、鍵は交代しません",
  domainMissing: (action) => `sekisho key ${action} DOMAIN: ドメインを指定してください`,
  notRotated: (domain, domains) =>
    `${domain} の鍵は交代の対象ではありません。対象のドメイン: ${domains.join("、")}`,
  noSuchKey: (selector, domain) =>
    `${domain} に ${selector} という鍵はありません。sekisho key list で確かめてください`,
  selectorMissing: "--selector で鍵を指定してください（sekisho key list で確かめられます）",
  onItsWay: (name) => `${name} はすでに準備が進んでいます`,
  zoneBusy: (domain, name) =>
    `${domain}: ${name} の変更が終わるまで新しい鍵は待ちます（1 つのゾーンの変更は一度に 1 件です）`,
  somebodyElse: "いま別のプロセスが鍵を操作しています。少し待ってから試してください",
  takesItUp: "続きは動いている sekisho serve が行います。",
  nothingRuns:
    "この data_dir で動いている sekisho serve はありません。起動するか、続きの段階でこのコマンドをもう一度実行してください。",
  isActive: (name, domain) =>
    `${name} は使用中です。「sekisho key rotate ${domain}」で次の鍵に交代します。--compromised を付けると、次の鍵で署名が始まりしだい失効させます`,
  tooEarly: (name, at) =>
    `${name} で署名したメールがまだ配送中かもしれません。${at} までは失効させません（--compromised を付けるとすぐに失効させます）`,
  isGone: (name) => `${name} のレコードはすでに削除済みです`,
  nothingToPublish: (domain) => `${domain} には変更待ちのレコードがありません`,
};

export function keyCommandText(lang: Lang): KeyCommandText {
  return lang === "ja" ? ja : en;
}

/** Which domains wait for their first key, and how it comes to be. */
export function noKeysYet(domains: readonly string[], lang: Lang): string {
  const { withoutKeys, firstKeys } = keyCommandText(lang);
  const commands = domains.map((domain) => `  sekisho key rotate ${domain}`);
  return [withoutKeys(domains), firstKeys, ...commands].join("\n");
}
