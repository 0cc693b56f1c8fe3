import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aggregate, arrival, dayLength, record, tls } from "../../../test/report-samples.ts";
import { type Outcome, runCli, type TestWorld } from "../../../test/run-cli.ts";
import { type MadeWorld, makeSourceWorld, university } from "../../../test/source-world.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { reportsPath } from "../../store/reports/open.ts";
import type { IngestRequest } from "../../store/reports/port.ts";
import { openSqliteReports } from "../../store/reports/sqlite-reports.ts";
import { sqliteMigrations } from "../../store/reports/sqlite-schema.ts";
import { displayWidth } from "../layout.ts";

/** A configuration with its folder, and a store there when there is something to keep. */
async function storeWith(requests?: readonly IngestRequest[]): Promise<string> {
  const folder = temporaryFolder();
  const dataDir = join(folder, "data");
  const config = join(folder, "sekisho.yaml");
  writeFileSync(config, `hostname: mx.univ.example\ndata_dir: ${dataDir}\n`);
  if (requests !== undefined) {
    mkdirSync(dataDir);
    const store = openSqliteReports({ path: reportsPath(dataDir) });
    await store.ingest(requests);
    await store.close();
  }
  return config;
}

async function report(config: string, argv: readonly string[], world?: TestWorld): Promise<Outcome> {
  return runCli(["report", ...argv, "--config", config], world);
}

async function ids(config: string, argv: readonly string[]): Promise<string[]> {
  const { out, err } = await report(config, ["list", ...argv, "--json"]);
  expect(err).toBe("");
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { readonly reportId: string }).reportId)
    .sort();
}

const hostile = "a\u001b[31m\u009b2J\u202eevil\u2066\u061c\u0007\r\nb";
const hostileUnits = ["\u001b", "\u009b", "\u202e", "\u2066", "\u061c", "\u0007", "\r"];
const longIp = "2001:db8:1111:2222:3333:4444:5555:6666";
/** 2025-06-05T00:00:00Z. */
const later = (20_240 + 4) * dayLength;

