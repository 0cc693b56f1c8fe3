import type { KeyTrouble } from "../../keys/rotation.ts";
import { faultInWords } from "../input.ts";
import type { Io } from "../io.ts";

/** Steps whose reasons are what name servers said: `ns1.example.jp 192.0.2.53: timeout; +2; no SOA record`. */
const ofServers: ReadonlySet<KeyTrouble["step"]> = new Set(["prove", "check"]);

/**
 * Why a key is held up, in the operator's language. What a program has said stays as it is, and so does what the state
 * has from elsewhere.
 */
export function wordedReason({ step, reason }: Pick<KeyTrouble, "step" | "reason">, io: Io): string {
  if (ofServers.has(step)) return io.lang === "ja" ? reason.split("; ").map(ofServerJa).join("; ") : reason;
  if (isSystemCode(reason)) return faultInWords({ code: reason }, io);
  const [place, what] = cutAt(reason, reason.indexOf(": "));
  if (place === undefined) return reason;
  if (isSystemCode(what)) return `${place}: ${faultInWords({ code: what }, io)}`;
  return io.lang === "ja" ? `${place}: ${ofProgramJa(what)}` : reason;
}

function isSystemCode(text: string): boolean {
  return /^E[A-Z0-9]{2,20}$/.test(text);
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
