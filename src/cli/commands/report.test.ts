import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aggregateXml, mailOf, sampleBegin, tarOf, zipOf } from "../../../test/report-files.ts";
import { type Outcome, runCli, type TestWorld } from "../../../test/run-cli.ts";
import { displayWidth } from "../layout.ts";
import { reportEn } from "../text/report-en.ts";
import { reportJa } from "../text/report-ja.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function path(name: string): string {
  return join(folder, name);
}

function file(name: string, octets: string | Buffer): string {
  mkdirSync(join(path(name), ".."), { recursive: true });
  writeFileSync(path(name), octets);
  return path(name);
}

function configOf(name: string): string {
  return file(`${name}.yaml`, `hostname: mx.example.com\ndata_dir: ${path(name)}\n`);
}

function run(config: string, argv: readonly string[], world?: TestWorld): Promise<Outcome> {
  return runCli(["report", ...argv, "--config", config], world);
}

async function json(
  config: string,
  argv: readonly string[],
  world?: TestWorld,
): Promise<Record<string, unknown>[]> {
  const { out } = await run(config, [...argv, "--json"], world);
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const arf = `From: ruf@reporter.example\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\nAuth-Failure: dmarc\r\nSource-IP: 203.0.113.9\r\nReported-Domain: example.com\r\nIdentity-Alignment: none\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: =?utf-8?B?5bGx55Sw?= <a@example.com>\r\nSubject: =?utf-8?B?6KuL5rGC5pu4?=\r\n--x--\r\n`;
const tls = JSON.stringify({
  "organization-name": "T",
  "report-id": "t1",
  "date-range": { "start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z" },
  policies: [
    {
      policy: { "policy-type": "sts", "policy-domain": "example.com", "policy-string": ["version: STSv1"] },
      summary: { "total-successful-session-count": 5, "total-failure-session-count": 1 },
      "failure-details": [{ "result-type": "certificate-expired", "failed-session-count": 1 }],
    },
  ],
});
const odd = aggregateXml({ id: "odd-1", org: "テスト報告センター", counts: [7] }).replace(
  "<count>7",
  "<count>1,007",
);

const main = configOf("main");
beforeAll(async () => {
  file("in/a.xml", aggregateXml({ id: "big", counts: Array.from({ length: 120 }, (_, index) => index + 1) }));
  file("in/b.xml", odd);
  file(
    "in/c.eml",
    mailOf(
      [
        {
          type: "application/gzip",
          octets: gzipSync(aggregateXml({ id: "mailed", domain: "other.example" })),
        },
      ],
      "Authentication-Results: mx.example.com; dmarc=fail\r\n",
    ),
  );
  file("in/d.eml", arf);
  file("in/e.json", tls);
  file("in/f.bin", "no report at all");
  file("in/g.xml", aggregateXml({ id: "odd-1", org: "テスト報告センター", counts: [8] }));
  await run(main, ["import", path("in")]);
});

const fromLine = "From a@b.example Fri Nov 20 00:00:00 2026\n";

describe("import", () => {
  test("of a mail with very many that cannot be read a few are told, and all are counted", async () => {
    const config = configOf("many");
    const mail = mailOf([{ type: "text/xml", octets: "<feedback></feedback>".repeat(70) }]);
    const { out, code } = await run(config, ["import", file("many.eml", mail)]);
    expect(code).toBe(1);
    const lines = out.split("\n");
    expect(lines.filter((line) => line.endsWith(": names no domain"))).toHaveLength(20);
    expect(lines.filter((line) => line.includes("50 more in it"))).toHaveLength(1);
    expect(out).toMatch(/unread +70$/m);
  });

  test("what comes of each, one line a file", async () => {
    const config = configOf("lines");
    file("lines-in/1.xml", aggregateXml());
    file(
      "lines-in/2.zip",
      zipOf([
        { name: "a.xml", octets: aggregateXml() },
        { name: "b.xml", octets: aggregateXml({ id: "r2", counts: [1, 2] }) },
      ]),
    );
    file("lines-in/3.xml", "hello");
    file("lines-in/4.xml", aggregateXml({ counts: [9] }));
    file("lines-in/5.mbox", `${fromLine}${arf.replaceAll("\r\n", "\n")}\n${fromLine}From: x@y\n\nhi\n`);
    const lines = await json(config, ["import", path("lines-in"), path("gone")]);
    const saved = {
      kind: "aggregate",
      outcome: "saved",
      reporter: "Example Org",
      domain: "example.com",
      warnings: [],
    };
    expect(lines).toMatchObject([
      { file: path("lines-in/1.xml"), documents: [{ ...saved, reportId: "r1", rows: 1, messages: 3 }] },
      {
        file: path("lines-in/2.zip"),
        documents: [
          { ...saved, outcome: "seen", rows: 1 },
          { ...saved, reportId: "r2", rows: 2, messages: 3 },
        ],
      },
      {
        file: path("lines-in/3.xml"),
        documents: [
          { kind: null, outcome: "unread", reporter: null, rows: 0, messages: 0, reason: "not-a-report" },
        ],
      },
      { file: path("lines-in/4.xml"), documents: [{ ...saved, outcome: "conflict", messages: 9 }] },
      {
        file: path("lines-in/5.mbox"),
        documents: [
          { kind: "failure", outcome: "saved", domain: "example.com" },
          { kind: null, outcome: "skipped", reason: "no-report" },
        ],
      },
      { file: path("gone"), documents: [], error: "ENOENT" },
    ]);
    const [first] = (lines[0]?.["documents"] ?? []) as readonly object[];
    expect(Object.keys(first ?? {}).slice(0, 8)).toEqual([
      "kind",
      "outcome",
      "reporter",
      "reportId",
      "domain",
      "rows",
      "messages",
      "warnings",
    ]);
  });

  test.each<readonly [string, string | undefined, 0 | 1 | 2 | 3]>([
    ["all is well", aggregateXml({ id: "well" }), 0],
    ["nothing in it", "unused", 0],
    ["something unread", "hello", 1],
    ["a conflict", aggregateXml({ id: "well", counts: [1, 1] }), 1],
    ["no such file", undefined, 3],
  ])("the exit code: %s", async (_name, octets, code) => {
    const config = configOf("codes");
    const given = octets === undefined ? path("codes-none") : file("codes-in", octets);
    expect((await run(config, ["import", given])).code).toBe(code);
  });

  test.each<readonly [string, readonly string[], RegExp]>([
    ["no path", ["import"], /PATH is missing/],
    ["an option of another action", ["import", "x", "--limit", "3"], /--limit means nothing/],
    ["no action", [], /import/],
    ["an unknown action", ["improt", "x"], /improt/],
    ["a zone that nothing asks", ["list", "--offline"], /--offline means nothing/],
    ["no such kind", ["list", "--kind", "x"], /aggregate, failure, tls/],
    ["no date", ["list", "--since", "x"], /--since/],
    ["no number", ["list", "--limit", "0"], /--limit/],
  ])("a mistake is told: %s", async (_name, argv, message) => {
    const { code, err } = await run(main, argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test("the summary counts no sessions of TLS reports and no failures as mail of aggregate reports", async () => {
    const config = configOf("summary-tls");
    const given = [file("summary-tls/a.json", tls), file("summary-tls/b.eml", arf)];
    expect((await run(config, ["import", ...given])).out).toMatch(/^ {2}saved {2}2$/m);
    const all = await run(config, ["import", file("summary-tls/c.xml", aggregateXml())]);
    expect(all.out).toMatch(/^ {2}saved {2}1 \(1 record, 3 messages\)$/m);
  });

  test("the summary, in both languages", async () => {
    const config = configOf("summary");
    const given = [
      file("summary-in/a.xml", aggregateXml()),
      file("summary-in/b.txt", "hello"),
      path("summary-none"),
    ];
    const { out } = await run(config, ["import", ...given]);
    expect(out.split("\n")).toEqual([
      `${given[1]}: no report`,
      expect.stringMatching(/^.*summary-none: cannot be read: there is no such file/),
      ...(`${given[2]}: cannot be read: there is no such file or folder`.length > 80 ? ["or folder"] : []),
      expect.stringMatching(/^2 mails and files in \d+\.\d s$/),
      "  saved   1 (1 record, 3 messages)",
      "  unread  1",
      "1 file or folder could not be read",
      "",
    ]);
    const ja = await run(config, ["import", ...given, "--lang", "ja"]);
    expect(ja.out).toMatch(/受信済み {2}1\n {2}読めず {4}1\n/);
  });

  test.each<readonly [string, Buffer | string, number]>([
    ["a report", aggregateXml({ id: "stdin" }), 1],
    ["a mailbox", `${fromLine}${arf.replaceAll("\r\n", "\n")}\n${fromLine}From: x@y\n\nhi\n`, 2],
    [
      "an archive",
      gzipSync(
        tarOf([
          { name: "a.xml", octets: aggregateXml() },
          { name: "b.xml", octets: aggregateXml({ id: "b" }) },
        ]),
      ),
      2,
    ],
  ])("standard input: %s", async (_name, input, documents) => {
    const [line] = await json(configOf("stdin"), ["import", "-"], { input });
    expect(line).toMatchObject({ file: "-" });
    expect(line?.["documents"]).toHaveLength(documents);
  });

  test("a terminal sees how far it has come", async () => {
    const config = configOf("progress");
    for (let n = 0; n < 3; n++) file(`progress-in/${n}.xml`, aggregateXml({ id: `${n}` }));
    const { out } = await run(config, ["import", path("progress-in")], {
      isTty: true,
      env: { NO_COLOR: "1" },
    });
    expect(out.replaceAll("\r\u001b[K", "|")).toMatch(/\|\d of 3 files, .*\|3 mails and files/s);
  });

  test("DKIM of report mail is asked for only with --check-mail", async () => {
    const config = configOf("judge");
    const mail = file("judge.eml", mailOf([{ type: "text/xml", octets: aggregateXml() }]));
    expect((await json(config, ["import", mail]))[0]).toMatchObject({ documents: [{ mail: "unknown" }] });
    const zone = file("judge.zone", "example.org. A 192.0.2.1\n");
    const asked = await run(config, ["import", mail, "--check-mail", "--offline", "--zone", zone]);
    expect(asked.code).toBe(0);
    const [own] = await json(main, ["list", "--domain", "other.example"]);
    expect(own).toMatchObject({ mailVerdict: "unaligned" });
  });
});

describe("where a report came", () => {
  const zone = [
    '_dmarc.example.com. TXT "v=DMARC1; p=none; rua=mailto:dmarc@us.example"',
    '_dmarc.confirmed.example. TXT "v=DMARC1; p=none; rua=mailto:dmarc@us.example"',
    'confirmed.example._report._dmarc.us.example. TXT "v=DMARC1"',
  ];

  test("is asked with --check-mail, shown, and not asked again", async () => {
    const config = configOf("sent-to");
    const records = file("sent-to.zone", `$ORIGIN .\n${zone.join("\n")}\n`);
    const parts = ["example.com", "confirmed.example", "silent.example"].map((domain) => ({
      type: "text/xml",
      octets: aggregateXml({ id: `at-${domain}`, domain }),
    }));
    const mail = file("sent-to.eml", mailOf(parts, "X-Original-To: DMARC+x@us.example\r\n"));
    const dns = ["--check-mail", "--offline", "--zone", records];
    expect((await run(config, ["import", mail, ...dns])).code).toBe(0);
    const expected = [
      ["example.com", { result: "unconfirmed", name: "example.com._report._dmarc.us.example" }],
      ["confirmed.example", { result: "named" }],
      ["silent.example", { result: "no-record" }],
    ] as const;
    const isAsExpected = async (): Promise<void> => {
      for (const [domain, destination] of expected)
        expect((await json(config, ["show", `at-${domain}`]))[0]).toMatchObject({
          domain,
          mail: { sentTo: "dmarc+x@us.example", destination },
        });
    };
    await isAsExpected();
    await run(config, ["reparse"]);
    await isAsExpected();
    const shown = await run(config, ["show", "at-example.com", "--lang", "en"]);
    expect(shown.out.replaceAll(/\s+/g, " ")).toMatch(
      /Sent to dmarc\+x@us\.example: example\.com .* example\.com\._report\._dmarc\.us\.example was missing/,
    );
    const inJapanese = await run(config, ["show", "at-silent.example", "--lang", "ja"]);
    expect(inJapanese.out).toContain("送付先");
  });

  test("is not asked without DNS", async () => {
    const config = configOf("sent-to-old");
    const mail = file(
      "sent-to-old.eml",
      mailOf([{ type: "text/xml", octets: aggregateXml({ id: "old-1" }) }]),
    );
    await run(config, ["import", mail]);
    const [shown] = await json(config, ["show", "old-1"]);
    expect(shown?.["mail"]).toEqual({
      verdict: "unknown",
      by: "none",
      fromDomain: "example.org",
      sentTo: "rua@example.com",
      dkimPass: false,
    });
  });
});

describe("list", () => {
  test.each(["en", "ja"])("a table that fits: %s", async (lang) => {
    const { out, code } = await run(main, ["list", "--lang", lang]);
    expect(code).toBe(0);
    for (const line of out.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    const [table = "", legend = ""] = out.trimEnd().split("\n\n");
    expect(table.split("\n")).toHaveLength(7);
    for (const note of lang === "ja" ? ["食い違い", "詐称?"] : ["conflict", "forged?"]) {
      expect(table).toContain(note);
      expect(legend).toMatch(new RegExp(`^  ${note.replace("?", "\\?")} {2,}\\S`, "m"));
    }
  });

  test("a table that fits with long names, many sessions and notes", async () => {
    const config = configOf("wide");
    const [domain, org] = ["mail.department.university.example", "An Organization With A Long Name"];
    const sessions = tls
      .replace(/"policy-domain":"[^"]+"/, `"policy-domain":"${domain}"`)
      .replace(/"total-successful-session-count":\d+/, '"total-successful-session-count":123456789')
      .replace('"T"', JSON.stringify(org));
    const silent = aggregateXml({ domain, org, counts: [0, 0] }).replace("<count>0", "<count>none");
    await run(config, ["import", file("wide/a.json", sessions), file("wide/b.xml", silent)]);
    for (const lang of ["en", "ja"]) {
      const { out } = await run(config, ["list", "--lang", lang]);
      expect(out).toContain("123,456,790");
      expect(out.split("\n").filter((line) => displayWidth(line) > 80)).toEqual([]);
    }
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ["of a domain", ["--domain", "OTHER.example"], ["mailed"]],
    ["of a reporter", ["--reporter", "テスト報告センター"], ["odd-1", "odd-1"]],
    ["of a kind", ["--kind", "tls"], ["t1"]],
    ["since a day", ["--since", "2026-01-01"], ["t1"]],
    ["before a time", ["--kind", "tls", "--before", "2026-01-01T00:00:00Z"], []],
    ["in conflict", ["--outcome", "conflict"], ["odd-1", "odd-1"]],
    ["in conflict, of another kind", ["--outcome", "conflict", "--kind", "tls"], []],
  ])("reports %s", async (_name, options, ids) => {
    expect((await json(main, ["list", ...options])).map(({ reportId }) => reportId)).toEqual(ids);
  });

  test("page by page", async () => {
    const { out } = await run(main, ["list", "--limit", "4"]);
    const cursor = /--cursor (\S+)/.exec(out)?.[1] ?? "";
    expect(await json(main, ["list", "--limit", "4", "--cursor", cursor])).toHaveLength(2);
  });

  test("what was not read, and its octets", async () => {
    const { out, code } = await run(main, ["list", "--outcome", "unread"]);
    expect(code).toBe(1);
    expect(out).toMatch(/no report .*in\/f\.bin/);
    const id = /^([0-9a-f]{12}) /m.exec(out)?.[1] ?? "";
    expect((await run(main, ["raw", id])).out).toBe("no report at all");
    expect(await json(main, ["list", "--outcome", "unread"])).toMatchObject([
      { reason: "not-a-report", via: path("in/f.bin") },
    ]);
  });

  test("an empty store", async () => {
    const config = configOf("empty");
    await run(config, ["import", file("nothing/none.txt", "")]);
    await run(config, ["import", path("gone")]);
    const { out, code } = await run(config, ["list"]);
    expect([out, code]).toEqual(["no reports\n", 0]);
  });
});

describe("show", () => {
  test("an aggregate report: head, policy, oddities and records", async () => {
    const { out } = await run(main, ["show", "big"]);
    expect(out).toMatch(/Report id {2,}big/);
    expect(out).toMatch(/Policy {2,}p=none/);
    expect(out).toMatch(
      /192\.0\.2\.50 +50 {2}none +pass {2}fail {2}example\.com\n {4}dkim=pass example\.com\/s1; spf=fail example\.com\n/,
    );
    expect(out).toContain("70 more records: --limit 120");
    expect((await run(main, ["show", "big", "--limit", "120"])).out).not.toContain("more records");
  });

  test.each(["en", "ja"] as const)("oddities in words, within 80 columns: %s", async (lang) => {
    const listed = await json(main, ["list", "--reporter", "テスト報告センター"]);
    const keys = listed.map((report) => String(report["key"]));
    const shown = await Promise.all(keys.map((key) => run(main, ["show", key, "--lang", lang])));
    const out = shown.map((one) => one.out).join("");
    expect(out).toContain(lang === "ja" ? reportJa.warning("bad-count") : reportEn.warning("bad-count"));
    expect(out).toContain('"1,007"');
    for (const line of out.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });

  test("a failure report, decoded", async () => {
    const [report] = await json(main, ["list", "--kind", "failure"]);
    const { out } = await run(main, ["show", String(report?.["key"]), "--lang", "ja"]);
    expect(out).toMatch(/接続元 +203\.0\.113\.9/);
    expect(out).toMatch(/From +山田 <a@example\.com>/);
    expect(out).toMatch(/件名 +請求書/);
    // RFC 7489 §7.3.1 lists what was aligned there, RFC 9991 §4 what was not: the field goes by its own name.
    expect(out).toMatch(/Identity-Alignment +none/);
    const [shown] = await json(main, ["show", String(report?.["key"])]);
    expect(shown).toMatchObject({
      kind: "failure",
      report: { sourceIp: "203.0.113.9", authFailure: "dmarc" },
    });
  });

  test("a TLS report", async () => {
    const { out } = await run(main, ["show", "t1"]);
    expect(out).toMatch(
      /sts example\.com\n {2}Policy +version: STSv1\n {2}Sessions +5 successful, 1 failed\n {2}Failures +certificate-expired 1/,
    );
  });

  test("as JSON, with all records", async () => {
    const [shown] = await json(main, ["show", "big"]);
    expect(shown).toMatchObject({ reportId: "big", head: { policy: { p: "none" } } });
    expect(shown?.["records"]).toHaveLength(120);
  });

  test("by the beginning of an id, and by an id that several have", async () => {
    expect((await run(main, ["show", "mail"])).out).toContain("mailed");
    expect((await run(main, ["show", "mai"])).err).toMatch(/there is no report mai/);
    const several = await run(main, ["show", "odd-1"]);
    expect(several.code).toBe(1);
    const told = several.err.trimEnd().split("\n");
    expect(told).toHaveLength(3);
    expect(told[0]).toContain("several reports have the id odd-1");
    for (const line of told.slice(1))
      expect(line).toMatch(/^ {2}\d+ {2}2023-11-14 {2}example\.com {2}テスト報告センター {2}odd-1$/);
  });

  test("control characters of a stranger do not reach the terminal", async () => {
    const config = configOf("evil");
    await run(config, ["import", file("evil.xml", aggregateXml({ id: "e", org: "\u001b]0;x\u0007evil" }))]);
    const { out } = await run(config, ["show", "e"]);
    expect(out).toContain("evil");
    expect(out.includes("\u001b") || out.includes("\u0007")).toBe(false);
  });
});

test("raw: the original octets", async () => {
  expect((await run(main, ["raw", "mailed"])).out).toBe(readFileSync(path("in/c.eml"), "utf8"));
  expect((await run(main, ["raw", "nothing-like-that"])).code).toBe(1);
});

describe("export", () => {
  test("NDJSON and CSV have the same rows", async () => {
    const ndjson = (await run(main, ["export", "--format", "ndjson", "--domain", "other.example"])).out;
    expect(JSON.parse(ndjson)).toMatchObject({
      reportId: "mailed",
      sourceIp: "192.0.2.1",
      count: 3,
      begin: new Date(sampleBegin * 1000).toISOString().replace(".000", ""),
    });
    const csv = (await run(main, ["export"])).out.split("\r\n");
    const all = (await run(main, ["export", "--json"])).out.trimEnd().split("\n");
    expect(csv[0]).toBe(
      "domain,reporter,reportId,begin,end,sourceIp,count,headerFrom,envelopeFrom,envelopeTo,disposition,dkimAligned,spfAligned,dkim,spf,overrides,group",
    );
    expect(csv).toHaveLength(all.length + 2);
    expect(all).toHaveLength(122);
  });

  test("what is in no sum only when it is asked for", async () => {
    const ids = async (...more: string[]): Promise<number[]> =>
      (await run(main, ["export", "--json", "--reporter", "テスト報告センター", ...more])).out
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { count: number }).count);
    expect(await ids()).toEqual([1007]);
    expect((await ids("--uncounted")).sort()).toEqual([1007, 8]);
  });
});

describe("reparse", () => {
  test("what is read as before is no change", async () => {
    const { out, code } = await run(main, ["reparse"]);
    expect([out, code]).toEqual(["7 mails and files read again, 0 with another result\n", 0]);
    expect(await json(main, ["list"])).toHaveLength(6);
  });

  test("nor is a report without an id of its own", async () => {
    const config = configOf("no-id");
    const withoutId = aggregateXml({ id: "gone" }).replace("<report_id>gone</report_id>", "");
    await run(config, ["import", file("without-id.xml", withoutId)]);
    expect((await run(config, ["reparse"])).out).toBe("1 mail or file read again, 0 with another result\n");
  });
});

test("backup: a store that can be used", async () => {
  const copy = path("copy/reports.sqlite");
  mkdirSync(path("copy"));
  expect((await run(main, ["backup", copy])).code).toBe(0);
  expect(await json(configOf("copy"), ["list"])).toHaveLength(6);
  const again = await run(main, ["backup", copy]);
  expect([again.code, again.err]).toEqual([3, `sekisho: ${copy} is there already; name another file\n`]);
  const nowhere = await run(main, ["backup", path("none/x.sqlite"), "--lang", "ja"]);
  expect([nowhere.code, nowhere.err]).toEqual([
    3,
    `sekisho: ${path("none/x.sqlite")} に書き込めません: フォルダーがありません\n`,
  ]);
});

test.each(["en", "ja"])("backup: to nowhere (%s)", async (lang) => {
  const none = await run(main, ["backup", "", "--lang", lang]);
  expect([none.code, none.out]).toEqual([2, ""]);
  expect(none.err).toContain('""');
  // A folder that nobody can write in, root neither.
  const { code, out, err } = await run(main, ["backup", "/proc/self/copy.sqlite", "--lang", lang]);
  expect([code, out]).toEqual([3, ""]);
  expect(err).toMatch(
    lang === "en"
      ? /^sekisho: \/proc\/self\/copy\.sqlite cannot be written: [^(]+\n$/
      : /^sekisho: \/proc\/self\/copy\.sqlite に書き込めません: [^（]+\n$/,
  );
});

test("a store that cannot be opened", async () => {
  file("broken/reports.sqlite", "this is no database, but it is long enough to be taken for one".repeat(100));
  const { code, err } = await run(configOf("broken"), ["import", path("in")]);
  expect(code).toBe(3);
  expect(err).toContain("reports.sqlite");
});
