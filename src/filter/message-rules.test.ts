import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bodyRules, headerRules, type RuleId, type RuleSetting } from "../config/policy-config.ts";
import { HeadBuilder } from "../core/message/head-builder.ts";
import { parseHead } from "../core/message/message.ts";
import type { DmarcProblem } from "../core/results.ts";
import { BodyRules, brokenHeaderRules, ruleTexts, watchedRules } from "./message-rules.ts";

const all: ReadonlySet<RuleId> = new Set([...headerRules, ...bodyRules]);
const good = "From: a@a.example\r\nDate: Sat, 21 Nov 2026 10:00:00 +0900\r\n";

function broken(head: string, smtputf8 = false, fromProblem?: DmarcProblem): readonly string[] {
  return brokenHeaderRules(parseHead(Buffer.from(head, "latin1")), { smtputf8, fromProblem }, all);
}

describe("rules about the header", () => {
  const rows: readonly { rfc: string; head: string; is: readonly string[] }[] = [
    { rfc: "5322 §3.6 nothing wrong", head: good, is: [] },
    { rfc: "5322 §3.6 no Date", head: "From: a@a.example\r\n", is: ["missing-date"] },
    { rfc: "5322 §3.6 nothing at all", head: "", is: ["missing-from", "missing-date"] },
    { rfc: "5322 §3.6 two From", head: `${good}from: b@b.example\r\n`, is: ["repeated-from"] },
    { rfc: "5322 §3.6 two Sender", head: `${good}Sender: a\r\nSender: b\r\n`, is: ["repeated-sender"] },
    {
      rfc: "5322 §3.6 two Reply-To",
      head: `${good}Reply-To: a\r\nReply-To: b\r\n`,
      is: ["repeated-reply-to"],
    },
    { rfc: "5322 §3.6 two To", head: `${good}To: a\r\nTO: b\r\n`, is: ["repeated-to"] },
    { rfc: "5322 §3.6 two Cc", head: `${good}Cc: a\r\ncc: b\r\n`, is: ["repeated-cc"] },
    { rfc: "5322 §3.6 three Date", head: `${good}Date: x\r\nDate: y\r\n`, is: ["repeated-date"] },
    {
      rfc: "5322 §3.6 two Message-ID",
      head: `${good}Message-ID: a\r\nMessage-Id: b\r\n`,
      is: ["repeated-message-id"],
    },
    { rfc: "5322 §3.6 two Subject", head: `${good}Subject: a\r\nSubject: b\r\n`, is: ["repeated-subject"] },
    {
      rfc: "5322 §4.5 white space before the colon",
      head: `${good}Subject: a\r\nSubject : b\r\n`,
      is: ["repeated-subject"],
    },
    {
      rfc: "5322 §3.6 many Received, Comments, Keywords",
      head: `${good}Received: a\r\nReceived: b\r\nComments: a\r\nComments: b\r\n`,
      is: [],
    },
    {
      rfc: "5322 §3.6 a field named like a property of objects",
      head: `${good}constructor: a\r\nconstructor: b\r\n`,
      is: [],
    },
    { rfc: "5322 §2.2 8-bit", head: `${good}Subject: caf\u00e9\r\n`, is: ["raw-8bit-header"] },
    { rfc: "5322 §2.2 NUL", head: `${good}Subject: a\u0000b\r\n`, is: ["nul-header"] },
    { rfc: "5322 §2.2 CR alone", head: `${good}Subject: a\rb\r\n`, is: ["bare-cr-header"] },
    { rfc: "5322 §2.2 CR twice", head: `${good}Subject: a\r\r\n`, is: ["bare-cr-header"] },
    { rfc: "5322 §2.2 LF alone", head: `${good}Subject: a\nb\r\n`, is: ["bare-lf-header"] },
    { rfc: "5322 §2.1.1 998 octets", head: `${good}Subject: ${"x".repeat(989)}\r\n`, is: [] },
    {
      rfc: "5322 §2.1.1 999 octets",
      head: `${good}Subject: ${"x".repeat(990)}\r\n`,
      is: ["long-header-line"],
    },
    {
      rfc: "5322 §2.1.1 long, but folded",
      head: `${good}Subject: ${"x".repeat(600)}\r\n ${"x".repeat(600)}\r\n`,
      is: [],
    },
  ];
  test.each(rows)("RFC $rfc", ({ head, is }) => expect(broken(head)).toEqual(is));

  test("of a header that was too long to be read nothing is said to be missing", () => {
    const head = { ...parseHead(Buffer.from("Subject: a\r\nSubject: b\r\n")), truncated: true } as const;
    const found = brokenHeaderRules(head, { smtputf8: false, fromProblem: "from-syntax" }, all);
    expect(found).toEqual(["repeated-subject", "unreadable-from"]);
  });

  test("RFC 6531: UTF-8 may stand in the header of an SMTPUTF8 message", () => {
    expect(broken(`${good}Subject: caf\u00c3\u00a9\r\n`, true)).toEqual([]);
  });

  test.each<{ problem: DmarcProblem; is: string }>([
    { problem: "from-multiple-fields", is: "repeated-from" },
    { problem: "from-missing", is: "missing-from" },
    { problem: "from-multiple-domains", is: "several-author-domains" },
    { problem: "from-syntax", is: "unreadable-from" },
    { problem: "from-no-address", is: "unreadable-from" },
    { problem: "from-domain-invalid", is: "unreadable-from" },
  ])("RFC 9989 §11.5: what DMARC finds in From, $problem", ({ problem, is }) => {
    expect(broken(good, false, problem)).toEqual([is]);
  });

  test("what is off is not looked for", () => {
    const head = parseHead(Buffer.from("Subject: a\r\nSubject: b\r\n"));
    const facts = { smtputf8: false, fromProblem: undefined };
    expect(brokenHeaderRules(head, facts, new Set(["missing-date"]))).toEqual(["missing-date"]);
    expect(brokenHeaderRules(head, facts, new Set())).toEqual([]);
  });

  test("fields as they come over the milter protocol, with LF in folds", () => {
    const builder = new HeadBuilder();
    for (const [name, value] of [
      ["From", " a@a.example"],
      ["Date", " now"],
      ["Subject", " a\n b"],
    ] as const)
      builder.add(Buffer.from(name), Buffer.from(value));
    expect(brokenHeaderRules(builder.head(), { smtputf8: false, fromProblem: undefined }, all)).toEqual([]);
  });
});

