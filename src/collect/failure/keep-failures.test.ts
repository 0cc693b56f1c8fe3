import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aggregateXml, mailOf, zipOf } from "../../../test/report-files.ts";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { systemClock } from "../../core/clock.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import { identifyFailure } from "../../store/reports/identity.ts";
import type { ReadDocument } from "../../store/reports/port.ts";
import { defaultLimits } from "../extract/limits.ts";
import { judgeMail } from "../judge-mail.ts";
import { readArrival } from "../read-arrival.ts";
import { type KeptFailures, keepFailures } from "./keep-failures.ts";
import { openRedaction } from "./redaction.ts";
import { reduceArrival } from "./reduce-arrival.ts";

const redact = openRedaction(Buffer.from("a secret key"));
const judge = (mail: Parameters<typeof judgeMail>[0]) =>
  judgeMail(mail, { authservIds: ["mx.univ.example"], clock: systemClock });

function crlf(text: string): Buffer {
  return Buffer.from(text.replaceAll("\n", "\r\n"));
}

function read(octets: Buffer): Promise<readonly ReadDocument[]> {
  return readArrival(octets, { judge });
}

async function kept(octets: Buffer, options: Parameters<typeof keepFailures>[2] = {}): Promise<KeptFailures> {
  const result = await keepFailures(octets, await read(octets), options);
  if (result === undefined) throw new Error("no failure report");
  return result;
}

function failuresOf(documents: readonly ReadDocument[]): FailureReport[] {
  return documents.flatMap((read) => (read.kind === "failure" ? [read.report] : []));
}

const secret = "The words of the body";
const feedback = `Feedback-Type: auth-failure
Version: 1
Auth-Failure: dmarc
Source-IP: 192.0.2.7
Original-Mail-From: <taro@b.example>
Original-Rcpt-To: hanako@univ.example
Authentication-Results: mx.univ.example; dmarc=fail header.from=b.example; spf=fail smtp.mailfrom=taro@b.example
Arrival-Date: Fri, 20 Nov 2026 09:00:00 +0900
Reported-Domain: b.example`;

interface ArfSample {
  readonly feedback?: string;
  readonly type?: string;
  readonly header?: string;
  readonly body?: string;
  readonly fields?: string;
  readonly beside?: string;
}

function arf(sample: ArfSample = {}): Buffer {
  const { type = "message/rfc822", fields = "", beside = "" } = sample;
  const header =
    sample.header ??
    "From: Taro <taro@b.example>\nTo: hanako@univ.example\nSubject: Hello\nMessage-ID: <1@b.example>";
  const body = sample.body ?? `\n\n${secret}`;
  return Buffer.from(
    `${fields}From: Reports <r@reporter.example>
To: dmarc@univ.example
Subject: FW: report of taro@b.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

Somebody wrote: ${secret}
--b
Content-Type: message/feedback-report

${sample.feedback ?? feedback}
--b
Content-Type: ${type}

${header}${body}
${beside}--b--
`.replaceAll("\n", "\r\n"),
    "latin1",
  );
}

const textReport = `From: mailer@mx.example
Subject: DMARC failure report for victim.example

A message that claims to be from you failed the DMARC verification.

  Sending IP address: 203.0.113.9
  Envelope sender: <x@evil.example>
  Recipient: user@mx.example

Received: from evil.example ([203.0.113.9])
From: You <you@victim.example>
Subject: Hello

${secret}
`;
const gateway = mailOf([
  {
    type: "text/plain",
    encoding: "7bit",
    octets: "DMARC policy violation.\r\nSource IP: 192.0.2.1\r\nDisposition: reject\r\n",
  },
  { type: "message/rfc822", encoding: "8bit", octets: `From: a@b.example\r\nSubject: Hi\r\n\r\n${secret}` },
]);
const passedOn = (inner: Buffer, boundary = "outer", fileName = "報告.eml"): Buffer =>
  mailOf(
    [
      { type: "text/plain", encoding: "7bit", octets: `Please look: ${secret}` },
      { type: "message/rfc822", encoding: "8bit", fileName, octets: inner.toString("latin1") },
    ],
    "",
    boundary,
  );
