import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIp, type IpNetwork, parseNetwork } from "../core/ip.ts";
import { parseHead } from "../core/message/message.ts";
import { type RelayClient, relayClient } from "./relay-received.ts";

const names = ["gw.example.jp"];

function clientOf(...received: readonly string[]): RelayClient {
  const text = received.map((value) => `Received: ${value}\r\n`).join("");
  const second = { ...(parseNetwork("192.0.2.99") as IpNetwork), names: ["gw2.example.jp"] };
  return relayClient(parseHead(Buffer.from(`${text}From: a@example.org\r\n`, "latin1")), { names }, [second]);
}

function summary(client: RelayClient): string {
  switch (client.kind) {
    case "client":
      return `${formatIp(client.ip)} ${client.helo ?? "-"}`;
    case "local":
      return "local";
    case "unread":
      return client.reason;
  }
}

describe("forms of MTAs (RFC 5321 §4.4)", () => {
  test.each([
    {
      name: "Postfix",
      received:
        "from helo.test (rdns.test [203.0.113.9])\r\n\tby gw.example.jp (Postfix) with ESMTPS id 4F1; Sat, 21 Nov 2026 10:00:00 +0900 (JST)",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Postfix, no PTR",
      received: "from helo.test (unknown [203.0.113.9]) by gw.example.jp (Postfix) with SMTP id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Postfix, v6",
      received: "from helo.test (rdns.test [IPv6:2001:db8::9]) by gw.example.jp (Postfix) with ESMTP id 1; d",
      is: "2001:db8::9 helo.test",
    },
    {
      name: "Postfix, TLS",
      received:
        "from helo.test (rdns.test [203.0.113.9])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange X25519 server-signature ECDSA (P-256))\r\n\t(No client certificate requested)\r\n\tby gw.example.jp (Postfix) with ESMTPS id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Postfix, login",
      received:
        "from pc.test (x [203.0.113.9]) (Authenticated sender: a@b.test) by gw.example.jp (Postfix) with ESMTPSA id 1; d",
      is: "203.0.113.9 pc.test",
    },
    {
      name: "Postfix, HELO an address literal",
      received: "from [198.51.100.1] (rdns.test [203.0.113.9]) by gw.example.jp (Postfix) with ESMTP id 1; d",
      is: "203.0.113.9 [198.51.100.1]",
    },
    { name: "Postfix, local", received: "by gw.example.jp (Postfix, from userid 1000) id 1; d", is: "local" },
    {
      name: "Sendmail",
      received:
        "from helo.test (rdns.test [203.0.113.9])\r\n\tby gw.example.jp (8.18.1/8.18.1) with ESMTPS id 5; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Sendmail, forged PTR",
      received:
        "from helo.test (rdns.test [203.0.113.9] (may be forged)) by gw.example.jp (8.18.1/8.18.1) with ESMTP id 5; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Sendmail, no PTR",
      received: "from helo.test ([203.0.113.9]) by gw.example.jp (8.18.1/8.18.1) with ESMTP id 5; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Sendmail, ident",
      received:
        "from helo.test (IDENT:user@rdns.test [203.0.113.9]) by gw.example.jp (8.18.1) with ESMTP id 5; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Sendmail, local",
      received: "(from taro@localhost) by gw.example.jp (8.18.1/8.18.1/Submit) id 5; d",
      is: "local",
    },
    {
      name: "Exim",
      received:
        "from rdns.test ([203.0.113.9] helo=helo.test)\r\n\tby gw.example.jp with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\t(Exim 4.98)\r\n\t(envelope-from <a@b.test>)\r\n\tid 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Exim, name and HELO alike",
      received: "from helo.test ([203.0.113.9]) by gw.example.jp with esmtp (Exim 4.98) id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Exim, port",
      received:
        "from rdns.test ([203.0.113.9]:4711 helo=helo.test) by gw.example.jp with esmtp (Exim 4.98) id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Exim, no PTR",
      received: "from [203.0.113.9] (helo=helo.test) by gw.example.jp with esmtp (Exim 4.98) id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Exim, no PTR, port",
      received:
        "from [203.0.113.9] (port=4711 helo=helo.test) by gw.example.jp with esmtp (Exim 4.98) id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Exim, HELO an address literal",
      received: "from [203.0.113.9] (helo=[198.51.100.1]) by gw.example.jp with esmtp (Exim 4.98) id 1; d",
      is: "203.0.113.9 [198.51.100.1]",
    },
    {
      name: "Exim, local",
      received: "from taro by gw.example.jp with local (Exim 4.98) (envelope-from <a@b.test>) id 1; d",
      is: "local",
    },
    {
      name: "Exchange",
      received:
        "from helo.test (203.0.113.9) by gw.example.jp\r\n (10.0.0.2) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.39 via Frontend Transport; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "Exchange, v6",
      received:
        "from helo.test (2001:db8::9) by gw.example.jp (2001:db8::2) with Microsoft SMTP Server id 15.20; d",
      is: "2001:db8::9 helo.test",
    },
    {
      name: "qmail",
      received: "from unknown (HELO helo.test) (203.0.113.9)\r\n  by gw.example.jp with SMTP; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "qmail, ident",
      received: "from rdns.test (HELO helo.test) (user@203.0.113.9) by gw.example.jp with SMTP; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "mapped v4",
      received: "from helo.test (rdns.test [::ffff:203.0.113.9]) by gw.example.jp with ESMTP id 1; d",
      is: "203.0.113.9 helo.test",
    },
    {
      name: "by in capitals, final dot",
      received: "FROM helo.test (r [203.0.113.9]) BY GW.Example.JP. with ESMTP; d",
      is: "203.0.113.9 helo.test",
    },
  ])("$name", ({ received, is }) => expect(summary(clientOf(received))).toBe(is));
});

