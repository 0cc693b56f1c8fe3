import { constants } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregateXml, base64Lines, mailOf, tarOf, zipOf } from "../../test/report-files.ts";
import type { MailJudgement, ReadDocument } from "../store/reports/port.ts";
import { defaultLimits, fileLimits } from "./extract/limits.ts";
import { type ReadArrivalOptions, readArrival } from "./read-arrival.ts";

const xml = Buffer.from(aggregateXml());
const gzip = gzipSync(xml);
const zip = zipOf([{ name: "r.xml", octets: xml }]);
const tls = JSON.stringify({
  "organization-name": "T",
  "report-id": "t1",
  "date-range": { "start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z" },
  policies: [
    {
      policy: { "policy-type": "sts", "policy-domain": "example.com" },
      summary: { "total-successful-session-count": 5, "total-failure-session-count": 1 },
    },
  ],
});

/** `aggregate r1 1/3`, `unread bomb`. */
function outline(document: ReadDocument): string {
  switch (document.kind) {
    case "aggregate": {
      const { length, messages } = document.records;
      return `aggregate ${document.head.reportId} ${length}/${messages}`;
    }
    case "tls":
      return `tls ${document.report.reportId}${document.counted ? "" : " uncounted"}`;
    case "failure":
      return `failure ${document.report.form} ${document.report.reportedDomain ?? ""}`;
    default:
      return `${document.kind} ${document.reason}`;
  }
}

async function outlines(octets: Buffer, options?: ReadArrivalOptions): Promise<string[]> {
  const documents = await readArrival(octets, options);
  expect(documents.map(({ ordinal }) => ordinal)).toEqual(documents.map((_, index) => index));
  return documents.map(outline);
}

const report = ["aggregate r1 1/3"];

test.each([
  ["a mail", "From: a@b.example\r\nSubject: x\r\n\r\n"],
  ["a mailbox", "From a@b.example Fri Nov 20 00:00:00 2026\nFrom: a@b.example\n\n"],
  ["base64", "H4sI".repeat(200)],
])("%s that is longer than a text can be is refused", async (_, start) => {
  const octets = Buffer.alloc(constants.MAX_STRING_LENGTH + 1_000);
  octets.write(start, "latin1");
  expect(await outlines(octets, { limits: fileLimits })).toEqual(["unread too-large"]);
});
test("a fault while reading is told, and what was read before it stays; nothing waits for it", async () => {
  const fault = new Error("nobody thought of this");
  const told: unknown[] = [];
  const mail = mailOf([
    { type: "text/xml", octets: xml },
    { type: "text/xml", octets: aggregateXml({ id: "r2" }) },
  ]);
  let asked = 0;
  const destination = async (): Promise<object> => {
    asked += 1;
    if (asked === 2) throw fault;
    return {};
  };
  const judge = async (): Promise<MailJudgement> => ({
    verdict: "aligned",
    by: "dkim",
    dkimPass: true,
  });
  const onFault = (error: unknown): void => void told.push(error);
  expect(await outlines(mail, { judge, destination, onFault })).toEqual([...report, "unread fault"]);
  expect(told).toEqual([fault]);
});

const other = zipOf([
  { name: "a.xml", octets: aggregateXml({ id: "r2", counts: [1, 2] }) },
  { name: "b.xml", octets: aggregateXml({ id: "r3", counts: [] }) },
]);