describe("rules about the body", () => {
  const scan = (
    chunks: readonly string[],
    ids = all,
    needBody = true,
    bodyIsRead = true,
  ): readonly string[] => {
    const rules = new BodyRules({ ids, needBody }, bodyIsRead);
    for (const chunk of chunks) rules.body(Buffer.from(chunk, "latin1"));
    return rules.broken();
  };
  const rows: readonly { rfc: string; body: string; is: readonly string[] }[] = [
    { rfc: "5322 §2.3 nothing wrong", body: "a\r\nb\r\n\r\n", is: [] },
    { rfc: "5322 §2.3 empty", body: "", is: [] },
    { rfc: "5322 §2.3 no line end at the end", body: "a\r\nb", is: [] },
    { rfc: "5322 §2.3 NUL", body: "a\u0000\r\n", is: ["nul-body"] },
    { rfc: "5322 §2.3 CR alone", body: "a\rb\r\n", is: ["bare-cr-body"] },
    { rfc: "5322 §2.3 CR at the end", body: "a\r", is: ["bare-cr-body"] },
    { rfc: "5322 §2.3 CR twice", body: "a\r\r\n", is: ["bare-cr-body"] },
    { rfc: "5322 §2.3 LF alone", body: "a\nb\r\n", is: ["bare-lf-body"] },
    { rfc: "5322 §2.3 LF first", body: "\na\r\n", is: ["bare-lf-body"] },
    { rfc: "5322 §2.1.1 998 octets", body: `a\r\n${"x".repeat(998)}\r\n`, is: [] },
    { rfc: "5322 §2.1.1 999 octets", body: `a\r\n${"x".repeat(999)}\r\n`, is: ["long-body-line"] },
    {
      rfc: "5322 §2.1.1 999 octets before a bare LF",
      body: `${"x".repeat(999)}\n`,
      is: ["bare-lf-body", "long-body-line"],
    },
    { rfc: "5322 §2.1.1 999 octets at the end", body: "x".repeat(999), is: ["long-body-line"] },
    {
      rfc: "all of them",
      body: `\u0000\r${"x".repeat(999)}\n`,
      is: ["nul-body", "bare-cr-body", "bare-lf-body", "long-body-line"],
    },
  ];
  test.each(rows)("RFC $rfc", ({ body, is }) => expect(scan([body])).toEqual(is));

  test.each(rows)("RFC $rfc, cut at every place", ({ body, is }) => {
    for (let at = 0; at <= Math.min(body.length, 30); at++)
      expect(scan([body.slice(0, at), body.slice(at)])).toEqual(is);
    expect(scan([...body])).toEqual(is);
  });

  test("property: where it is cut makes no difference", () => {
    const text = fc.string({
      unit: fc.constantFrom("\r", "\n", "a", "\u0000", "x".repeat(500)),
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, fc.array(fc.nat(6000), { maxLength: 5 }), (body, cuts) => {
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, body.length)).sort((a, b) => a - b),
          body.length,
        ];
        const chunks = places.slice(1).map((to, index) => body.slice(places[index], to));
        expect(scan(chunks)).toEqual(scan([body]));
      }),
    );
  });

  test("rules about the header alone look at no body", () => {
    expect(scan(["\u0000"], new Set(headerRules), false)).toEqual([]);
  });

  test.each([
    { needBody: true, bodyIsRead: true, is: ["nul-body"] },
    { needBody: true, bodyIsRead: false, is: ["nul-body"] },
    { needBody: false, bodyIsRead: true, is: ["nul-body"] },
    // Of what is not read to its end nothing is said.
    { needBody: false, bodyIsRead: false, is: [] },
  ])("asked for: $needBody, read anyway: $bodyIsRead", ({ needBody, bodyIsRead, is }) => {
    expect(scan(["\u0000"], all, needBody, bodyIsRead)).toEqual(is);
    expect(new BodyRules({ ids: all, needBody }, bodyIsRead).needsBody).toBe(needBody);
  });
});

