import { expect, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import type { KeyTrouble } from "../../keys/rotation.ts";
import type { RotationNote } from "../../keys/rotation-journal.ts";
import { failureOfNote, troubleReason } from "./rotation-lines.ts";

test.each([
  [
    "example.jp: no-zone",
    "DNS has no zone that example.jp belongs to",
    "example.jp を含むゾーンが DNS にありません",
  ],
  [
    "example.jp: no-server",
    "no address of a name server of example.jp",
    "example.jp の権威サーバーのアドレス",
  ],
  ["example.jp: timeout", "DNS has not answered for example.jp", "DNS の応答がありません"],
  ["example.jp: servfail", "SERVFAIL for example.jp", "SERVFAIL を返しました"],
  ["example.jp: refused", "refuses to answer for example.jp", "応答を拒否されました"],
  ["example.jp: bogus", "DNSSEC signatures of example.jp", "DNSSEC 署名を検証できません"],
  ["example.jp: malformed", "cannot be read", "応答を解釈できません"],
  ["servfail", "SERVFAIL for example.jp", "SERVFAIL を返しました"],
  [
    "s1._domainkey.example.jp: servers cannot be asked",
    "do not all answer for s1._domainkey.example.jp",
    "s1._domainkey.example.jp について応答しない権威サーバー",
  ],
  ["no selector is free for s20261122", "try again tomorrow", "明日やり直してください"],
  ["127.0.0.1#53: what nobody thought of", "127.0.0.1#53: what nobody thought of", "what nobody thought of"],
])("why no key could be begun is said in words: %s", (reason, en, ja) => {
  const note: RotationNote = { kind: "no-plan", domain: "example.jp", reason };
  expect(failureOfNote(note, testIo("en"))).toContain(en);
  expect(failureOfNote(note, testIo("en"))).toMatch(/^no new key of example\.jp could be begun: /);
  expect(failureOfNote(note, testIo("ja"))).toContain(ja);
});

const troubles: readonly (readonly [KeyTrouble["step"], reason: string, ja: string, en?: string])[] = [
  [
    "prove",
    "ns1.example.jp 192.0.2.53: timeout; 192.0.2.54#5353: not authoritative; 2001:db8::1: no such name; +2; no SOA record",
    "ns1.example.jp 192.0.2.53: 応答なし; 192.0.2.54#5353: 権威サーバーではない; 2001:db8::1: 名前がない; ほか 2 件; SOA レコードなし",
  ],
  ["check", "192.0.2.53: 2 TXT records", "192.0.2.53: TXT レコードが 2 件"],
  ["check", "192.0.2.53: CNAME k.example.net", "192.0.2.53: CNAME k.example.net"],
  ["check", "ns1.example.jp: servfail", "ns1.example.jp: SERVFAIL"],
  [
    "check",
    "example.jp: no-zone",
    "example.jp を含むゾーンが DNS にありません。ドメイン名の綴りを確かめ、ゾーンを先に公開するか、dns.authoritative に権威サーバーを設定してください",
    "DNS has no zone that example.jp belongs to; look at the spelling of the domain, publish its zone first, or name its servers in dns.authoritative",
  ],
  ["write", "ENOSPC", "ディスクの空き容量がありません", "the disk is full"],
  ["load", "/k/s1.pem: another key", "/k/s1.pem: 別の鍵が入っている"],
  [
    "publish",
    "/usr/bin/hook: ENOENT",
    "/usr/bin/hook: ファイルがありません",
    "/usr/bin/hook: there is no such file",
  ],
  ["publish", "/usr/bin/hook: no end in 30000 ms", "/usr/bin/hook: 30 秒たっても終わらない"],
  // What a program says stays, whatever it looks like.
  ["revoke", "/usr/bin/hook: exit code 3: ns1: timeout; +2", "/usr/bin/hook: 終了コード 3: ns1: timeout; +2"],
  ["remove", "/usr/bin/nsupdate: update failed: REFUSED", "/usr/bin/nsupdate: update failed: REFUSED"],
];
test.each(troubles.map(([step, reason, ja, en = reason]) => [step, reason, ja, en] as const))(
  "why a key is held up is said in words: %s, %s",
  (step, reason, ja, en) => {
    const key = { domain: "example.jp", trouble: { step, reason, since: 0, times: 1 } };
    expect(troubleReason(key, testIo("ja"))).toBe(ja);
    expect(troubleReason(key, testIo("en"))).toBe(en);
  },
);
