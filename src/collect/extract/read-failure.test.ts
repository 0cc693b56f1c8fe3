import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { formatIp } from "../../core/ip.ts";
import { Allowance } from "./limits.ts";
import { type Mail, readMail } from "./mime-part.ts";
import { readFailureMail, readTextFailure } from "./read-failure.ts";

function mailOf(text: string | Buffer): Mail {
  return readMail(
    typeof text === "string" ? Buffer.from(text.replaceAll("\n", "\r\n")) : text,
    new Allowance(),
  );
}

describeShared("failure reports of real reporters", () => {
  interface Facts {
    readonly feedbackReport?: Readonly<Record<string, readonly string[]>>;
  }
  const { samples } = JSON.parse(
    readFileSync(sharedPath("conformance", "reports", "FACTS.json"), "utf8"),
  ) as {
    readonly samples: Record<string, Facts>;
  };
  const failures = Object.entries(samples).filter(([, { feedbackReport }]) => feedbackReport !== undefined);
  test.each(failures)("%s", (file, { feedbackReport = {} }) => {
    const report = readFailureMail(mailOf(readFileSync(sharedPath("conformance", "reports", file))));
    const first = (name: string): string | undefined => feedbackReport[name]?.[0];
    expect(report.feedbackType).toBe(first("Feedback-Type"));
    expect(report.sourceIp && formatIp(report.sourceIp)).toBe(first("Source-IP"));
    expect(report.reportedDomain).toBe(first("Reported-Domain"));
    expect(report.deliveryResult).toBe(first("Delivery-Result"));
    expect(report.originalMailFrom).toBe(first("Original-Mail-From")?.replace(/^<(.*)>$/, "$1"));
    expect(report.message?.from).toBeTruthy();
    expect(report.message?.hasBody).toBeTypeOf("boolean");
  });
});

const arf = `From: reports@r.example
Subject: FW: x
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

A report.
--b
Content-Type: message/feedback-report

Feedback-Type: Auth-Failure
Version: 1
Auth-Failure: dmarc
Identity-Alignment: none
Source-IP: ::ffff:192.0.2.7
Incidents: 12
Arrival-Date: Fri, 20 Nov 2026 09:00:00 +0900
Original-Mail-From: <a@b.example>
Reported-Domain: B.Example.
Reported-URI: https://x.example/
Reported-URI: https://y.example/
X-Odd: =?UTF-8?B?5pel5pys?=
--b
Content-Type: text/rfc822-headers

From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@b.example>
Subject: =?shift_jis?B?k/qWew==?=
Message-ID: <1@b.example>
--b--
`;

test("RFC 6591 §3.2, RFC 5965 §3: each field by its meaning", () => {
  const report = readFailureMail(mailOf(arf));
  expect({ ...report, sourceIp: report.sourceIp && formatIp(report.sourceIp) }).toEqual({
    kind: "failure",
    form: "arf",
    feedbackType: "auth-failure",
    version: "1",
    authFailure: "dmarc",
    identityAlignment: "none",
    sourceIp: "192.0.2.7",
    incidents: 12,
    arrivalDate: Date.UTC(2026, 10, 20),
    originalMailFrom: "a@b.example",
    reportedDomain: "b.example",
    reportedUri: ["https://x.example/", "https://y.example/"],
    otherFields: [{ name: "X-Odd", value: "日本" }],
    message: { from: "山田 <a@b.example>", subject: "日本", messageId: "<1@b.example>", hasBody: false },
    warnings: [],
  });
});

test.each([
  ["no such address", "Source-IP: here", "bad-source-ip"],
  ["no such number", "Incidents: many", "bad-count"],
  ["no such day", "Arrival-Date: yesterday", "odd-time"],
  ["no type", "Version: 1", "no-feedback-type"],
])("a warning for %s", (_name, line, id) => {
  const type = id === "no-feedback-type" ? "" : "Feedback-Type: auth-failure\n";
  const mail = `Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n${type}${line}\n--b--\n`;
  expect(readFailureMail(mailOf(mail)).warnings.map((warning) => warning.id)).toEqual([id]);
});

test("a mail server's own words", () => {
  const report = readTextFailure(
    mailOf(`From: mailer@mx.example
Subject: DMARC failure report for victim.example

A message that claims to be from you failed the DMARC verification.

  Sending IP address: 203.0.113.9
  Envelope sender: <x@evil.example>
  Header From domain: victim.example
  Recipient: user@mx.example

Received: from evil.example ([203.0.113.9])
From: You <you@victim.example>
Subject: Hello
`),
  );
  expect(report).toMatchObject({
    form: "text",
    reportedDomain: "victim.example",
    originalMailFrom: "x@evil.example",
    originalRcptTo: "user@mx.example",
    message: { from: "You <you@victim.example>", subject: "Hello" },
  });
  expect(report?.sourceIp && formatIp(report.sourceIp)).toBe("203.0.113.9");
});

test("when the words of Exim say that it came", () => {
  const text =
    "Subject: DMARC failure\n\n  Sender IP Address: 192.0.2.1\n  Received Date: Tue, 03 Nov 2026 12:00:00 +0900\n";
  expect(readTextFailure(mailOf(text))?.arrivalDate).toBe(Date.UTC(2026, 10, 3, 3));
});

test("an address in the words of a gateway is plain, too", () => {
  const report = readTextFailure(mailOf("Subject: DMARC failure\n\nSource IP: ::ffff:192.0.2.1\n"));
  expect(report?.sourceIp && formatIp(report.sourceIp)).toBe("192.0.2.1");
});

test.each([
  ["a letter", "Subject: Lunch\n\nShall we?\n"],
  [
    "a mail of ours that came back",
    "Subject: Undelivered\nContent-Type: multipart/report; boundary=b\n\n--b\n\n550 failed the DMARC check\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n--b--\n",
  ],
  ["somebody who is away", "Subject: Out of office\n\nI am away. Ask dmarc@x.example.\n"],
])("no failure report: %s", (_name, text) => {
  expect(readTextFailure(mailOf(text))).toBeUndefined();
});

test("no mail makes it throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), fc.nat(arf.length), (junk, at) => {
      const mail = mailOf(arf.slice(0, at) + junk + arf.slice(at));
      readFailureMail(mail);
      readTextFailure(mail);
    }),
  );
});
