import { expect, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import type { PlanFault } from "../../keys/plan-fault.ts";
import type { RotationNote } from "../../keys/rotation-journal.ts";
import { failureOfNote } from "./rotation-lines.ts";

const record = "s1._domainkey.example.jp";
const example = "example.jp";

test.each<[PlanFault, en: string, ja: string]>([
  [
    { name: example, fault: "no-zone" },
    "DNS has no zone that example.jp belongs to",
    "example.jp を含むゾーンが DNS にありません",
  ],
  [
    { name: example, fault: "no-server" },
    "no address of a name server of example.jp",
    "example.jp の権威サーバーのアドレス",
  ],
  [{ name: example, fault: "timeout" }, "DNS has not answered for example.jp", "DNS の応答がありません"],
  [{ name: example, fault: "servfail" }, "SERVFAIL for example.jp", "SERVFAIL を返しました"],
  [{ name: example, fault: "refused" }, "refuses to answer for example.jp", "応答を拒否されました"],
  [{ name: example, fault: "bogus" }, "DNSSEC signatures of example.jp", "DNSSEC 署名を検証できません"],
  [{ name: example, fault: "malformed" }, "cannot be read", "応答を解釈できません"],
  [
    { name: record, fault: "unanswered-servers" },
    "do not all answer for s1._domainkey.example.jp",
    "s1._domainkey.example.jp について応答しない権威サーバー",
  ],
  [{ name: example, fault: "no-selector" }, "try again tomorrow", "明日やり直してください"],
])("why no key could be begun is said in words: %o", (problem, en, ja) => {
  const note: RotationNote = { kind: "no-plan", domain: "example.jp", type: "rsa", problem };
  expect(failureOfNote(note, testIo("en"))).toContain(en);
  expect(failureOfNote(note, testIo("en"))).toMatch(/^no new key of example\.jp could be begun: /);
  expect(failureOfNote(note, testIo("ja"))).toContain(ja);
});
