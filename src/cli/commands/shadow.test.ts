import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCli, testIo } from "../../../test/run-cli.ts";
import { sampleRecord } from "../../../test/sample-record.ts";
import { ingestSpool } from "../../store/ingest.ts";
import type { ShadowSummary } from "../../store/port.ts";
import type { MessageRecord } from "../../store/record.ts";
import { openSpool } from "../../store/spool.ts";
import { spoolFolder } from "../../store/spool-files.ts";
import { databasePath, openDatabase } from "../../store/sqlite.ts";
import { displayWidth } from "../layout.ts";
import { formatStory } from "../story.ts";
import { policyWhyText, ruleText } from "../text/policy-why.ts";
import { policyWhyEn, rulesEn } from "../text/policy-why-en.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const now = Date.now();
const at = (minutesAgo: number): string => new Date(now - minutesAgo * 60_000).toISOString();

/** A message that the shadow would have treated otherwise. */
function shadowed(
  sequence: number,
  domain: string,
  ip: string,
  action: "reject" | "quarantine",
): MessageRecord {
  const sample = sampleRecord(sequence);
  return {
    ...sample,
    at: at(sequence),
    client: { ...sample.client, ip },
    results: {
      ...sample.results,
      iprev: { method: "iprev", result: "pass", ip, name: "mail.sender.example" },
      dmarc: { ...sample.results?.dmarc, result: "fail", domain },
    } as NonNullable<MessageRecord["results"]>,
    shadow: {
      action,
      reasons: [],
      why: [`dmarc.reject ${domain}`, action === "reject" ? `second.own-domain ${domain}` : "second.none"],
    },
  };
}

const records: readonly MessageRecord[] = [
  { ...sampleRecord(1), at: at(1) },
  shadowed(2, "a.example", "192.0.2.1", "reject"),
  shadowed(3, "a.example", "192.0.2.1", "reject"),
  shadowed(4, "a.example", "192.0.2.2", "quarantine"),
  shadowed(5, "b.example", "2001:db8::1", "reject"),
  shadowed(6, "a.example", "192.0.2.1", "quarantine"),
  shadowed(60 * 24 * 9, "old.example", "192.0.2.9", "reject"),
];

async function dataWith(
  kept: readonly MessageRecord[],
  where: "spool" | "database",
  verify = "shadow: reject",
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-shadow-"));
  folders.push(folder);
  const spool = openSpool({ dataDir: folder, host: "mx1" });
  for (const { id: _, ...record } of kept) spool.append(record);
  await spool.close();
  if (where === "database") {
    const db = openDatabase(databasePath(folder));
    ingestSpool(spoolFolder(folder), db, Date.now());
    db.close();
  }
  const file = join(folder, "sekisho.yaml");
  writeFileSync(file, `hostname: mx.example.jp\ndata_dir: ${folder}\nverify: { ${verify} }\n`);
  return file;
}