test.each<readonly [string, Buffer, readonly string[]]>([
  ["XML", xml, report],
  ["gzip", gzip, report],
  [
    "two reports in one XML",
    Buffer.from(aggregateXml() + aggregateXml({ id: "r2", counts: [1, 2] })),
    ["aggregate r1 1/3", "aggregate r2 2/3"],
  ],
  [
    "a report in XML, one without a domain, and one that is cut off",
    Buffer.concat([
      xml,
      Buffer.from("<feedback></feedback>"),
      Buffer.from(aggregateXml({ id: "r2", counts: [1, 2] })).subarray(0, -20),
    ]),
    ["aggregate r1 1/3", "unread no-domain", "aggregate r2 1/1"],
  ],
  ["gzip in gzip", gzipSync(gzip), report],
  ["ZIP", zip, report],
  ["ZIP in gzip", gzipSync(zip), report],
  ["gzip in ZIP", zipOf([{ name: "r.xml.gz", octets: gzip }]), report],
  ["ZIP in ZIP", zipOf([{ name: "r.zip", octets: zip }]), report],
  ["zlib", deflateSync(xml), report],
  [
    "tar",
    tarOf([
      { name: "r/", type: "5" },
      { name: "r/a.xml", octets: xml },
      { name: "r/b.zip", octets: other },
    ]),
    [...report, "aggregate r2 2/3", "aggregate r3 0/0"],
  ],
  [
    "tar in gzip",
    gzipSync(
      tarOf([
        { name: "a.xml", octets: xml },
        { name: "c.json", octets: tls },
      ]),
    ),
    [...report, "tls t1"],
  ],
  ["base64", Buffer.from(base64Lines(gzip)), report],
  ["several in a ZIP", other, ["aggregate r2 2/3", "aggregate r3 0/0"]],
  ["JSON", Buffer.from(tls), ["tls t1"]],
  ["JSON in gzip", gzipSync(tls), ["tls t1"]],
  ["nothing", Buffer.alloc(0), ["skipped empty"]],
  ["nothing, in gzip", gzipSync(""), ["skipped empty"]],
  ["the word of one provider", Buffer.from("unused"), ["skipped unused"]],
  ["text", Buffer.from("hello"), ["unread not-a-report"]],
  ["xz", Buffer.from("fd377a585a000004e6d6b446", "hex"), ["unread unknown-method"]],
  ["bzip2", Buffer.from("BZh91AY&SY\x00\x01", "latin1"), ["unread unknown-method"]],
  ["7z", Buffer.from("377abcaf271c0004aabbccdd", "hex"), ["unread unknown-method"]],
  ["zstd", Buffer.from("28b52ffd2400010000ab", "hex"), ["unread unknown-method"]],
  ["RAR", Buffer.from("Rar!\x1a\x07\x01\x00", "latin1"), ["unread unknown-method"]],
  ["other JSON", Buffer.from('{"a":1}'), ["unread not-a-report"]],
  ["broken JSON", Buffer.from('{"policies":['), ["unread not-json"]],
  ["an encrypted ZIP", zipOf([{ name: "a", octets: xml, encrypted: true }]), ["unread encrypted"]],
  ["a ZIP packed in another way", zipOf([{ name: "a", octets: xml, method: 9 }]), ["unread unknown-method"]],
  ["a ZIP of nothing", zipOf([{ name: "a/", octets: "" }]), ["unread damaged"]],
  ["a tar of nothing", tarOf([{ name: "a/", type: "5" }]), ["unread damaged"]],
  ["a gzip header", gzip.subarray(0, 12), ["unread damaged"]],
  ["a cut gzip", gzip.subarray(0, 200), ["unread cut-off"]],
])("by what the octets are: %s", async (_name, octets, documents) => {
  expect(await outlines(octets)).toEqual(
    documents.map((one) => one.replace("skipped unused", "skipped empty")),
  );
});

const attached = { type: "application/gzip", fileName: "r.xml.gz", octets: gzip };
const covering = { type: "text/plain", encoding: "7bit", octets: "This is a report." };
const arf = `From: a@b\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\nReported-Domain: f.example\r\n--x--\r\n`;
const gateway =
  "From: a@b\r\nSubject: DMARC failure report for g.example\r\n\r\nA message failed the DMARC check.\r\n";

