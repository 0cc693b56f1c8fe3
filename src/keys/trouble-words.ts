import { fileFaultText } from "../config/file-fault.ts";
import type { Lang } from "../findings/lang.ts";
import type { PlanFault } from "./plan-fault.ts";
import type { KeyTrouble, RotatedKey } from "./rotation.ts";

/** Why a key is held up, in the operator's language; where there is no zone to look into, with what to do. */
export function troubleInWords({ trouble }: Pick<RotatedKey, "trouble">, lang: Lang): string {
  if (trouble === undefined) return "";
  const [, name, fault] = /^(.+): (no-zone|no-server)$/.exec(trouble.reason) ?? [];
  if (name === undefined || !ofServers.has(trouble.step)) return wordedReason(trouble, lang);
  return planFaultInWords({ name, fault: fault as "no-zone" | "no-server" }, lang);
}

/** Why a new key could not be begun, and what to do. */
export function planFaultInWords({ name, fault }: PlanFault, lang: Lang): string {
  return (lang === "ja" ? planFaultsJa : planFaultsEn)[fault](name);
}

type PlanFaults = Readonly<Record<PlanFault["fault"], (name: string) => string>>;

const planFaultsEn: PlanFaults = {
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
};

const planFaultsJa: PlanFaults = {
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
  offline: (name) => `${name} がゾーンファイルにありません。--zone で指定するか、--offline を外してください`,
  "unanswered-servers": (name) =>
    `${name} について応答しない権威サーバーがあります。どのサーバーにもポート 53 で届くことを確かめてから、やり直してください`,
  "no-selector": () => "今日の日付のセレクタを使い切りました。明日やり直してください",
};

/** Steps whose reasons are what name servers said: `ns1.example.jp 192.0.2.53: timeout; +2; no SOA record`. */
const ofServers: ReadonlySet<KeyTrouble["step"]> = new Set(["prove", "check"]);

/**
 * Why a key is held up, in the operator's language. What a program has said stays as it is, and so does what the state
 * has from elsewhere.
 */
function wordedReason({ step, reason }: Pick<KeyTrouble, "step" | "reason">, lang: Lang): string {
  if (ofServers.has(step)) return lang === "ja" ? reason.split("; ").map(ofServerJa).join("; ") : reason;
  if (isSystemCode(reason)) return codeText(reason, lang);
  const [place, what] = cutAt(reason, reason.indexOf(": "));
  if (place === undefined) return reason;
  if (isSystemCode(what)) return `${place}: ${codeText(what, lang)}`;
  return lang === "ja" ? `${place}: ${ofProgramJa(what)}` : reason;
}

function isSystemCode(text: string): boolean {
  return /^E[A-Z0-9]{2,20}$/.test(text);
}

/** Of files that are written, besides those of `fileFaultText`. */
const written: Readonly<Record<string, Readonly<Record<Lang, string>>>> = {
  EACCES: { en: "permission denied", ja: "権限がありません" },
  EPERM: { en: "permission denied", ja: "権限がありません" },
};

function codeText(code: string, lang: Lang): string {
  return written[code]?.[lang] ?? fileFaultText(code, lang);
}

function cutAt(text: string, at: number): readonly [before: string | undefined, after: string] {
  return at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 2)];
}

function ofServerJa(said: string): string {
  const [server, what] = cutAt(said, said.lastIndexOf(": "));
  const more = /^\+(\d{1,9})$/.exec(what)?.[1];
  if (more !== undefined) return `ほか ${more} 件`;
  const words = wordsJa[what] ?? countJa(what) ?? what;
  return server === undefined ? words : `${server}: ${words}`;
}

function countJa(what: string): string | undefined {
  const count = /^(\d{1,9}) TXT records$/.exec(what)?.[1];
  return count === undefined ? undefined : `TXT レコードが ${count} 件`;
}

const wordsJa: Readonly<Record<string, string>> = {
  timeout: "応答なし",
  servfail: "SERVFAIL",
  refused: "問い合わせを拒否",
  bogus: "DNSSEC の検証に失敗",
  malformed: "応答を解釈できない",
  "bad-name": "問い合わせられない名前",
  "not authoritative": "権威サーバーではない",
  "serves it": "レコードあり",
  "p= is empty": "p= が空",
  "no such name": "名前がない",
  "no TXT record": "TXT レコードなし",
  "another record": "別のレコード",
  "no SOA record": "SOA レコードなし",
};

function ofProgramJa(what: string): string {
  const late = /^no end in (\d{1,15}) ms$/.exec(what)?.[1];
  if (late !== undefined) return `${Number(late) / 1000} 秒たっても終わらない`;
  const [, code, said = ""] = /^exit code (\d{1,5})((?:: .*)?)$/s.exec(what) ?? [];
  if (code !== undefined) return `終了コード ${code}${said}`;
  return fileWordsJa[what] ?? what;
}

/** What is wrong with a key file, behind its name. */
const fileWordsJa: Readonly<Record<string, string>> = {
  "another key": "別の鍵が入っている",
  "another kind of key": "種類の違う鍵が入っている",
  "the key does not sign": "署名に使えない鍵",
};