describe("what a client may choose does not decide", () => {
  const tail = "by gw.example.jp (Postfix) with ESMTP id 1; d";
  test.each([
    {
      name: "a by in HELO's place",
      received: "from by (r [203.0.113.9]) by gw.example.jp with ESMTP; d",
      is: "syntax",
    },
    {
      name: "a by after the date",
      received: "from x (r [203.0.113.9]) with ESMTP; by gw.example.jp",
      is: "syntax",
    },
    {
      name: "a by in a comment",
      received: "from x (r [203.0.113.9] by gw.example.jp) by evil.test; d",
      is: "unknown-by",
    },
    { name: "another by", received: "from x (r [203.0.113.9]) by evil.test; d", is: "unknown-by" },
    {
      name: "a name that only ends alike",
      received: "from x (r [203.0.113.9]) by evil-gw.example.jp; d",
      is: "unknown-by",
    },
    {
      name: "a name below ours",
      received: "from x (r [203.0.113.9]) by a.gw.example.jp; d",
      is: "unknown-by",
    },
    {
      name: "a name with an octet that IDNA drops",
      received: "from x (r [203.0.113.9]) by gw.\u00adexample.jp; d",
      is: "unknown-by",
    },
    { name: "no by", received: "from x (r [203.0.113.9]) with ESMTP; d", is: "syntax" },
    { name: "by without a name", received: "from x (r [203.0.113.9]) by (gw.example.jp); d", is: "syntax" },
    {
      name: "two addresses in one comment",
      received: `from x (IDENT:[198.51.100.1] r [203.0.113.9]) ${tail}`,
      is: "203.0.113.9 x",
    },
    {
      name: "two addresses with a blank before each",
      received: `from x (IDENT:a [198.51.100.1] [203.0.113.9]) ${tail}`,
      is: "ambiguous-address",
    },
    {
      name: "an address in a certificate's name",
      received: `from x (r [203.0.113.9]) (Client CN "[198.51.100.1]", Issuer "y") ${tail}`,
      is: "203.0.113.9 x",
    },
    { name: "only what HELO said, in brackets", received: `from [198.51.100.1] ${tail}`, is: "no-address" },
    {
      name: "an address as HELO without brackets",
      received: `from 198.51.100.1 (r) ${tail}`,
      is: "no-address",
    },
    {
      name: "a PTR that reads like an address",
      received: `from x (198.51.100.1 [203.0.113.9]) ${tail}`,
      is: "203.0.113.9 x",
    },
    {
      name: "an address in a nested comment",
      received: `from x (r (was [198.51.100.1]) [203.0.113.9]) ${tail}`,
      is: "203.0.113.9 x",
    },
    {
      name: "an escaped parenthesis",
      received: `from x (r\\) by gw.example.jp [203.0.113.9]) ${tail}`,
      is: "syntax",
    },
    { name: "an unclosed comment", received: "from x (r [203.0.113.9] by gw.example.jp; d", is: "syntax" },
    { name: "words between", received: `from x (r [203.0.113.9]) via [198.51.100.1] ${tail}`, is: "syntax" },
    { name: "no address at all", received: `from x (r) ${tail}`, is: "no-address" },
    { name: "nonsense address", received: `from x (r [203.0.113.999]) ${tail}`, is: "no-address" },
    { name: "empty", received: "", is: "syntax" },
    { name: "a date alone", received: "; Sat, 21 Nov 2026 10:00:00 +0900", is: "syntax" },
  ])("$name", ({ received, is }) => expect(summary(clientOf(received))).toBe(is));

  // What a relay writes that, unlike Postfix, takes over HELO as it was said.
  const real = "(r [203.0.113.9])\r\n\tby gw.example.jp (Postfix) with ESMTP id 1";
  test.each([
    { helo: "x y", is: "syntax" },
    { helo: "x (ok.test [198.51.100.1])", is: "ambiguous-address" },
    { helo: "x (198.51.100.1)", is: "ambiguous-address" },
    { helo: "x (localhost [127.0.0.1])", is: "ambiguous-address" },
    { helo: "x (a [198.51.100.1]) by gw.example.jp", is: "syntax" },
    { helo: "x (a [198.51.100.1]) BY GW.example.jp. with ESMTP;", is: "syntax" },
    { helo: "x (a [198.51.100.1]) by gw.example.jp (", is: "syntax" },
    { helo: "x (a [198.51.100.1]) by gw.example.jp (\\", is: "syntax" },
    { helo: "x by gw.example.jp with local;", is: "syntax" },
    { helo: "x (Client CN [198.51.100.1])", is: "203.0.113.9 x" },
    { helo: "x (helo=y)", is: "203.0.113.9 y" },
    { helo: `x (a [198.51.100.1]) by gw.example.jp;${" ".repeat(9000)}`, is: "syntax" },
  ])("HELO $helo", ({ helo, is }) => {
    expect(summary(clientOf(`from ${helo} ${real}; d`))).toBe(is);
    expect(summary(clientOf(`from ${helo} ${real}\r\n\tfor <"user+)"@gw.example.jp>; d`))).toBe(is);
  });

  test("an address with blanks around it in a certificate's name", () => {
    const tls = '(using TLSv1.3 with cipher X (256/256 bits)) (Client CN "a [198.51.100.1] b", Issuer "y")';
    const received = `from x (r [203.0.113.9]) ${tls} ${tail}`;
    expect(summary(clientOf(received))).toBe("203.0.113.9 x");
  });

  test("only the topmost field is the relay's", () => {
    const below = "from x (r [198.51.100.1]) by gw.example.jp with ESMTP; d";
    expect(summary(clientOf("from x (r [203.0.113.9]) by evil.test; d", below))).toBe("unknown-by");
    expect(summary(clientOf("from x (r [203.0.113.9]) by gw.example.jp; d", below))).toBe("203.0.113.9 x");
  });
  test("no field", () => expect(summary(clientOf())).toBe("no-received"));
});

