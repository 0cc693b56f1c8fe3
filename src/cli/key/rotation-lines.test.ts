import { expect, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import type { RotationNote } from "../../keys/rotation-journal.ts";
import { failureOfNote } from "./rotation-lines.ts";

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
  const note: RotationNote = { kind: "no-plan", domain: "example.jp", type: "rsa", reason };
  expect(failureOfNote(note, testIo("en"))).toContain(en);
  expect(failureOfNote(note, testIo("en"))).toMatch(/^no new key of example\.jp could be begun: /);
  expect(failureOfNote(note, testIo("ja"))).toContain(ja);
});