describe("report list", () => {
  let config = "";
  beforeAll(async () => {
    config = await storeWith([
      arrival([aggregate({ id: "own", org: "Google Inc." })]),
      arrival([aggregate({ id: "below", domain: "a.univ.example", org: "google.com" })]),
      arrival([aggregate({ id: "idn", domain: "xn--wgv71a.example", org: "Yahoo" })]),
      arrival([aggregate({ id: "forged", org: "yahoo", mail: "unaligned" })]),
      arrival([aggregate({ id: "late", begin: later, org: "Late" })]),
      arrival([aggregate({ id: "week", org: "Weekly", end: 20_247 * dayLength - 1 })]),
      arrival([aggregate({ id: "alive", org: "Alive", records: [] })]),
      arrival([aggregate({ id: "twice", org: "Twice" })]),
      arrival([aggregate({ id: "twice", org: "Twice", records: [record({ count: 9 })] })]),
      arrival([aggregate({ id: "evil", org: hostile, domain: `x${hostile}` })]),
      arrival([aggregate({ id: "long", org: "Very Long Reporter Name ".repeat(20) })]),
      arrival([tls()]),
      arrival([{ kind: "unread", ordinal: 0, name: hostile, reason: hostile }], {
        via: "/mail/1",
        receivedAt: later * 1000,
      }),
      arrival([{ kind: "unread", ordinal: 0, reason: "bomb" }], {
        via: "/mail/2",
        receivedAt: later * 1000 - 1,
      }),
    ]);
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ["a domain alone", ["--domain", "A.Univ.example."], ["below"]],
    ["an international domain", ["--domain", "日本.example"], ["idn"]],
    [
      "a domain and those below",
      ["--domain", "univ.example", "--subdomains", "--kind", "aggregate", "--since", "2025-06-02"],
      ["late"],
    ],
    ["a reporter by a part of the name", ["--reporter", "weekl"], ["week"]],
    ["a reporter by the whole name, where another is cased otherwise", ["--reporter", "yahoo"], ["forged"]],
    ["the part of a name that no other has", ["--reporter", "INC."], ["own"]],
    [
      "a day, which is left out",
      ["--since", "2025-06-01", "--before", "2025-06-05", "--kind", "tls"],
      ["t1"],
    ],
    ["from a day on", ["--since", "2025-06-05"], ["late"]],
    ["until a time", ["--since", "2025-06-02", "--before", "2025-06-05T00:00:01Z"], ["late"]],
    ["mails that are what they say", ["--without-unaligned", "--reporter", "yahoo"], []],
    ["conflicts", ["--outcome", "conflict"], ["twice", "twice"]],
  ])("%s", async (_, argv, expected) => {
    expect(await ids(config, argv)).toEqual(expected);
  });

  test.each<readonly [readonly string[], number, RegExp]>([
    [["--since", "2025-02-30"], 2, /--since: "2025-02-30" is neither a day/],
    [["--before", "yesterday"], 2, /--before: "yesterday"/],
    [["--since", "2025-06-02", "--before", "2025-06-02"], 2, /no report can be between/],
    [["--domain", "no domain"], 2, /no domain is no domain name/],
    [["--subdomains"], 2, /--subdomains needs --domain/],
    [
      ["--group", "forwarders"],
      2,
      /--group: "forwarders" is none of own, own-unknown, service, gateway, list/,
    ],
    [["--group", "own", "--kind", "tls"], 2, /--group is about records of aggregate reports/],
    [["--outcome", "saved"], 2, /--outcome: "saved" is none of unread, conflict, skipped/],
    [["--outcome", "unread", "--domain", "univ.example"], 2, /--domain means nothing to --outcome unread/],
    [["--outcome", "skipped", "--group", "own"], 2, /--group means nothing to --outcome skipped/],
    [["--cursor", "7"], 2, /--cursor: "7" is none that/],
    [["--limit", "0"], 2, /--limit: "0"/],
    [["--reporter", "google"], 1, /several reporters are called like google: Google Inc\., google\.com$/m],
    [["--reporter", "nobody"], 1, /no reporter is called nobody; there are: .*Alive/],
  ])("%j is told what is wrong with it", async (argv, code, said) => {
    const outcome = await report(config, ["list", ...argv]);
    expect(outcome.err).toMatch(said);
    expect([outcome.out, outcome.code]).toEqual(["", code]);
    const inJapanese = await report(config, ["list", ...argv, "--lang", "ja"]);
    expect(inJapanese.err).toMatch(/[ぁ-ん]/);
  });

  test.each(["en", "ja"])("marks in words, and the table stays within 80 columns: %s", async (lang) => {
    const { out } = await report(config, ["list", "--lang", lang]);
    expect(out.split("\n").filter((line) => displayWidth(line) > 80)).toEqual([]);
    const [table = "", legend = ""] = out.split("\n\n");
    const marks =
      lang === "en"
        ? ["conflict", "counted", "forged?", "no mail", "7 days"]
        : ["食い違い", "集計対象", "詐称?", "0通", "7日分"];
    for (const mark of marks) expect(table).toContain(mark);
    expect(legend.split("\n").filter((line) => /^ {2}\S/.test(line))).toHaveLength(5);
    for (const unit of hostileUnits) expect(out).not.toContain(unit);
  });

  test("no mark, no legend; no other kind, no column for it", async () => {
    const { out } = await report(config, ["list", "--reporter", "Late"]);
    expect(out.trimEnd().split("\n")).toHaveLength(2);
    expect(out).not.toContain("aggregate");
  });

  test.each([
    ["en", "week", /\(7 days; in sums its messages are spread over them by share\)/],
    ["ja", "week", /7 日分。集計では/],
    ["en", "alive", /Holds +no message: it only shows that the reporter is alive/],
    ["en", "forged", /Mail +reporter\.example: is NOT from whom it says/],
  ])("show says it in a sentence: %s %s", async (lang, id, said) => {
    const { out } = await report(config, ["show", id, "--lang", lang], { columns: 200 });
    expect(out).toMatch(said);
  });

  test("show says which of two in conflict counts", async () => {
    const keys = (await report(config, ["list", "--outcome", "conflict", "--json"])).out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly key: string; readonly counted: boolean });
    expect(keys.map(({ counted }) => counted).sort()).toEqual([false, true]);
    for (const { key, counted } of keys) {
      const other = keys.find((one) => one.key !== key);
      const { out } = await report(config, ["show", key], { columns: 200 });
      expect(out).toContain(
        `${other?.key} (said to be the same report, with other content; this one ${counted ? "counts" : "does not count"})`,
      );
    }
  });

  test("what is unread: by the day that it came, and that there is more", async () => {
    const { out, code } = await report(config, ["list", "--outcome", "unread"]);
    expect(code).toBe(1);
    for (const unit of hostileUnits) expect(out).not.toContain(unit);
    expect(out.split("\n").filter((line) => displayWidth(line) > 80)).toEqual([]);
    const since = await report(config, ["list", "--outcome", "unread", "--since", "2025-06-05", "--json"]);
    expect(since.out.trim().split("\n")).toHaveLength(1);
    const one = await report(config, ["list", "--outcome", "unread", "--limit", "1"]);
    expect(one.out).toMatch(/There are more: --limit 2, or --before/);
    const json = await report(config, ["list", "--outcome", "unread", "--limit", "1", "--json"]);
    expect(json.err).toMatch(/There are more/);
    expect(await report(config, ["list", "--outcome", "skipped"])).toMatchObject({
      code: 0,
      out: "no such mails or files\n",
    });
  });

  test("that there is more is told beside JSON, too", async () => {
    const { out, err } = await report(config, ["list", "--limit", "3", "--json"]);
    expect(out.trim().split("\n")).toHaveLength(3);
    const cursor = /--cursor (\S+)/.exec(err)?.[1] ?? "";
    expect(await ids(config, ["--cursor", cursor])).toHaveLength(9);
  });

  test("an id that is the beginning of others is that one; a beginning that several have lists them", async () => {
    const many = await storeWith([
      arrival(Array.from({ length: 14 }, (_, index) => aggregate({ id: `id-1${index === 0 ? "" : index}` }))),
    ]);
    expect((await report(many, ["show", "id-1"])).out).toMatch(/Report id +id-1$/m);
    const { err, code } = await report(many, ["show", "id-11"]);
    expect([err, code]).toEqual(["", 0]);
    const several = await report(many, ["show", "id-1", "--json"]);
    expect(several.code).toBe(0);
    const listed = (await report(many, ["raw", "id-"])).err;
    expect(listed).toContain("there is no report id-");
    const prefix = await storeWith([
      arrival(Array.from({ length: 14 }, (_, index) => aggregate({ id: `id-x${index}` }))),
    ]);
    const told = (await report(prefix, ["show", "id-x"])).err.trimEnd().split("\n");
    expect(told).toHaveLength(12);
    expect(told.at(-1)).toBe("  …");
  });
});