const alternative = mailOf([
  { type: "text/plain", encoding: "7bit", octets: textReport.slice(textReport.indexOf("\n\n") + 2) },
  { type: "text/html", encoding: "7bit", octets: `<p>DMARC failure ${secret}</p>` },
]);

const forms: readonly (readonly [string, Buffer])[] = [
  ["in gzip", gzipSync(arf())],
  ["in base64 in gzip", gzipSync(gzipSync(arf()).toString("base64"))],
  ["alone in a ZIP", zipOf([{ name: "a.eml", octets: arf() }])],
  [
    "a mail in gzip that is attached",
    mailOf([{ type: "application/gzip", fileName: "a.eml.gz", octets: gzipSync(arf()) }], "", "outer"),
  ],
  ["line ends of old systems", arf({ header: "From: a@b.example\rSubject: x", body: `\r\r${secret}` })],
  [
    "mixed line ends",
    Buffer.from(arf().toString("latin1").replace(`\r\n\r\n${secret}`, `\n\r\n${secret}`), "latin1"),
  ],
  [
    "words in the header of a message",
    arf({ header: `${secret}\nFrom: a@b.example\nSubject: x`, type: "text/rfc822-headers" }),
  ],
  ["ARF", arf()],
  ["ARF with a header alone", arf({ type: "text/rfc822-headers", body: "" })],
  ["ARF with a header that has a body", arf({ type: "text/rfc822-headers" })],
  ["ARF with an internationalized message", arf({ type: "message/global" })],
  ["ARF without a message", arf({ type: "application/octet-stream" })],
  [
    "the body in base64, RFC 6591 §3.2.4",
    arf({
      feedback: `${feedback}\nDKIM-Canonicalized-Body: ${Buffer.from(secret).toString("base64")}\n ${secret}`,
    }),
  ],
  ["no blank line after the header", arf({ body: "" })],
  ["a blank header", arf({ header: "" })],
  ["words", crlf(textReport)],
  [
    "words alone",
    crlf("From: a@b.example\nSubject: DMARC failure report for victim.example\n\nSource IP: 192.0.2.1\n"),
  ],
  [
    "words that quote with marks",
    crlf(
      `From: a@b.example\nSubject: DMARC failure\n\nSource IP: 192.0.2.1\n\n> From: x@evil.example\n> Subject: y\n>\n> ${secret}\n`,
    ),
  ],
  ["words and HTML", alternative],
  ["a gateway's", gateway],
  ["a mail of an mbox", Buffer.concat([Buffer.from("From r@reporter.example Fri Nov 20 2026\r\n"), arf()])],
  ["ARF that was passed on", passedOn(arf())],
  ["words that were passed on", passedOn(crlf(textReport))],
  ["ARF that was passed on twice", passedOn(passedOn(arf(), "outer", "a.eml"), "outermost")],
  [
    "signed with S/MIME",
    crlf(
      `From: r@reporter.example\nContent-Type: multipart/signed; boundary=s; protocol="application/pkcs7-signature"\n\n--s\n${arf().toString("latin1").replaceAll("\r", "")}\n--s\nContent-Type: application/pkcs7-signature\n\nMIIB\n--s--\n`,
    ),
  ],
];