test("every text names an RFC and is fit for an SMTP reply", () => {
  for (const { breach, basis } of Object.values(ruleTexts)) {
    expect(breach).toMatch(/^[ -~]{5,100}$/);
    expect(basis).toMatch(/^RFC \d+ section [\d.]+$/);
  }
});

describe("what is not off in one of several settings is watched", () => {
  const off = Object.fromEntries([...all].map((id) => [id, "off"])) as Record<RuleId, "off">;
  test.each<{ settings: readonly Partial<Record<RuleId, RuleSetting>>[]; ids: RuleId[]; needBody: boolean }>([
    { settings: [{}], ids: [], needBody: false },
    { settings: [{}, { "nul-body": "record" }], ids: ["nul-body"], needBody: true },
    { settings: [{ "nul-body": "seen" }], ids: ["nul-body"], needBody: false },
    { settings: [{ "nul-body": "seen" }, { "nul-body": "reject" }], ids: ["nul-body"], needBody: true },
    { settings: [{ "missing-date": "reject" }], ids: ["missing-date"], needBody: false },
    {
      settings: [{ "nul-body": "seen", "bare-cr-body": "header" }],
      ids: ["nul-body", "bare-cr-body"],
      needBody: true,
    },
  ])("$settings", ({ settings, ids, needBody }) => {
    expect(watchedRules(settings.map((setting) => ({ ...off, ...setting })))).toEqual({
      ids: new Set(ids),
      needBody,
    });
  });
});
