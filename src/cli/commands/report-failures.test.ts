import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mailOf, zipOf } from "../../../test/report-files.ts";
import { type Outcome, runCli } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";

const secret = "The words of the body";

function arf(subject: string, envelopeFrom = "taro@example.com"): string {
  return `From: ruf@reporter.example
To: dmarc@example.com
Subject: FW: ${subject}
Content-Type: multipart/report; boundary=x

--x
Content-Type: message/feedback-report

Feedback-Type: auth-failure
Auth-Failure: dmarc
Source-IP: 203.0.113.9
Original-Mail-From: <${envelopeFrom}>
Reported-Domain: example.com
--x
Content-Type: message/rfc822

From: =?utf-8?B?5bGx55Sw?= <${envelopeFrom}>
Subject: ${subject}

${secret}
--x--
`.replaceAll("\n", "\r\n");
}

/** A place of its own, whose configuration may change. */
function world() {
  const folder = temporaryFolder();
  const config = join(folder, "c.yaml");
  const use = (content: string): void =>
    writeFileSync(
      config,
      `hostname: mx.example.com\ndata_dir: ${join(folder, "data")}\ncollect: { failure: { content: ${content} } }\n`,
    );
  const file = (name: string, octets: string | Buffer): string => {
    writeFileSync(join(folder, name), octets);
    return join(folder, name);
  };
  const run = (...argv: readonly string[]): Promise<Outcome> =>
    runCli(["report", ...argv, "--config", config]);
  const json = async (...argv: readonly string[]): Promise<Record<string, unknown>[]> =>
    (await run(...argv, "--json")).out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const stored = (): string =>
    ["reports.sqlite", "reports.sqlite-wal"]
      .map((name) => {
        try {
          return readFileSync(join(folder, "data", name), "latin1");
        } catch {
          return "";
        }
      })
      .join();
  return { use, file, run, json, stored, folder };
}

test("headers, when nothing else is said: shown, read again, and seen when the mail comes again", async () => {
  const { use, file, run, json } = world();
  use("headers");
  const mail = file("a.eml", arf("one"));
  await run("import", mail);
  const raw = await run("raw", "1");
  expect(raw.out).toContain("Subject: one");
  expect(raw.out).not.toContain(secret);
  expect(raw.err).toMatch(/body of the message\s+was not kept/);
  expect((await run("show", "1")).out).toMatch(/taro@example\.com.*body of the message\s+was not kept/s);
  expect(await json("show", "1")).toMatchObject([
    { leftOut: "body", report: { message: { hasBody: true } } },
  ]);
  expect((await run("reparse")).out).toMatch(/1 .*0 /);
  expect(await json("reparse")).toEqual([]);
  expect((await run("raw", "1")).out).toBe(raw.out);
  expect(await json("import", mail)).toMatchObject([{ documents: [{ outcome: "seen" }] }]);
  expect(await json("list")).toHaveLength(1);
});

test("a backup holds no more", async () => {
  const { use, file, run, folder } = world();
  use("headers");
  await run("import", file("a.eml", arf("one")));
  await run("backup", join(folder, "copy"));
  writeFileSync(join(folder, "d.yaml"), `hostname: mx.example.com\ndata_dir: ${join(folder, "restored")}\n`);
  mkdirSync(join(folder, "restored"), { mode: 0o700 });
  copyFileSync(join(folder, "copy"), join(folder, "restored", "reports.sqlite"));
  const { out } = await runCli(["report", "raw", "1", "--config", join(folder, "d.yaml")]);
  expect(out).toContain("Subject: one");
  expect(out).not.toContain(secret);
});

test("message keeps all, until another setting and reparse take it out", async () => {
  const { use, file, run, json } = world();
  use("message");
  const octets = arf("one");
  await run("import", file("a.eml", octets));
  expect(await run("raw", "1")).toMatchObject({ out: octets, err: "" });
  expect((await json("show", "1"))[0]).not.toHaveProperty("leftOut");
  use("headers");
  expect(await json("reparse")).toEqual([]);
  expect((await run("raw", "1")).out).not.toContain(secret);
  const before = await run("raw", "1");
  use("message");
  expect(await json("reparse")).toEqual([]);
  expect((await run("raw", "1")).out).toBe(before.out);
  expect((await json("import", file("a.eml", octets)))[0]).toMatchObject({
    documents: [{ outcome: "seen" }],
  });
});

test("redacted: nowhere a local part, the same word for the same one, also after reparse", async () => {
  const { use, file, run, json, stored } = world();
  use("redacted");
  await run(
    "import",
    file("a.eml", arf("one")),
    file("b.eml", arf("two")),
    file("c.eml", arf("two", "jiro@example.com")),
  );
  const shown = (await Promise.all(["1", "2", "3"].map((key) => json("show", key)))).flat();
  const from = shown.map(({ report }) => (report as Record<string, unknown>)["originalMailFrom"]);
  expect(from[0]).toMatch(/^redacted-[0-9a-f]{16}@example\.com$/);
  expect(from[1]).toBe(from[0]);
  expect(from[2]).not.toBe(from[0]);
  expect(shown).toMatchObject([
    { leftOut: "body-and-local-parts", report: { message: { from: `山田 <${String(from[0])}>` } } },
    {},
    {},
  ]);
  expect((await run("raw", "1")).out).not.toMatch(/taro/);
  expect(/taro@|jiro@/.test(stored())).toBe(false);
  expect(await json("reparse")).toEqual([]);
  use("headers");
  expect(await json("reparse")).toEqual([]);
  expect((await run("show", "1")).out).toMatch(/local parts of addresses\s+were replaced/);
});

test("redacted later: reparse tells what is another report now, and nothing is left of it", async () => {
  const { use, file, run, json, stored } = world();
  use("headers");
  await run("import", file("a.eml", arf("one")));
  use("redacted");
  expect(await json("reparse")).toMatchObject([
    { changes: [{ before: { outcome: "saved" }, after: { outcome: "saved" } }] },
  ]);
  expect((await run("list")).out).toMatch(/example\.com/);
  const [report] = await json("list");
  expect((await run("raw", String(report?.["key"]))).out).not.toContain("taro");
  expect(stored().includes("taro@")).toBe(false);
});

test("several in an archive: the reports are there, the archive is not", async () => {
  const { use, file, run, json } = world();
  use("headers");
  const zip = zipOf(["one", "two"].map((subject) => ({ name: `${subject}.eml`, octets: arf(subject) })));
  const mail = file("a.eml", mailOf([{ type: "application/zip", octets: zip }]));
  await run("import", mail);
  expect((await json("show", "1"))[0]).toMatchObject({ kind: "failure" });
  expect((await run("raw", "1")).code).toBe(1);
  expect(await json("import", mail)).toMatchObject([
    { documents: [{ outcome: "seen" }, { outcome: "seen" }] },
  ]);
});