describe("the same report without the body", () => {
  test.each(forms)("%s", async (_name, octets) => {
    const before = await read(octets);
    const { octets: reduced, documents } = await kept(octets);
    expect(documents).toEqual(before);
    expect(reduced).toBeDefined();
    expect(reduced?.toString("latin1")).not.toContain(secret);
    expect(reduced?.toString("latin1")).not.toContain(Buffer.from(secret).toString("base64"));
    const after = await read(reduced as Buffer);
    expect(after).toEqual(before);
    // Read again it stays what it is.
    expect((await kept(reduced as Buffer)).octets?.toString("latin1")).toBe(reduced?.toString("latin1"));
  });

  test.each(forms)("without local parts: %s", async (_name, octets) => {
    const before = failuresOf(await read(octets))[0];
    const { octets: reduced, documents } = await kept(octets, { redact });
    const after = await read(reduced as Buffer);
    expect(failuresOf(after)).toEqual(failuresOf(documents));
    const all = `${reduced?.toString("utf8")}${JSON.stringify(documents)}`;
    expect(all).not.toMatch(/\b(?:taro|hanako|you|user|x)@/i);
    expect(all).not.toContain(secret);
    const [report] = failuresOf(after);
    for (const key of [
      "form",
      "reportedDomain",
      "authFailure",
      "sourceIp",
      "arrivalDate",
      "incidents",
    ] as const)
      expect(report?.[key]).toEqual(before?.[key]);
    expect(report?.message?.subject).toEqual(before?.message?.subject && redact(before.message.subject));
    expect(report?.message?.hasBody).toEqual(before?.message?.hasBody);
    const again = await kept(reduced as Buffer, { redact });
    expect(again.octets?.toString("latin1")).toBe(reduced?.toString("latin1"));
  });
});

const inBase64 = (text: string): string => Buffer.from(text).toString("base64");
/** With all that is in base64 decoded. */
const laidOpen = ({ octets, documents }: KeptFailures): string => {
  const all = `${octets?.toString("utf8") ?? ""}${JSON.stringify(documents)}`;
  const decoded = Array.from(all.matchAll(/[A-Za-z0-9+/=]{12,}/g), ([word]) =>
    Buffer.from(word, "base64").toString("latin1"),
  );
  return [all, ...decoded].join("\n");
};
const violation = "DMARC policy violation.\nSource IP: 192.0.2.1\n";
const copies = `${feedback}\nDKIM-Canonicalized-Header: ${inBase64("From: taro@b.example")}`;

test.each<readonly [string, Buffer]>([
  [
    "in a word encoded twice",
    arf({ header: `From: =?utf-8?B?${inBase64(`=?utf-8?B?${inBase64("taro@b.example")}?=`)}?= <a@b>` }),
  ],
  [
    "in an encoded word that is cut off",
    arf({ header: `From: a@b\nSubject: =?utf-8?B?${inBase64("taro@b.example")}` }),
  ],
  [
    "RFC 6376 §3.5: copied",
    arf({ header: "DKIM-Signature: v=1; z=From:tar=6F=40b.example|To:taro@b; b=xx\nFrom: a@b" }),
  ],
  [
    "where a value is cut off",
    arf({ header: `From: a@b\nTo: ${"x@y.example, ".repeat(314)}<longtaro@b.example>` }),
  ],
  ["RFC 6591 §3.2.4: canonicalized", arf({ feedback: copies })],
  [
    "canonicalized, where no octets are kept",
    mailOf([
      {
        type: "application/zip",
        octets: zipOf(["a", "b"].map((name) => ({ name, octets: arf({ feedback: copies }) }))),
      },
    ]),
  ],
  ["in the name of a file", passedOn(arf(), "outer", "taro@b.example.eml")],
])("a local part %s", async (_name, octets) => {
  const all = laidOpen(await kept(octets, { redact }));
  expect(all).not.toMatch(/tar(?:o|=6F)(?:@|%40|=40)/i);
  expect(all).not.toContain("longtar");
});