describe("groups", () => {
  let world: MadeWorld | undefined;
  let config = "";
  beforeAll(async () => {
    world = await makeSourceWorld({
      ...university,
      mails: {
        ...university.mails,
        "other.example": [{ ip: "203.0.113.5", count: 3, spf: ["x.example", "pass"] }],
      },
    });
    ({ config } = world);
  });
  afterAll(() => world?.remove());

  async function exported(...argv: readonly string[]): Promise<Map<string, unknown>> {
    const { out, err } = await report(config, ["export", "--json", ...argv]);
    expect(err).toBe("");
    const rows = out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { readonly sourceIp: string; readonly group: string });
    return new Map(rows.map(({ sourceIp, group }) => [sourceIp, group]));
  }

  test("export has the groups that report sources shows, and takes one of them", async () => {
    const { out } = await report(config, ["sources", "univ.example", "--json"]);
    const { sources } = JSON.parse(out) as {
      readonly sources: readonly { readonly ip: string; readonly group: string }[];
    };
    const expected = new Map(sources.map(({ ip, group }) => [ip, group]));
    expect(new Set(expected.values()).size).toBeGreaterThan(5);
    expect(await exported("--domain", "univ.example")).toEqual(expected);
    for (const group of new Set(expected.values()))
      expect([...(await exported("--domain", "univ.example", "--group", group)).keys()].sort()).toEqual(
        [...expected].flatMap(([ip, of]) => (of === group ? [ip] : [])).sort(),
      );
    expect(await exported("--group", "gateway")).toEqual(new Map());
    const csv = (await report(config, ["export", "--group", "own"])).out.split("\r\n");
    expect(csv[0]).toMatch(/,group$/);
    expect(csv.slice(1, -1).every((line) => line.endsWith(",own"))).toBe(true);
  });

  test("a label changes what is exported of old reports", async () => {
    await report(config, ["label", "203.0.113.150", "service"]);
    expect((await exported("--domain", "univ.example")).get("203.0.113.150")).toBe("service");
    await report(config, ["label", "203.0.113.150", "--remove"]);
    expect((await exported("--domain", "univ.example")).get("203.0.113.150")).toBe("unknown");
  });

  test("list: reports with a record of a group", async () => {
    expect(await ids(config, ["--group", "own"])).toEqual(["1"]);
    expect(await ids(config, ["--group", "gateway"])).toEqual([]);
    expect(await ids(config, ["--group", "own", "--domain", "other.example"])).toEqual([]);
    const [first] = await ids(config, ["--group", "forwarder", "--domain", "univ.example"]);
    expect(first).toBe("1");
  });

  test("sources: of a group alone", async () => {
    const { out } = await report(config, ["sources", "univ.example", "--group", "list"]);
    expect(out).toContain("Mailing list");
    expect(out).not.toContain("Own server");
    const none = await report(config, ["sources", "univ.example", "--group", "gateway", "--lang", "ja"]);
    expect(none.out).toContain("メールゲートウェイ");
    expect((await report(config, ["sources", "univ.example", "--before", "2020-01-01"])).out).toContain(
      "no report tells",
    );
  });
});