describe("more than one hop of ours", () => {
  const loop = "from localhost (localhost [127.0.0.1]) by gw.example.jp (Postfix) with ESMTP id 2; d";
  const loop6 = "from localhost (localhost [IPv6:::1]) by gw.example.jp (Postfix) with ESMTP id 2; d";
  const outer = "from x (r [203.0.113.9]) by gw.example.jp (Postfix) with ESMTP id 1; d";
  const viaSecond = "from mail (gw2.example.jp [192.0.2.99]) by gw.example.jp (Postfix) with ESMTP id 1; d";
  const amavis =
    "from gw.example.jp ([127.0.0.1]) by localhost (gw.example.jp [127.0.0.1]) (amavis) with ESMTP id 3; d";
  const atSecond = "from y (r [203.0.113.10]) by gw2.example.jp with ESMTP id 1; d";
  test.each([
    { name: "a content filter on the relay", fields: [loop, outer], is: "203.0.113.9 x" },
    { name: "the same over v6", fields: [loop6, outer], is: "203.0.113.9 x" },
    { name: "a relay behind the relay", fields: [viaSecond, atSecond], is: "203.0.113.10 y" },
    { name: "below the second relay only its own names count", fields: [viaSecond, outer], is: "unknown-by" },
    {
      name: "below a content filter only the relay's names count",
      fields: [loop, atSecond],
      is: "unknown-by",
    },
    { name: "the second relay's field is missing", fields: [viaSecond], is: "no-received" },
    { name: "amavis, which calls itself localhost", fields: [loop, amavis, outer], is: "203.0.113.9 x" },
    { name: "five filters", fields: [loop, loop, loop, loop, loop, outer], is: "too-many-hops" },
    { name: "four filters", fields: [loop, loop, loop, loop, outer], is: "203.0.113.9 x" },
  ])("$name", ({ fields, is }) => expect(summary(clientOf(...fields))).toBe(is));
});

test("property: whatever the field, an address comes only with the relay's own name after by", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "from",
      "by",
      "gw.example.jp",
      "(",
      ")",
      "[203.0.113.9]",
      "[IPv6:::1]",
      "helo=x",
      ";",
      "\\",
      '"',
      "with",
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const received = parts.join(" ").replaceAll(/[\r\n]/g, " ");
      const client = clientOf(received);
      if (client.kind === "client") expect(received).toMatch(/by\s+gw\.example\.jp/);
    }),
    { numRuns: 500 },
  );
});

test("deep nesting and great length take no time to speak of", () => {
  expect(summary(clientOf(`from x ${"(".repeat(50_000)} by gw.example.jp`))).toBe("syntax");
  expect(summary(clientOf(`from x ${"(a) ".repeat(20_000)} by gw.example.jp`))).toBe("syntax");
});