test.each<readonly [string, Buffer]>([
  [
    "in octets",
    arf({
      feedback: `${feedback}\nOriginal-Rcpt-To: taro`.replace("hanako@univ.example", "<taro>"),
      header:
        "From: a@b\nReceived: from x (Authenticated sender: taro)\n by y; Fri\nAuthentication-Results: y; auth=pass smtp.auth=taro; dmarc=fail",
    }),
  ],
  [
    "where no octets are kept",
    mailOf([
      {
        type: "application/zip",
        octets: zipOf(
          ["a", "b"].map((name) => ({
            name,
            octets: arf({
              feedback: feedback
                .replace("hanako@univ.example", "taro")
                .replace("spf=fail", "auth=pass smtp.auth=taro; spf=fail"),
            }),
          })),
        ),
      },
    ]),
  ],
  [
    "in what a server has written on the way",
    arf({
      header:
        "Return-Path: <taro>\nX-Original-To: taro\nDelivered-To: taro\nEnvelope-To: <taro>\nFrom: a@b\nReceived: by y id 1\n for <taro>; Fri\nAuthentication-Results: y; auth=pass smtp.auth=taro; dmarc=fail",
    }),
  ],
  [
    "in words",
    crlf(
      `From: a@b.example\nSubject: DMARC failure\n\n${violation}Envelope sender: <taro>\n  Recipient: taro\n\nReturn-Path: <taro>\nFrom: a@b\nAuthentication-Results: y; auth=pass smtp.auth=taro; dmarc=fail\n`,
    ),
  ],
])("a user without a domain: %s", async (_name, octets) => {
  const all = laidOpen(await kept(octets, { redact }));
  expect(all).not.toMatch(/\btaro\b/);
  expect(all).toMatch(/smtp\.auth=redacted-[0-9a-f]{16};/);
});

test.each([
  ["a header that no reader begins with", `${violation}\nSubject: z\nTo: taro@b.example\n\n${secret}\n`],
  ["fields of a program", `${violation}\nX-Spam: z\nMIME-Version: 1.0\n\n${secret}\n`],
  ["moved in", `${violation}\n    From: taro@b.example\n    Subject: z\n\n    ${secret}\n`],
  ["quoted twice", `${violation}\n>> From: taro@b.example\n>> Subject: z\n>>\n>> ${secret}\n`],
  ["below a line", `${violation}\n--- Original message ---\nDate: x\nSubject: z\n\n${secret}\n`],
  [
    "behind a list of facts",
    `Date: x\nSubject: z\n\n${violation}\nFrom: taro@b.example\nTo: a@b\n\n${secret}\n`,
  ],
])("words that quote: %s", async (_name, text) => {
  const octets = crlf(`From: a@b.example\nSubject: DMARC failure\n\n${text}`);
  const before = await read(octets);
  const { octets: reduced, documents } = await kept(octets);
  expect(documents).toEqual(before);
  expect(await read(reduced as Buffer)).toEqual(before);
  expect(reduced?.toString("utf8")).not.toContain(secret);
  expect(reduced?.toString("utf8")).toContain("Source IP: 192.0.2.1");
});

test("a header that ends with a line of blanks", async () => {
  const octets = arf({ body: `\n \n${secret}\nNote: ${secret}\n` });
  for (const options of [{}, { redact }]) expect(laidOpen(await kept(octets, options))).not.toContain(secret);
  const folded = await kept(arf({ header: "From: a@b.example\n \nSubject: x\nX-A: 1\n \n y\nTo: c@d" }));
  expect(folded.octets?.toString("latin1")).toContain("X-A: 1\r\n \r\n y\r\nTo: c@d");
});

test("mails within each other are not unpacked again and again", async () => {
  const file = { type: "application/gzip", octets: gzipSync(Buffer.alloc(1024 * 1024)) };
  let octets = mailOf(
    [{ type: "message/rfc822", encoding: "8bit", octets: arf().toString("latin1") }, ...Array(8).fill(file)],
    "",
    "b0",
  );
  for (let depth = 1; depth < 7; depth++) octets = passedOn(octets, `b${depth}`);
  const limits = { ...defaultLimits, maxOctets: 20 * 1024 * 1024, maxRatio: 2_000 };
  expect((await reduceArrival(octets, { limits, leftOut: "body" })).kind).toBe("cannot");
  expect((await reduceArrival(octets, { limits: defaultLimits, leftOut: "body" })).kind).toBe("reduced");
});

