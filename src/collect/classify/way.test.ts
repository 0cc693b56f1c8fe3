import { expect, test } from "vitest";
import { type SentMail, sentRecord } from "../../../test/source-world.ts";
import type { Way } from "./source.ts";
import { wayKey, wayOf } from "./way.ts";

const organizational = (domain: string): string => domain.split(".").slice(-2).join(".");
const mail = { ip: "192.0.2.1", count: 3 } as const;

const cases: readonly { readonly name: string; readonly mail: SentMail; readonly is: Partial<Way> }[] = [
  {
    name: "both pass",
    mail: { ...mail, dkim: [["univ.example", "pass"]], spf: ["univ.example", "pass"] },
    is: { dkim: "pass", dkimDomain: "univ.example", dkimPasses: ["univ.example"], spf: "pass", messages: 3 },
  },
  { name: "nothing", mail, is: { dkim: "none", dkimPasses: [], spf: "fail", spfResult: "none", marks: [] } },
  {
    name: "our signature is broken beside one that passes",
    mail: {
      ...mail,
      dkim: [
        ["list.example", "pass"],
        ["sub.univ.example", "fail"],
      ],
    },
    is: { dkim: "broken", dkimDomain: "sub.univ.example", dkimPasses: ["list.example"] },
  },
  {
    name: "somebody else's signature only",
    mail: { ...mail, dkim: [["amazonses.com", "pass"]], spf: ["amazonses.com", "pass"] },
    is: { dkim: "other", dkimDomain: "amazonses.com", spf: "other", spfDomain: "amazonses.com" },
  },
  {
    name: "none written as a result",
    mail: { ...mail, dkim: [["univ.example", "none"]] },
    is: { dkim: "none" },
  },
  {
    name: "marks",
    mail: { ...mail, marks: ["mailing_list", "trusted_forwarder", "arc", "sampled_out"] },
    is: { marks: ["arc", "forwarded", "mailing-list"] },
  },
  {
    name: "SPF word",
    mail: { ...mail, spf: ["univ.example", "softfail"] },
    is: { spf: "fail", spfResult: "softfail" },
  },
  { name: "null sender", mail: { ...mail, envelope: "" }, is: { envelope: "" } },
];
test.each(cases)("a way: $name", ({ mail, is }) => {
  expect(wayOf(sentRecord(mail, "univ.example"), organizational)).toMatchObject({
    from: "univ.example",
    ...is,
  });
});

test("HELO stands for the envelope only where nothing else was reported", () => {
  const record = sentRecord({ ...mail, spf: ["univ.example", "fail"] }, "univ.example");
  const helo = { domain: "mx.univ.example", scope: "helo", result: "pass" };
  expect(wayOf({ ...record, spf: [helo, ...record.spf] }, organizational).spfResult).toBe("fail");
  expect(wayOf({ ...record, spf: [helo] }, organizational).spfDomain).toBe("mx.univ.example");
});

test.each([
  ["the one that passed for us", ["amazonses.com", "fail"], ["univ.example", "pass"], true, "univ.example"],
  [
    "the one for us among those that passed",
    ["amazonses.com", "pass"],
    ["sub.univ.example", "pass"],
    true,
    "sub.univ.example",
  ],
  ["none that failed", ["amazonses.com", "fail"], ["univ.example", "softfail"], true, undefined],
  [
    "the one that passed for another",
    ["univ.example", "fail"],
    ["fwd.example", "pass"],
    false,
    "fwd.example",
  ],
  ["the first, where none passed", ["univ.example", "fail"], ["fwd.example", "fail"], false, "univ.example"],
] as const)("of several SPF results: %s", (_name, first, second, spfAligned, spfDomain) => {
  const record = sentRecord(mail, "univ.example");
  const spf = [first, second].map(([domain, result]) => ({ domain, result, scope: "mfrom" }));
  expect(wayOf({ ...record, spf, spfAligned }, organizational).spfDomain).toBe(spfDomain);
});

test("messages do not make another way, everything else does", () => {
  const way = wayOf(sentRecord({ ...mail, spf: ["univ.example", "pass"] }, "univ.example"), organizational);
  expect(wayKey({ ...way, messages: 99 })).toBe(wayKey(way));
  expect(wayKey({ ...way, envelope: "" })).not.toBe(wayKey(way));
  expect(wayKey({ ...way, from: "x.example" })).not.toBe(wayKey(way));
});
