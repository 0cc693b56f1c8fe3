import type { Lang } from "../lang.ts";

/** What `sekisho key rotate|publish|retire|list` say of keys that rotate, besides their states. */
export interface KeyCommandText {
  readonly labels: { readonly state: string; readonly awaits: string; readonly trouble: string };
  readonly since: (state: string, at: string, why: string) => string;
  readonly until: (what: string, at: string) => string;
  readonly trouble: (step: string, reason: string, since: string, times: number) => string;
  readonly moved: (name: string, from: string, to: string, why: string) => string;
  readonly noPlan: (domain: string, why: string) => string;
  readonly withoutKeys: (domains: readonly string[]) => string;
  readonly firstKeys: string;
  readonly noRotation: string;
  readonly domainMissing: (action: string) => string;
  readonly notRotated: (domain: string, domains: readonly string[]) => string;
  readonly noSuchKey: (selector: string, domain: string) => string;
  readonly notTakenIn: (name: string, file: string) => string;
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
  withoutKeys: (domains) => `No keys yet of ${domains.join(", ")}, to rotate by sign.rotate.`,
  firstKeys: "The first one is made when sekisho serve starts. To make it now:",
  noRotation: "the configuration has no sign.rotate: keys stay as they are",
  domainMissing: (action) => `sekisho key ${action} DOMAIN: the domain is missing`,
  notRotated: (domain, domains) =>
    `the keys of ${domain} do not rotate; those of these domains do: ${domains.join(", ")}`,
  noSuchKey: (selector, domain) => `there is no key ${selector} of ${domain}; see sekisho key list`,
  notTakenIn: (name, file) =>
    `${name} could not be taken into the rotation: its file ${file} cannot be used, or DNS does not tell the zone of its record; look at "sekisho config check" and dns.nameservers, then try again`,
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
  withoutKeys: (domains) => `交代の対象（sign.rotate）のうち、まだ鍵のないドメイン: ${domains.join("、")}`,
  firstKeys: "最初の鍵は sekisho serve の起動時に作られます。すぐに作るには次を実行してください:",
  noRotation: "設定に sign.rotate がないため、鍵は交代しません",
  domainMissing: (action) => `sekisho key ${action} DOMAIN: ドメインを指定してください`,
  notRotated: (domain, domains) =>
    `${domain} の鍵は交代の対象ではありません。対象のドメイン: ${domains.join("、")}`,
  noSuchKey: (selector, domain) =>
    `${domain} に ${selector} という鍵はありません。sekisho key list で確かめてください`,
  notTakenIn: (name, file) =>
    `${name} を交代の対象に取り込めませんでした。鍵ファイル ${file} を使えないか、レコードのゾーンが DNS から分かりません。sekisho config check の結果と dns.nameservers を確かめてから、やり直してください`,
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
