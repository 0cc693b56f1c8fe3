import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { aggregateXml, tarOf } from "../../../test/report-files.ts";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { formatIp } from "../../core/ip.ts";
import { openAggregateReader } from "../../core/reports/aggregate-reader.ts";
import { type FoundDocument, findDocuments } from "./find-documents.ts";
import { Allowance, defaultLimits, fileLimits } from "./limits.ts";
import { readFailureMail } from "./read-failure.ts";

interface Outline {
  readonly kind: FoundDocument["kind"] | "read" | "unread" | "skipped";
  readonly rows?: number;
  readonly messages?: number;
  readonly reason?: string;
  readonly id?: string;
}

async function outline(octets: Buffer, name?: string, allowance = new Allowance()): Promise<Outline[]> {
  const found: Outline[] = [];
  for await (const document of findDocuments(octets, allowance, name)) found.push(await outlineOf(document));
  return found;
}

async function outlineOf(document: FoundDocument): Promise<Outline> {
  if (document.kind === "refused") return { kind: "refused", reason: document.reason };
  if (document.kind !== "xml") return { kind: document.kind };
  let rows = 0;
  let messages = 0;
  const reader = openAggregateReader({
    hints: document.hints,
    onRecord: ({ count }) => {
      rows += 1;
      messages += count;
    },
  });
  for await (const chunk of document.chunks) reader.write(chunk);
  const outcome = reader.finish(document.end.outcome !== "whole");
  if (outcome.kind === "read") return { kind: "read", rows, messages, id: outcome.head.reportId };
  return { kind: outcome.kind, reason: outcome.reason };
}

test("of a name that is longer than any file's the end is kept, whatever gives it", async () => {
  const name = `${"n".repeat(50_000)}/a.zip`;
  const mail = `Content-Type: application/zip; name="${name}"\r\n\r\nno archive`;
  const found: string[] = [];
  for (const octets of [Buffer.from(mail), tarOf([{ name, octets: "no report" }])])
    for await (const document of findDocuments(octets, new Allowance()))
      if (document.kind === "unknown") found.push(document.hints.fileName ?? "");
  expect(found).toEqual([name.slice(-1_000), name.slice(-1_000)]);
});

describeShared("odd containers", () => {
  const folder = sharedPath("conformance", "reports", "malformed");
  const expected = JSON.parse(readFileSync(`${folder}/EXPECTED.json`, "utf8")) as Record<
    string,
    { readonly documents: number; readonly rows: number | null; readonly messages: number | null }
  >;
  test.each(readdirSync(`${folder}/containers`))("%s", async (file) => {
    const wanted = expected[`containers/${file}`];
    const found = await outline(readFileSync(`${folder}/containers/${file}`), file);
    expect(found).toHaveLength(wanted?.documents ?? -1);
    if (wanted?.rows == null) return;
    expect(found).toMatchObject([{ kind: "read", rows: wanted.rows, messages: wanted.messages }]);
  });
});

describeShared("reports of real reporters", () => {
  const facts = JSON.parse(readFileSync(sharedPath("conformance", "reports", "FACTS.json"), "utf8")) as {
    readonly samples: Record<
      string,
      { readonly report_id?: string; readonly records?: number; readonly messages?: number }
    >;
  };
  const aggregate = Object.entries(facts.samples).filter(([, { report_id: id }]) => id !== undefined);
  test.each(aggregate)("%s", async (file, { report_id: id, records, messages }) => {
    const found = await outline(readFileSync(sharedPath("conformance", "reports", file)), file);
    expect(found).toEqual([{ kind: "read", rows: records, messages, id }]);
  });
});

test.each([
  ["zeros", gzipSync(Buffer.alloc(64 * 1024 * 1024))],
  ["a report that never ends", gzipSync(Buffer.from(`<feedback>${"<record>".repeat(8_000_000)}`))],
])("a bomb is refused by name: %s", async (_name, octets) => {
  const found = await outline(
    octets,
    "bomb.gz",
    new Allowance({ ...defaultLimits, maxOctets: 32 * 1024 * 1024 }),
  );
  expect(found).toHaveLength(1);
  expect(found[0]?.kind === "refused" ? found[0].reason : found[0]?.kind).toMatch(/bomb|unread/);
});

/** Sees how much of what comes out is in memory at once. */
class Watching extends Allowance {
  peak = 0;
  override took(octets: number): void {
    super.took(octets);
    this.peak = Math.max(this.peak, process.memoryUsage().arrayBuffers);
  }
}

test.each([
  ["within the limits", fileLimits, "unknown"],
  ["beyond them", { ...fileLimits, maxOctets: 300 * 1024 * 1024 }, "refused"],
])("what unpacks to very much of nothing takes little memory: %s", async (_name, limits, kind) => {
  const member = gzipSync(Buffer.alloc(8 * 1024 * 1024));
  const octets = Buffer.concat(Array.from({ length: 48 }, () => member));
  const before = process.memoryUsage().arrayBuffers;
  const allowance = new Watching(limits);
  expect(await outline(octets, "bomb.gz", allowance)).toMatchObject([{ kind }]);
  expect(allowance.peak - before).toBeLessThan(200 * 1024 * 1024);
});

const report = gzipSync(aggregateXml());
const part = (head: string, body: string): string => `--b\r\n${head}\r\n\r\n${body}\r\n`;
const mailOf = (...parts: readonly string[]): Buffer =>
  Buffer.from(
    `From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join("")}--b--\r\n`,
  );
const attached = (type: string, octets: Buffer, encoding = "base64"): string =>
  part(`Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}`, octets.toString("base64"));
