import { expect, test } from "vitest";
import type { KeyTrouble } from "./rotation.ts";
import { troubleInWords } from "./trouble-words.ts";

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
  ["publish", "/hook: exit code 1: example.jp: no-zone", "/hook: 終了コード 1: example.jp: no-zone"],
  ["remove", "/usr/bin/nsupdate: update failed: REFUSED", "/usr/bin/nsupdate: update failed: REFUSED"],
];
test.each(troubles.map(([step, reason, ja, en = reason]) => [step, reason, ja, en] as const))(
  "why a key is held up is said in words: %s, %s",
  (step, reason, ja, en) => {
    const key = { trouble: { step, reason, since: 0, times: 1 } };
    expect(troubleInWords(key, "ja")).toBe(ja);
    expect(troubleInWords(key, "en")).toBe(en);
  },
);