test("mails that are not what they say are left out of export and sources", async () => {
  const config = await storeWith([
    arrival([aggregate({ id: "good", mail: "unknown", records: [record({ count: 2 })] })]),
    arrival([
      aggregate({ id: "forged", mail: "unaligned", records: [record({ ip: "203.0.113.9", count: 500 })] }),
    ]),
  ]);
  const rows = async (...argv: readonly string[]): Promise<number> =>
    (await report(config, ["export", "--json", ...argv])).out.trim().split("\n").length;
  expect([await rows(), await rows("--without-unaligned")]).toEqual([2, 1]);
  const sums = async (...argv: readonly string[]): Promise<unknown> => {
    const { out } = await report(config, [
      "sources",
      "univ.example",
      "--since",
      "2025-05-01",
      "--json",
      ...argv,
    ]);
    return (JSON.parse(out) as { readonly messages: unknown }).messages;
  };
  expect([await sums(), await sums("--without-unaligned")]).toEqual([502, 2]);
});

describe("the store", () => {
  test.each(["list", "export", "show 1", "raw 1", "sources univ.example", "backup x.sqlite", "reparse"])(
    "that is not there is told by %s, and not made",
    async (command) => {
      const config = await storeWith();
      const { code, out, err } = await report(config, command.split(" "));
      expect([code, out]).toEqual([3, ""]);
      expect(err).toMatch(/no report has been taken in yet: there is no .*reports\.sqlite/);
      expect(existsSync(join(config, "..", "data"))).toBe(false);
    },
  );

  test.each(["list", "export", "show 1", "sources univ.example"])(
    "of a newer version is told by %s",
    async (command) => {
      const config = await storeWith([]);
      const db = new DatabaseSync(reportsPath(join(config, "..", "data")));
      db.exec(`PRAGMA user_version = ${sqliteMigrations.length + 1}`);
      db.close();
      const { code, out, err } = await report(config, command.split(" "));
      expect([code, out]).toEqual([3, ""]);
      expect(err).toMatch(/newer/);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
    },
  );

  test("that is empty", async () => {
    const config = await storeWith([]);
    expect(await report(config, ["list"])).toMatchObject({ code: 0, out: "no reports\n" });
    expect(await report(config, ["list", "--group", "own"])).toMatchObject({ code: 0, out: "no reports\n" });
    expect((await report(config, ["export"])).out.split("\r\n")).toHaveLength(2);
    expect(await report(config, ["export", "--json"])).toMatchObject({ code: 0, out: "" });
    expect((await report(config, ["list", "--reporter", "x"])).err).toContain("no reporter is called x");
    expect((await report(config, ["export", "--kind", "tls"])).code).toBe(2);
  });
});

describe("a stranger's text", () => {
  test("does not drive the terminal", async () => {
    const evil = record({
      headerFrom: hostile,
      envelopeFrom: hostile,
      comment: hostile,
      disposition: hostile,
    });
    const config = await storeWith([
      arrival(
        [
          aggregate({
            id: hostile,
            org: hostile,
            records: [evil, record({ ip: longIp, count: 123_456_789 })],
          }),
        ],
        {
          octets: Buffer.from(`Subject: ${hostile}\n\ttab\n`),
          via: hostile,
        },
      ),
    ]);
    for (const lang of ["en", "ja"])
      for (const argv of [["list"], ["show", "1"], ["export"], ["export", "--json"], ["list", "--json"]]) {
        const { out, code } = await report(config, [...argv, "--lang", lang]);
        expect(code).toBe(0);
        for (const unit of hostileUnits)
          expect(out.replaceAll("\r\n", "\n"), argv.join(" ")).not.toContain(unit);
      }
    const shown = await report(config, ["show", "1"]);
    expect(shown.out).toContain(longIp);
    const onTerminal = await report(config, ["raw", "1"], { isTty: true, env: { NO_COLOR: "1" } });
    for (const unit of hostileUnits) expect(onTerminal.out).not.toContain(unit);
    expect(onTerminal.out).toContain("\\x1b[31m");
    expect((await report(config, ["raw", "1"])).out).toBe(`Subject: ${hostile}\n\ttab\n`);
  });

  test("octets that are no text are not thrown at a terminal", async () => {
    const config = await storeWith([arrival([aggregate()], { octets: Buffer.from([0x1f, 0x8b, 0, 1, 2]) })]);
    const { code, out, err } = await report(config, ["raw", "1"], { isTty: true });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("it is no text");
  });
});

test("a reader that has seen enough is no error", async () => {
  const config = await storeWith([
    arrival([aggregate({ records: Array.from({ length: 5_000 }, (_, index) => record({ count: index })) })]),
  ]);
  const program = fileURLToPath(new URL("../main.ts", import.meta.url));
  const child = spawn(process.execPath, [program, "report", "export", "--config", config], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = (await once(child, "close")) as [number | null];
  expect([Buffer.concat(errors).toString(), code]).toEqual(["", 0]);
});