test("what a report is known by stays", async () => {
  const octets = arf();
  const [before] = failuresOf(await read(octets));
  const [after] = failuresOf(await read((await kept(octets)).octets as Buffer));
  expect(identifyFailure(after as FailureReport, "r")).toEqual(identifyFailure(before as FailureReport, "r"));
});

test("the same local part is the same word everywhere, with another key another one", async () => {
  const { documents } = await kept(arf(), { redact });
  const [report] = failuresOf(documents);
  const word = /^redacted-[0-9a-f]{16}@b\.example$/;
  expect(report?.originalMailFrom).toMatch(word);
  expect(report?.authenticationResults).toBe(
    `mx.univ.example; dmarc=fail header.from=b.example; spf=fail smtp.mailfrom=${report?.originalMailFrom}`,
  );
  expect(report?.message?.from).toBe(`Taro <${report?.originalMailFrom}>`);
  const other = await kept(arf(), { redact: openRedaction(Buffer.from("another")) });
  expect(failuresOf(other.documents)[0]?.originalMailFrom).not.toBe(report?.originalMailFrom);
});

test("an aggregate report beside it stays octet by octet", async () => {
  const gzip = gzipSync(aggregateXml());
  const beside = `--b\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="r!b.xml.gz"\n\n${gzip.toString("base64")}\n`;
  const octets = arf({ beside });
  const before = await read(octets);
  expect(before.map(({ kind }) => kind)).toEqual(["failure", "aggregate"]);
  const { octets: reduced } = await kept(octets);
  expect(await read(reduced as Buffer)).toEqual(before);
  expect(reduced?.toString("latin1")).not.toContain(secret);
});

const besideAs = (type: string, octets: Buffer, name = "a.dat"): string =>
  `--b\nContent-Type: ${type}\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="${name}"\n\n${octets.toString("base64")}\n`;
const second = `--b\nContent-Type: message/feedback-report\n\n${feedback.replaceAll("192.0.2.7", "192.0.2.8").replaceAll("taro", "jiro")}\n--b\nContent-Type: message/rfc822\n\nFrom: jiro@b.example\nSubject: 2\n\n${secret}\n`;

test.each<readonly [string, string, readonly string[]]>([
  ["another one", second, ["failure", "failure"]],
  [
    "another one and JSON",
    second + besideAs("application/json", Buffer.from('{"a": 1}')),
    ["failure", "failure", "unread"],
  ],
  ["a damaged archive", besideAs("application/gzip", Buffer.from("junk".repeat(20))), ["failure", "unread"]],
  [
    "another mail with one",
    besideAs("application/octet-stream", arf({ feedback: feedback.replace("192.0.2.7", "192.0.2.8") })),
    ["failure", "failure"],
  ],
])("beside a failure report: %s", async (_name, beside, kinds) => {
  const octets = arf({ beside });
  const before = await read(octets);
  expect(before.map(({ kind }) => kind)).toEqual(kinds);
  const { octets: reduced, documents } = await kept(octets);
  expect(documents).toEqual(before);
  expect(await read(reduced as Buffer)).toEqual(before);
  const all = reduced?.toString("latin1") ?? "";
  for (const encoding of ["latin1", "base64"] as const)
    expect(all).not.toContain(Buffer.from(secret).toString(encoding));
  for (const found of all.matchAll(/^[A-Za-z0-9+/=\r\n]{60,}$/gm))
    expect(Buffer.from(found[0], "base64").toString("latin1")).not.toContain(secret);
  const redacted = await kept(octets, { redact });
  expect(JSON.stringify(redacted.documents)).not.toMatch(/\b(?:taro|jiro|hanako)@/);
});

