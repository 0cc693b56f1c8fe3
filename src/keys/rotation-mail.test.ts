import { expect, test } from "vitest";
import type { KeyTrouble, RotatedKey } from "./rotation.ts";
import type { RotationNote } from "./rotation-journal.ts";
import { mailOf } from "./rotation-mail.ts";

const key: RotatedKey = {
  domain: "example.jp",
  selector: "s20261121a",
  type: "rsa",
  file: "/k/s20261121a.pem",
  origin: "rotation",
  state: "published",
  since: 0,
  why: "sent",
  history: [],
  zone: "example.jp",
  staleMs: 0,
  jitter: 0,
  nextAt: 0,
};

function trouble(step: KeyTrouble["step"], reason: string): RotationNote {
  return { kind: "trouble", key: { ...key, trouble: { step, reason, since: 0, times: 3 } }, lasts: true };
}

test("a domain may have no key in use yet: nothing is promised that is not so", () => {
  const note: RotationNote = {
    kind: "no-plan",
    domain: "example.jp",
    type: "rsa",
    problem: { name: "example.jp", fault: "servfail" },
  };
  expect(mailOf(note, "en")?.text).toContain("Where a key was in use");
  expect(mailOf(note, "ja")?.text).toContain("使用中の鍵があれば");
  expect(mailOf(note, "ja")?.text).not.toContain("交代の時期");
});

test.each<[string, RotationNote, en: string, ja: string]>([
  [
    "what servers said",
    trouble("prove", "ns1.example.jp 192.0.2.53: timeout; +2"),
    "ns1.example.jp 192.0.2.53: timeout; +2",
    "調べた結果:   ns1.example.jp 192.0.2.53: 応答なし; ほか 2 件\n",
  ],
  ["a full disk", trouble("write", "ENOSPC"), "the disk is full", "ディスクの空き容量がありません"],
  [
    "no zone",
    trouble("check", "example.jp: no-zone"),
    "DNS has no zone that example.jp belongs to",
    "example.jp を含むゾーンが DNS にありません",
  ],
  [
    "no new key",
    {
      kind: "no-plan",
      domain: "example.jp",
      type: "rsa",
      problem: { name: "example.jp", fault: "servfail" },
    },
    "due and cannot be begun: the DNS resolver answers SERVFAIL for example.jp",
    "理由: example.jp について DNS リゾルバーが SERVFAIL を返しました",
  ],
])("mail says in words why a step is held up: %s", (_, note, en, ja) => {
  expect(mailOf(note, "en")?.text).toContain(en);
  expect(mailOf(note, "ja")?.text).toContain(ja);
});
