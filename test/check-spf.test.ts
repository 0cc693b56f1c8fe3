import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { SpfClientFacts, SpfFacts } from "../src/checker/spf/spf-facts.ts";
import { displayWidth } from "../src/cli/layout.ts";
import { mixedZone } from "./check-zones/spf.ts";
import { applyChange, checkZone } from "./check-zones.ts";
import { runCli } from "./run-cli.ts";

/** The record of the first of the operators' documents: what each client gets by either way of counting. */
const expected = [
  { ip: "192.0.2.1", byQuery: "pass", byName: "pass" },
  { ip: "192.0.2.3", byQuery: "pass", byName: "pass" },
  { ip: "192.0.2.10", byQuery: "permerror", byName: "pass" },
  { ip: "203.0.113.9", byQuery: "permerror", byName: "fail" },
  { ip: "2001:db8::1", byQuery: "permerror", byName: "pass" },
  { ip: "2001:db8::10", byQuery: "permerror", byName: "pass" },
  { ip: "2001:db8::f", byQuery: "permerror", byName: "fail" },
];
const args = expected.flatMap(({ ip }) => ["--client", ip]);

function listed(clients: readonly SpfClientFacts[]): object[] {
  return clients
    .filter((one) => one.listed)
    .map(({ ip, byQuery, byName }) => ({ ip, byQuery: byQuery.result, byName: byName.result }));
}

describe("names of one family each, mixed in one record", () => {
  test("clients get what verifiers of both schools give them", async () => {
    const { facts } = await checkZone(mixedZone, { args });
    expect(listed((facts["spf"] as SpfFacts).clients)).toEqual(expected);
  });

  test("the printed record gives all of them one result in both schools", async () => {
    const { findings } = await checkZone(mixedZone, { args });
    const change = findings.find(({ id }) => id === "spf.void-v4")?.change ?? [];
    expect(change.map(({ action }) => action)).toEqual(["remove", "add"]);
    const repaired = await checkZone(applyChange(mixedZone, change), { args });
    expect(listed((repaired.facts["spf"] as SpfFacts).clients)).toEqual(
      expected.map(({ ip, byName }) => ({ ip, byQuery: byName, byName })),
    );
    const ids = repaired.findings.map(({ id }) => id);
    for (const id of ["spf.void-v4", "spf.void-v6", "spf.void-disputed"]) expect(ids).not.toContain(id);
  });

  test("what the repair is said to give is what it gives", async () => {
    const { findings, facts } = await checkZone(mixedZone, { args });
    const { repair } = facts["spf"] as SpfFacts;
    expect(repair?.changes).toEqual(findings.find(({ id }) => id === "spf.void-disputed")?.change);
    expect(listed(repair?.clients ?? [])).toEqual(
      expected.map(({ ip, byName }) => ({ ip, byQuery: byName, byName })),
    );
  });

  test("the tree tells the lookups and empty answers of every term as they add up", async () => {
    const { facts } = await checkZone(mixedZone);
    const { tree, lookups } = facts["spf"] as SpfFacts;
    expect(lookups).toBe(7);
    expect(tree.terms.map(({ total, voids }) => [total, voids.v4, voids.v6])).toEqual([
      [1, 0, 1],
      [2, 0, 2],
      [3, 0, 3],
      [4, 1, 3],
      [5, 2, 3],
      [6, 3, 3],
      [7, 3, 3],
      [7, 3, 3],
    ]);
  });
});

describe("on the screen", () => {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-spf-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "mixed.zone");
  writeFileSync(file, mixedZone);
  const offline = ["--zone", file, "--offline"];

  test.each(["en", "ja"])("the section of SPF keeps to 80 columns (%s)", async (lang) => {
    const { out } = await runCli(["check", "example.jp", ...offline, ...args, "--lang", lang]);
    const lines = out.split("\n");
    const start = lines.findIndex((line) => /^SPF of|の SPF: /.test(line));
    expect(start).toBeGreaterThan(0);
    for (const line of lines.slice(start)) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^ {2}192\.0\.2\.10 +permerror pass$/m);
    expect(out).toMatch(/^ {2}192\.0\.2\.10 +pass +pass$/m);
    expect(out).toMatch(/^ {2}a:m63\.example\.jp +1 +6 +3 +3$/m);
    // Of the clients that were named, two are not to pass, and the repair leaves them so.
    expect(out).toMatch(/no client added:$|送信元を加えない場合:$/m);
  });

  test("--add and --drop are shown beside the present record", async () => {
    const change = ["--add", "include:nowhere.example.jp", "--drop", "a:m41.example.jp"];
    const { out } = await runCli(["check", "example.jp", ...offline, ...change, "--lang", "en"]);
    expect(out).toContain("DNS lookups: 7 now, 7 with the change.");
    expect(out).toContain("The change would bring: spf.include-none.");
  });

  test("a record in order is not spread out", async () => {
    writeFileSync(join(folder, "good.zone"), 'example.jp. TXT "v=spf1 ip4:203.0.112.1 -all"\n');
    const { out } = await runCli(["check", "example.jp", "--zone", join(folder, "good.zone"), "--offline"]);
    expect(out).not.toContain("SPF of example.jp");
  });
});