test("an aggregate report and a failure report in one mail", async () => {
  const octets = mailOf(
    [
      { type: "message/rfc822", encoding: "8bit", octets: arf().toString("latin1") },
      { type: "application/gzip", fileName: "a!b!1!2.xml.gz", octets: gzipSync(aggregateXml()) },
    ],
    "",
    "outer",
  );
  const before = await read(octets);
  expect(before.map(({ kind }) => kind)).toEqual(["failure", "aggregate"]);
  const { octets: reduced } = await kept(octets);
  expect(await read(reduced as Buffer)).toEqual(before);
  expect(reduced?.toString("latin1")).not.toContain(secret);
});

test("a mail that was passed on stays one: its own fields are not believed", async () => {
  const forged = arf({ fields: "Authentication-Results: mx.univ.example; dmarc=pass\n" });
  const { octets } = await kept(passedOn(forged));
  const [document] = await read(octets as Buffer);
  expect(document).toMatchObject({
    kind: "failure",
    mail: { verdict: "unknown", fromDomain: "reporter.example" },
  });
  const own = await kept(forged);
  expect((await read(own.octets as Buffer))[0]).toMatchObject({ mail: { verdict: "aligned" } });
});

test("of an archive of several nothing is kept but the reports", async () => {
  const files = ["a.eml", "b.eml"].map((name) => ({ name, octets: arf() }));
  const octets = mailOf([{ type: "application/zip", octets: zipOf(files) }]);
  const before = await read(octets);
  expect(before.map(({ kind }) => kind)).toEqual(["failure", "failure"]);
  expect(await kept(octets)).toEqual({ documents: before });
  const redacted = await kept(octets, { redact });
  expect(redacted.octets).toBeUndefined();
  expect(JSON.stringify(redacted.documents)).not.toMatch(/taro@|hanako@/);
});

const fromLine = "From r@reporter.example Fri Nov 20 00:00:00 2026\n";

test.each<readonly [string, Buffer, string]>([
  ["one", Buffer.concat([Buffer.from(fromLine), arf()]), "reduced"],
  ["two", Buffer.concat([Buffer.from(fromLine), arf(), Buffer.from(`\n${fromLine}`), arf()]), "cannot"],
  [
    "a letter and one",
    Buffer.concat([Buffer.from(`${fromLine}From: a@b.example\n\nx\n\n${fromLine}`), arf()]),
    "cannot",
  ],
  [
    "two in gzip",
    gzipSync(Buffer.concat([Buffer.from(fromLine), arf(), Buffer.from(`\n${fromLine}`), arf()])),
    "cannot",
  ],
  ["two letters", Buffer.from(`${fromLine}From: a@b.example\n\nx\n\n`.repeat(2)), "as-is"],
])("a mailbox of %s", async (_name, octets, kind) => {
  const reduction = await reduceArrival(octets, { limits: defaultLimits, leftOut: "body" });
  expect(reduction.kind).toBe(kind);
  const result = await keepFailures(octets, await read(octets), {});
  expect(result?.octets !== undefined).toBe(kind === "reduced");
});

test.each([
  ["an aggregate report", mailOf([{ type: "application/gzip", octets: gzipSync(aggregateXml()) }])],
  ["a letter", crlf("From: a@b.example\nSubject: Lunch\n\nShall we?\n")],
  ["nothing", Buffer.alloc(0)],
])("not looked at: %s", async (_name, octets) => {
  expect(await keepFailures(octets, await read(octets), {})).toBeUndefined();
});