describe.each(["spool", "database"] as const)("records in the %s", (where) => {
  test("are grouped by author domain and client, those with the most messages first", async () => {
    const file = await dataWith(records, where);
    const { code, out, err } = await runCli(["shadow", "--json", "--config", file]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const summary = JSON.parse(out) as ShadowSummary;
    expect(summary).toMatchObject({
      messages: 6,
      different: 5,
      domainCount: 2,
      domains: [
        {
          domain: "a.example",
          messages: 4,
          actions: [
            { action: "reject", messages: 2 },
            { action: "quarantine", messages: 2 },
          ],
          clients: [
            {
              ip: "192.0.2.1",
              name: "mail.sender.example",
              messages: 3,
              actions: [
                {
                  action: "reject",
                  messages: 2,
                  why: [
                    { entry: "dmarc.reject a.example", messages: 2 },
                    { entry: "second.own-domain a.example", messages: 2 },
                  ],
                },
                {
                  action: "quarantine",
                  messages: 1,
                  why: [
                    { entry: "dmarc.reject a.example", messages: 1 },
                    { entry: "second.none", messages: 1 },
                  ],
                  queueIds: ["Q6"],
                },
              ],
              newest: at(2),
            },
            {
              ip: "192.0.2.2",
              messages: 1,
              actions: [{ action: "quarantine", messages: 1 }],
              queueIds: ["Q4"],
            },
          ],
        },
        { domain: "b.example", messages: 1 },
      ],
    });
    expect(summary.domains[0]?.why[0]).toEqual({ entry: "dmarc.reject a.example", messages: 4 });
    expect([...(summary.domains[0]?.queueIds ?? [])].sort()).toEqual(["Q2", "Q3", "Q4"]);
    expect([...(summary.domains[0]?.clients[0]?.actions[0]?.queueIds ?? [])].sort()).toEqual(["Q2", "Q3"]);
  });

  test("--since", async () => {
    const file = await dataWith(records, where);
    const domains = async (since: string): Promise<readonly (string | undefined)[]> => {
      const { out } = await runCli(["shadow", "--json", "--since", since, "--config", file]);
      return (JSON.parse(out) as ShadowSummary).domains.map(({ domain }) => domain);
    };
    expect(await domains("30d")).toContain("old.example");
    expect(await domains("2m")).toEqual([]);
    expect(await domains(at(10))).toEqual(["a.example", "b.example"]);
  });
});

test.each(["en", "ja"] as const)("for a person, within 80 columns (%s)", async (lang) => {
  const file = await dataWith(records, "spool");
  const { out } = await runCli(["shadow", "--config", file, "--lang", lang]);
  for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  for (const part of ["a.example", "b.example", "192.0.2.1 mail.sender.example", "2001:db8::1", "Q2"])
    expect(out).toContain(part);
  expect(out).toContain(lang === "en" ? "refused 2, quarantined 2" : "拒否 2 通、隔離 2 通");
  // The client, and what would have been done with its mail, each with its reason.
  const ofClient = out.slice(out.indexOf("192.0.2.1 "), out.indexOf("192.0.2.2 ")).replaceAll(/\s+/g, "");
  const why = (entry: string): string => policyWhyText(entry, lang).replaceAll(/\s/g, "");
  expect(ofClient).toMatch(
    lang === "en" ? /refused2.*Q2,Q3.*quarantined1.*Q6.*newest/ : /拒否2通.*Q2、Q3.*隔離1通.*Q6.*最新/,
  );
  expect(ofClient.indexOf(why("second.own-domain a.example"))).toBeLessThan(
    ofClient.indexOf(why("second.none")),
  );
  expect(ofClient).toContain(why("second.own-domain a.example"));
  expect(out.replaceAll(/\s+/g, " ")).toContain(
    lang === "en" ? "second reason: a.example is ours" : "別の理由: a.example は",
  );
  expect(out).not.toContain("old.example");
});

test("nothing to tell", async () => {
  const file = await dataWith([records[0] as MessageRecord], "spool");
  const { code, out } = await runCli(["shadow", "--config", file]);
  expect(code).toBe(0);
  expect(out.replaceAll(/\s+/g, " ")).toContain("none of 1 message otherwise");
});

test("no records, and no shadow set", async () => {
  const file = await dataWith([], "spool", "enforce: monitor");
  const { code, out } = await runCli(["shadow", "--config", file]);
  expect(code).toBe(0);
  expect(out).toContain("No message has been recorded");
  expect(out).toContain("No shadow is set now");
});

test("what a stranger wrote drives no terminal", async () => {
  const hostile = shadowed(1, "a\u001b[2J.example", "192.0.2.1", "reject");
  const { out } = await runCli(["shadow", "--config", await dataWith([hostile], "spool")]);
  expect(out).not.toContain("\u001b");
});

test.each([
  { args: ["shadow", "--since", "soon"], says: "soon" },
  { args: ["shadow", "x"], says: '"x" is one argument too many' },
  { args: ["shadow", "--jsonn"], says: "did you mean --json?" },
])("bad input: $args", async ({ args, says }) => {
  const { code, out, err } = await runCli(args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(says);
});

// ---------------------------------------------------------------- explain

test.each(["en", "ja"] as const)(
  "explain tells what was done, why, and what the shadow would do (%s)",
  (lang) => {
    const record: MessageRecord = {
      ...sampleRecord(1),
      disposition: {
        action: "quarantine",
        reasons: [{ type: "local_policy", comment: "own network" }],
        why: ["dmarc.reject a.example", "reject-alone", "lowered.own"],
      },
      shadow: { action: "reject", reasons: [], why: ["second.operator-entry a.example", "of-tomorrow x"] },
      rules: ["repeated-date", "rule-of-tomorrow"],
      reply: "reject",
      status: "550 5.7.1",
    };
    const lines = formatStory(record, testIo(lang));
    for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    const text = lines.join("").replaceAll(/\s/g, "");
    for (const entry of ["dmarc.reject a.example", "lowered.own", "second.operator-entry a.example"])
      expect(text).toContain(policyWhyText(entry, lang).replaceAll(/\s/g, ""));
    expect(text).toContain(ruleText("repeated-date", lang).replaceAll(/\s/g, ""));
    for (const part of ["rule-of-tomorrow", "of-tomorrowx", "5505.7.1"]) expect(text).toContain(part);
  },
);

test("no sentence is left in another language, and none is twice the same", () => {
  for (const lang of ["en", "ja"] as const) {
    const entries = [...Object.keys(policyWhyEn), ...Object.keys(rulesEn).map((id) => `rule ${id}`)];
    const sentences = entries.map((entry) =>
      policyWhyText(`${entry} P`.replace(/^(rule \S+) P$/, "$1"), lang),
    );
    expect(new Set(sentences).size).toBe(entries.length);
    for (const sentence of sentences) expect(/[ぁ-ん]/.test(sentence)).toBe(lang === "ja");
  }
});