const garbage = Buffer.from("\x85\x02nothing that can be read".repeat(4), "latin1");

test.each<readonly [string, Buffer, readonly string[]]>([
  [
    "a damaged archive beside text",
    mailOf(part("", "hello"), attached("application/gzip", garbage)),
    ["unknown"],
  ],
  [
    "by its name",
    mailOf(attached('application/octet-stream; name="a!b!1700000000!1700086399"', garbage)),
    ["unknown"],
  ],
  [
    "a mail that is signed and wrapped",
    mailOf(attached("application/pkcs7-mime; name=smime.p7m", garbage)),
    ["unknown"],
  ],
  [
    "a damaged one and a good one",
    mailOf(attached("application/gzip", garbage), attached("text/plain", report)),
    ["read", "unknown"],
  ],
  ...["report.rar", "REPORT.XML.XZ", "r.tbz.bz2", "r.json.zst", "r.tgz", "r.xml.gpg"].map(
    (name) =>
      [
        `packed as nobody unpacks it here: ${name}`,
        mailOf(attached(`application/octet-stream; name="${name}"`, garbage)),
        ["unknown"],
      ] as const,
  ),
  ["a letter with a document", mailOf(attached("application/pdf; name=a.pdf", garbage)), ["plain-mail"]],
  ["a picture is none", mailOf(attached("image/png; name=a.png", garbage)), ["plain-mail"]],
  [
    "a signature is none",
    mailOf(attached("application/pkcs7-signature; name=smime.p7s", garbage)),
    ["plain-mail"],
  ],
  [
    "text before the base64",
    mailOf(
      part(
        "Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64",
        `see:\r\n${report.toString("base64")}`,
      ),
    ),
    ["read"],
  ],
  [
    "the word that says that there is none",
    mailOf(attached("application/gzip", Buffer.from("unused"))),
    ["empty"],
  ],
])("what was meant as a report is not passed over: %s", async (_name, octets, kinds) => {
  expect((await outline(octets)).map(({ kind }) => kind)).toEqual(kinds);
});

const feedback = (ip: string): string =>
  part("Content-Type: message/feedback-report", `Feedback-Type: auth-failure\r\nSource-IP: ${ip}\r\n`);

test.each<readonly [string, readonly string[], readonly string[]]>([
  ["a second one", [feedback("192.0.2.9"), feedback("192.0.2.10")], ["feedback", "feedback"]],
  [
    "JSON, damaged archives and aggregate reports",
    [
      feedback("192.0.2.9"),
      attached("application/tlsrpt+json", Buffer.from('{"organization-name": "x"}')),
      attached("application/gzip", garbage),
      attached("application/gzip", gzipSync(garbage)),
      attached("application/gzip", report),
    ],
    ["feedback", "json", "unknown", "read", "unknown"],
  ],
  [
    "what is reported, and what is said of it, is none",
    [
      part("", "a report"),
      feedback("192.0.2.9"),
      attached("message/rfc822", mailOf(attached("application/gzip", report)), "8bit"),
    ],
    ["feedback"],
  ],
])("beside a failure report nothing is passed over: %s", async (_name, parts, kinds) => {
  const found = await outline(mailOf(...parts));
  expect(found.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
});

test("RFC 5965 §2: to each failure report belongs the message that follows it", async () => {
  const header = (subject: string): string =>
    part("Content-Type: text/rfc822-headers", `From: a@b.example\r\nSubject: ${subject}\r\n`);
  const mail = (...parts: readonly string[]): Promise<(string | undefined)[][]> =>
    reportsIn(mailOf(...parts));
  expect(await mail(feedback("192.0.2.9"), header("9"), feedback("192.0.2.10"), header("10"))).toEqual([
    ["192.0.2.9", "9"],
    ["192.0.2.10", "10"],
  ]);
  expect(await mail(header("9"), feedback("192.0.2.9"), feedback("192.0.2.10"))).toEqual([
    ["192.0.2.9", "9"],
    ["192.0.2.10", undefined],
  ]);
});

async function reportsIn(octets: Buffer): Promise<(string | undefined)[][]> {
  const reports: (string | undefined)[][] = [];
  for await (const found of findDocuments(octets, new Allowance()))
    if (found.kind === "feedback") {
      const { sourceIp, message } = readFailureMail(found.failure);
      reports.push([sourceIp && formatIp(sourceIp), message?.subject]);
    }
  return reports;
}

test("several mails in one mailbox, also in an archive: only the first can be the one that was delivered", async () => {
  const message = `From a@b.example Fri Nov 20 00:00:00 2026\n${mailOf(attached("application/gzip", report)).toString()}\n\n`;
  const mailbox = Buffer.from(message.repeat(3));
  expect((await outline(mailbox)).map(({ kind }) => kind)).toEqual(["read", "read", "read"]);
  expect(await outline(gzipSync(mailbox))).toHaveLength(3);
  const nested: unknown[] = [];
  for await (const found of findDocuments(mailbox, new Allowance()))
    if (found.kind === "xml") {
      nested.push(found.mail?.nested);
      for await (const _ of found.chunks);
    }
  expect(nested).toEqual([false, true, true]);
});

test("the address in From, and not a name that looks like one", async () => {
  const text = mailOf(attached("application/gzip", report)).toString();
  const mail = Buffer.from(text.replace("a@b.example", '"noreply@google.com" <a@evil.example>'));
  const froms: unknown[] = [];
  for await (const found of findDocuments(mail, new Allowance()))
    froms.push(found.kind === "xml" && found.hints.mailFrom);
  expect(froms).toEqual(["a@evil.example"]);
});