const japanese = "日本語の件名です";
// ISO-2022-JP, Shift_JIS and EUC-JP of 日本, ファイル and カタカナ.
const rawHeaders: readonly (readonly [string, string])[] = [
  ["ISO-2022-JP", "Subject: \x1b$BF|K\\\x1b(B\nFrom: \x1b$B%U%!%$%k\x1b(B <taro@b.example>"],
  [
    "Shift_JIS",
    "Subject: \x93\xfa\x96\x7b\x83\x74\x83\x40\x83\x43\x83\x8b\nFrom: \x83\x74\x83\x40\x83\x43\x83\x8b <taro@b.example>",
  ],
  [
    "EUC-JP",
    "Subject: \xa5\xab\xa5\xbf\xa5\xab\xa5\xca\nFrom: \xa5\xab\xa5\xbf\xa5\xab\xa5\xca <taro@b.example>",
  ],
  [
    "UTF-8",
    `Subject: ${Buffer.from(japanese).toString("latin1")}\nFrom: ${Buffer.from("山田").toString("latin1")} <taro@b.example>`,
  ],
  [
    "encoded words",
    "Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=\n =?shift_jis?B?k/qWew==?=\nFrom: =?EUC-JP?B?xvzL3A==?= <taro@b.example>",
  ],
];

test.each(rawHeaders)("a header in %s reads the same", async (_name, header) => {
  const octets = arf({ header });
  const [before] = failuresOf(await read(octets));
  expect(before?.message?.subject).toMatch(/日本|ファイル|カタカナ/);
  const { octets: reduced } = await kept(octets);
  expect(failuresOf(await read(reduced as Buffer))).toEqual([before]);
  const redacted = failuresOf(await read((await kept(octets, { redact })).octets as Buffer))[0];
  expect(redacted?.message?.subject).toBe(before?.message?.subject);
  expect(redacted?.message?.from).toBe(redact(before?.message?.from ?? ""));
});

test("an address within an encoded word is found", async () => {
  const word = Buffer.from("山田 taro@b.example").toString("base64");
  const header = `From: =?UTF-8?B?${word}?= <taro@b.example>\nSubject: =?UTF-8?B?${word}?=`;
  const { octets } = await kept(arf({ header }), { redact });
  expect(octets?.toString("utf8")).not.toContain(word);
  expect(octets?.toString("utf8")).not.toContain("taro@");
  expect(failuresOf(await read(octets as Buffer))[0]?.message?.from).toMatch(
    /^山田 redacted-\w+@b\.example <redacted-/,
  );
});

test("any octets in the place of a body or a header leave what is read as it was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(2_000), async (junk, at) => {
      const whole = arf();
      const octets = Buffer.concat([whole.subarray(0, at), junk, whole.subarray(at)]);
      await expectSame(octets);
    }),
    { numRuns: 300 },
  );
});

/** @returns Whether there was a failure report of which no octets are kept. */
async function expectSame(octets: Buffer): Promise<boolean> {
  const before = await read(octets);
  const result = await keepFailures(octets, before, {});
  if (result === undefined) return false;
  expect(result.documents).toEqual(before);
  if (result.octets !== undefined) expect(failuresOf(await read(result.octets))).toEqual(failuresOf(before));
  return result.octets === undefined;
}

describeShared("failure reports of real reporters", () => {
  const folder = sharedPath("conformance", "reports", "parsedmarc", "failure");
  const samples = [
    ...readdirSync(folder)
      .filter((name) => name.endsWith(".eml"))
      .map((name) => `parsedmarc/failure/${name}`),
    "mail-auth/arf-002.eml",
  ].map((name) => [name, readFileSync(sharedPath("conformance", "reports", name))] as const);

  test.each(samples)("%s", async (_name, octets) => {
    const before = await read(octets);
    const { octets: reduced } = await kept(octets);
    expect(await read(reduced as Buffer)).toEqual(before);
    expect(await kept(octets, { redact })).toHaveProperty("octets");
  });

  test.each(samples)("mutated: %s", async (_name, octets) => {
    let gone = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(octets.length),
        fc.nat(40),
        fc.uint8Array({ maxLength: 40 }),
        async (at, cut, junk) => {
          gone += Number(
            await expectSame(Buffer.concat([octets.subarray(0, at), junk, octets.subarray(at + cut)])),
          );
        },
      ),
      { numRuns: 200 },
    );
    expect(gone).toBeLessThan(10);
  });
});
