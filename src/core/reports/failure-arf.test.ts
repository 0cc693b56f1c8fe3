import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp } from "../ip.ts";
import { readFeedbackReport } from "./failure-arf.ts";

function feedback(text: string): ReturnType<typeof readFeedbackReport> {
  return readFeedbackReport({ feedback: Buffer.from(text) });
}

function reported(text: string, headersOnly = false): ReturnType<typeof readFeedbackReport>["message"] {
  return readFeedbackReport({
    feedback: Buffer.from("Feedback-Type: auth-failure"),
    reported: { octets: Buffer.from(text, "latin1"), headersOnly },
  }).message;
}

test.each([
  ["a plain address", "192.0.2.1", "192.0.2.1"],
  ["v6 in brackets", "[IPv6:2001:db8::1]", "2001:db8::1"],
  ["v4-mapped", "::ffff:192.0.2.1", "192.0.2.1"],
  ["with a port", "192.0.2.1:4321", "192.0.2.1"],
  ["with a name behind it", "192.0.2.1 (mail.example.com)", "192.0.2.1"],
])("RFC 5965 §3.2 Source-IP: %s", (_name, text, ip) => {
  const { sourceIp } = feedback(`Feedback-Type: auth-failure\r\nSource-IP: ${text}\r\n`);
  expect(sourceIp && formatIp(sourceIp)).toBe(ip);
});

test("fields are found whatever their case, folding, line ends and charset", () => {
  const text =
    "\n\nFEEDBACK-TYPE:auth-failure\nUser-Agent:\n one\n\ttwo\n\nX-Name: =?utf-8?Q?=E5=B1=B1?=\nReceived-Date: 1 Jan 2026 00:00:00 +0000";
  expect(feedback(text)).toMatchObject({
    feedbackType: "auth-failure",
    userAgent: "one two",
    otherFields: [{ name: "X-Name", value: "山" }],
    arrivalDate: Date.UTC(2026, 0, 1),
    incidents: 1,
  });
});

test("of a report that never ends so much is read", () => {
  const { otherFields, feedbackType } = feedback(`Feedback-Type: abuse\n${"X: y\n".repeat(200_000)}`);
  expect(feedbackType).toBe("abuse");
  expect(otherFields.length).toBeLessThan(500);
});

test("a field that comes twice: the first, and a word about it", () => {
  const { version, warnings } = feedback(
    "Feedback-Type: abuse\nVersion: 1\nVersion: 2\nOriginal-Rcpt-To: a@b\nOriginal-Rcpt-To: c@d",
  );
  expect(version).toBe("1");
  expect(warnings).toEqual([{ id: "repeated", at: "version", value: "2" }]);
});

test("RFC 6591 §3.2: DKIM and SPF", () => {
  const text =
    'Feedback-Type: auth-failure\nDKIM-Domain: Example.COM\nDKIM-Identity: @example.com\nDKIM-Selector: s1\nSPF-DNS: txt : example.com : "v=spf1 -all"';
  expect(feedback(text)).toMatchObject({
    dkimDomain: "example.com",
    dkimIdentity: "@example.com",
    dkimSelector: "s1",
    spfDns: 'txt : example.com : "v=spf1 -all"',
    otherFields: [],
  });
});

test("RFC 6591 §3.2.4: a body in base64 is no field to show", () => {
  const { otherFields } = feedback(
    "Feedback-Type: auth-failure\nDKIM-Canonicalized-Header: eA==\nDKIM-Canonicalized-Body: c2VjcmV0",
  );
  expect(otherFields).toEqual([{ name: "DKIM-Canonicalized-Header", value: "eA==" }]);
});

test.each([
  ["a header alone", "From: a@b\r\nSubject: x\r\n", false, { from: "a@b", subject: "x", hasBody: false }],
  ["a mail", "From: a@b\r\n\r\nhello", false, { from: "a@b", hasBody: true }],
  ["bare line feeds", "From: a@b\n\nhello", false, { from: "a@b", hasBody: true }],
  ["carriage returns alone", "From: a@b\r\rhello", false, { from: "a@b", hasBody: true }],
  [
    "a carriage return too much",
    "From: a@b\r\r\nSubject: x\r\r\n\r\r\nhello",
    false,
    { from: "a@b", subject: "x", hasBody: true },
  ],
  ["mixed line ends", "From: a@b\n\r\nhello: x", false, { from: "a@b", hasBody: true }],
  ["what says that it is a header", "From: a@b\r\n\r\nhello", true, { from: "a@b", hasBody: false }],
  [
    "Shift_JIS without a charset",
    "From: a@b\r\nSubject: \x93\xfa\x96\x7b\r\n\r\n",
    false,
    { from: "a@b", subject: "日本", hasBody: false },
  ],
  [
    "ISO-2022-JP without a charset",
    "From: a@b\r\nSubject: \x1b$BF|K\\\x1b(B\r\n\r\n",
    false,
    { from: "a@b", subject: "日本", hasBody: false },
  ],
  ["nothing", "", false, { hasBody: false }],
])("the reported message: %s", (_name, text, headersOnly, message) => {
  expect(reported(text, headersOnly)).toEqual(message);
});

test("much of everything is bounded", () => {
  const many = feedback(`Feedback-Type: abuse\n${"X-A: b\n".repeat(2_000)}`);
  expect(many.otherFields.length).toBeLessThan(500);
  const long = feedback(`Feedback-Type: abuse\nUser-Agent: x\n${" yyyyyyyy\n".repeat(10_000)}`);
  expect(long.userAgent?.length).toBeLessThanOrEqual(4_096 + 10);
});

test("no octets make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 500 }), (one, other) => {
      const report = readFeedbackReport({
        feedback: Buffer.concat([Buffer.from("Incidents: "), other, Buffer.from("\r\nSource-IP: "), one]),
        reported: { octets: Buffer.from(other), headersOnly: false },
      });
      expect(Number.isSafeInteger(report.incidents) && report.incidents >= 0).toBe(true);
    }),
  );
});