test.each<readonly [string, Buffer, readonly string[]]>([
  ["attached", mailOf([covering, attached]), report],
  ["called something else", mailOf([{ ...attached, type: "application/zip", fileName: "r.pdf" }]), report],
  ["gzip as text/plain", mailOf([{ ...attached, type: "text/plain" }]), report],
  ["text/xml as 7bit", mailOf([{ type: "text/xml", encoding: "7bit", octets: aggregateXml() }]), report],
  [
    "two reports",
    mailOf([covering, attached, { ...attached, octets: other }]),
    [...report, "aggregate r2 2/3", "aggregate r3 0/0"],
  ],
  ["HTML beside it", mailOf([{ type: "text/html", octets: "<html><p>feedback" }, attached]), report],
  [
    "a mail in a mail",
    mailOf([
      covering,
      { type: "message/rfc822", encoding: "8bit", octets: mailOf([attached], "", "b2").toString("latin1") },
    ]),
    report,
  ],
  [
    "a mail attached as a file",
    mailOf([
      covering,
      { type: "application/octet-stream", fileName: "fwd.eml", octets: mailOf([attached], "", "c") },
    ]),
    report,
  ],
  [
    "a text that quotes a mail",
    mailOf([{ type: "text/plain", encoding: "7bit", octets: "From: a@b\r\nSubject: x\r\n\r\ny" }, attached]),
    report,
  ],
  [
    "left undecoded",
    Buffer.from(`From: a@b\r\n\r\nHere it is:\r\n\r\n${base64Lines(gzip)}\r\n\r\nBye`),
    report,
  ],
  [
    "the whole body",
    Buffer.concat([
      Buffer.from("From: a@b\r\nContentType: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
      Buffer.from(base64Lines(gzip)),
    ]),
    report,
  ],
  ["a failure report", Buffer.from(arf), ["failure arf f.example"]],
  [
    "a failure report passed on",
    mailOf([covering, { type: "message/rfc822", encoding: "7bit", octets: arf }]),
    ["failure arf f.example"],
  ],
  ["a gateway's words", Buffer.from(gateway), ["failure text g.example"]],
  [
    "a gateway's words, with the mail",
    mailOf([
      { type: "text/plain", encoding: "7bit", octets: "The DMARC verification failed." },
      { type: "message/rfc822", encoding: "7bit", octets: "From: x@y\r\n\r\nhi" },
    ]),
    ["failure gateway "],
  ],
  [
    "a gateway's words, passed on",
    mailOf([covering, { type: "message/rfc822", encoding: "7bit", octets: gateway }]),
    ["failure text g.example"],
  ],
  ["nothing in it", mailOf([covering]), ["skipped no-report"]],
  [
    "a TLS report that nobody has judged",
    mailOf([{ type: "application/tlsrpt+gzip", octets: gzipSync(tls) }]),
    ["tls t1 uncounted"],
  ],
  ["in a mailbox", Buffer.concat([Buffer.from("From a@b Fri\r\n"), mailOf([attached])]), report],
])("in a mail: %s", async (_name, octets, documents) => {
  expect(await outlines(octets)).toEqual(documents);
});

const judgement: MailJudgement = {
  verdict: "aligned",
  by: "dkim",
  fromDomain: "example.org",
  dkimPass: true,
};

test("RFC 8460 §3: a TLS report counts when its mail is signed, and as a file", async () => {
  const mail = mailOf([{ type: "application/tlsrpt+json", octets: tls }]);
  expect(await outlines(mail, { judge: async () => judgement })).toEqual(["tls t1"]);
  expect(await outlines(mail, { judge: async () => ({ ...judgement, dkimPass: false }) })).toEqual([
    "tls t1 uncounted",
  ]);
});

test("each mail is judged once, and for itself", async () => {
  const judged: boolean[] = [];
  const inner = mailOf([attached, { ...attached, octets: other }], "", "inner").toString("latin1");
  const documents = await readArrival(
    mailOf([attached, { type: "message/rfc822", encoding: "8bit", octets: inner }]),
    {
      judge: async ({ nested }) => {
        judged.push(nested);
        return { ...judgement, verdict: nested ? "unknown" : "aligned" };
      },
    },
  );
  expect(judged).toEqual([false, true]);
  expect(documents.map((one) => "mail" in one && one.mail?.verdict)).toEqual([
    "aligned",
    "unknown",
    "unknown",
    "unknown",
  ]);
});

test("what a report leaves out is told by the mail and the name of the file", async () => {
  const silent = aggregateXml().replace(/<org_name>.*?<\/report_id>/s, "");
  const [document] = await readArrival(
    mailOf([
      { type: "text/xml", fileName: "r.example!example.com!1700000000!1700086399!u7.xml", octets: silent },
    ]),
  );
  expect(document).toMatchObject({
    head: { orgName: "example.org", email: "dmarc@example.org", reportId: "u7" },
  });
  const [file] = await readArrival(Buffer.from(silent), {
    fileName: "r.example!example.com!1700000000!1700086399!u8.xml",
  });
  expect(file).toMatchObject({ head: { orgName: "r.example", reportId: "u8" } });
});

/** Octets that are unpacked to `times` as many, in layers of gzip. */
function layers(octets: Buffer, count: number): Buffer {
  return count === 0 ? octets : layers(gzipSync(octets), count - 1);
}

test.each<readonly [string, () => Buffer, RegExp]>([
  ["zeros", () => gzipSync(Buffer.alloc(64 * 1024 * 1024)), /^unread bomb$/],
  [
    "a report that never ends",
    () => gzipSync(Buffer.from(`<feedback>${"<record/>".repeat(4_000_000)}`)),
    /^unread (?:bomb|cut-off)$/,
  ],
  ["gzip in gzip in gzip", () => layers(xml, 12), /^unread too-deep$/],
  [
    "zeros in a ZIP",
    () => zipOf([{ name: "a.xml", octets: Buffer.alloc(64 * 1024 * 1024, "<a>") }]),
    /^unread bomb$/,
  ],
  [
    "very many records",
    () =>
      gzipSync(
        `<feedback>${"<record><row><count>1</count><source_ip>192.0.2.1</source_ip></row></record>".repeat(300_000)}`,
      ),
    /^unread too-large$/,
  ],
])("a bomb is refused by name: %s", async (_name, octets, outcome) => {
  const before = process.memoryUsage().rss;
  const bomb = octets();
  const found = await outlines(bomb);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(outcome);
  expect(process.memoryUsage().rss - before).toBeLessThan(1024 ** 3);
});

test("many files are refused in a mail, and taken from the operator", async () => {
  const many = zipOf(
    Array.from({ length: 3_000 }, (_, index) => ({ name: `${index}.xml`, octets: xml, stored: true })),
  );
  const found = await outlines(mailOf([{ ...attached, octets: many }]));
  expect(found.at(-1)).toBe("unread too-many-entries");
  const one = mailOf([{ ...attached, octets: Buffer.from(aggregateXml().repeat(2_500)) }]);
  expect((await outlines(one)).at(-1)).toBe("unread too-many-entries");
  expect(found.length).toBeLessThan(2_001);
  expect(await outlines(many, { limits: fileLimits })).toHaveLength(3_000);
});

test("a mail of very many parts", async () => {
  const mail = Buffer.from(
    `From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nunused\r\n".repeat(5_000)}`,
  );
  expect((await outlines(mail)).length).toBeLessThanOrEqual(defaultLimits.maxEntries);
});

test("50,000 records that are all the same are no bomb", async () => {
  const same = aggregateXml().replace(/ {2}<record>.*<\/record>\n/s, (one) => one.repeat(50_000));
  expect(await outlines(gzipSync(same, { level: 9 }))).toEqual(["aggregate r1 50000/150000"]);
});

test("mutated arrivals: there is always a document, and nothing rejects", async () => {
  const seeds = [
    xml,
    gzip,
    zip,
    other,
    gzipSync(tls),
    tarOf([{ name: "a", octets: xml }]),
    mailOf([covering, attached]),
    Buffer.from(arf),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(5_000), fc.nat(255)), { maxLength: 6 }),
      fc.nat(5_000),
      async (seed, edits, cut) => {
        const octets = Buffer.from(seed.subarray(0, Math.max(0, seed.length - (cut % (2 * seed.length)))));
        for (const [at, octet] of edits) if (octets.length > 0) octets[at % octets.length] = octet;
        expect((await readArrival(octets)).length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 400 },
  );
});

test.each([
  ["in words", "Subject: DMARC failure for b.example\r\n\r\nSource IP: 192.0.2.1\r\n"],
  [
    "ARF",
    "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\n--b--\r\n",
  ],
])("a failure report that says no time is of the day of its mail: %s", async (_name, mail) => {
  const octets = Buffer.from(`From: ruf@r.example\r\nDate: Tue, 03 Nov 2026 12:00:00 +0900\r\n${mail}`);
  const [found] = await readArrival(octets);
  expect(found?.kind === "failure" && found.report.arrivalDate).toBe(Date.UTC(2026, 10, 3, 3));
});
