import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { displayWidth } from "../layout.ts";

const vectors = fileURLToPath(new URL("../../../test/vectors/cli/", import.meta.url));
const zone = ["--zone", `${vectors}example.zone`, "--offline"];

test.each([
  { args: ["192.0.2.25", "user@example.jp"], code: 0, result: "pass", matched: "mx" },
  { args: ["192.0.2.25", "example.jp"], code: 0, result: "pass", matched: "mx" },
  { args: ["192.0.2.25", "", "mail.example.jp"], code: 0, result: "pass", matched: "a" },
  { args: ["::ffff:192.0.2.25", "user@example.jp"], code: 0, result: "pass", matched: "mx" },
  { args: ["203.0.113.1", "user@example.jp"], code: 1, result: "fail", matched: "-all" },
  { args: ["203.0.113.1", "user@twice.example.jp"], code: 1, result: "permerror" },
  { args: ["203.0.113.1", "user@nothing.example.jp"], code: 1, result: "none" },
  { args: ["203.0.113.1", "user@elsewhere.example"], code: 1, result: "temperror" },
  { args: ["203.0.113.1", "user@[192.0.2.1]"], code: 1, result: "none" },
])("$args is $result, exit $code", async ({ args, code, result, matched }) => {
  const json = await runCli(["spf", ...args, ...zone, "--json"]);
  expect({ code: json.code, err: json.err }).toEqual({ code, err: "" });
  const printed = JSON.parse(json.out) as Record<string, unknown>;
  expect(printed).toMatchObject({ result, ...(matched === undefined ? {} : { matched }) });
  expect(printed).not.toHaveProperty("method");
  expect(printed["trace"]).toBeInstanceOf(Array);
  const shown = await runCli(["spf", ...args, ...zone]);
  expect(shown.code).toBe(code);
  expect(shown.out).toContain(`${result}  `);
});

test("the JSON has the documented fields", async () => {
  const { out } = await runCli(["spf", "203.0.113.1", "user@example.jp", ...zone, "--json"]);
  expect(JSON.parse(out)).toEqual({
    result: "fail",
    identity: "mailfrom",
    domain: "example.jp",
    matched: "-all",
    lookups: 4,
    voidLookups: 1,
    explanation: "Mail of example.jp does not come from 203.0.113.1.",
    trace: expect.any(Array),
  });
});

test.each(["en", "ja"])(
  "the trace shows records, terms, queries and counts within 80 columns (%s)",
  async (lang) => {
    const { out } = await runCli(["spf", "203.0.113.1", "user@example.jp", ...zone, "--lang", lang]);
    for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    expect(out).toContain("v=spf1 a:old.example.jp include:_spf.example.net mx exp=why.example.jp -all");
    expect(out).toMatch(/^\? old\.example\.jp A +\S/m);
    expect(out).toMatch(/^ +a:old\.example\.jp +\S.* +1 +1 +1 +1$/m);
    expect(out).toMatch(/^ +-all +\S+ +4 +1 +1 +1$/m);
    expect(out).toContain("Mail of example.jp does not come from 203.0.113.1.");
  },
);

test.each([
  { domain: "twice.example.jp", en: "more than one SPF record", ja: "2 つ以上公開" },
  { domain: "loop.example.jp", en: "more than 10 DNS lookups", ja: "10 回を超えています" },
  { domain: "voids.example.jp", en: "came back empty", ja: "空の応答になった" },
])("$domain: the problem is told in words", async ({ domain, en, ja }) => {
  const spf = async (lang: string): Promise<string> =>
    (await runCli(["spf", "203.0.113.1", domain, ...zone, "--lang", lang])).out.replaceAll(/\n */g, "");
  expect((await spf("en")).replaceAll(" ", "")).toContain(en.replaceAll(" ", ""));
  expect((await spf("ja")).replaceAll(" ", "")).toContain(ja.replaceAll(" ", ""));
});

test("what a record says cannot drive the terminal", async () => {
  const args = ["spf", "203.0.113.1", "escape.example.jp", ...zone];
  const shown = await runCli(args);
  expect(shown.out).toContain("\\x1b[2J");
  expect(shown.out).not.toContain("\u001b");
  expect((await runCli([...args, "--json"])).out).not.toContain("\u001b");
});

test("colour only on a terminal, and not with NO_COLOR", async () => {
  const args = ["spf", "192.0.2.25", "example.jp", ...zone];
  expect((await runCli(args, { isTty: true })).out).toContain("\u001b[32mpass");
  expect((await runCli(args, { isTty: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b");
  expect((await runCli(args)).out).not.toContain("\u001b");
});

const missing = `${vectors}missing`;
test.each([
  { args: [], code: 2, says: "IP is missing" },
  { args: ["192.0.2.25"], code: 2, says: "SENDER is missing" },
  { args: ["192.0.2", "a"], code: 2, says: 'IP: "192.0.2" is no IP address' },
  { args: ["192.0.2.25", ""], code: 2, says: "the null sender has no domain, so HELO must be given" },
  { args: ["192.0.2.25", "a", "b", "c"], code: 2, says: '"c" is one argument too many' },
  { args: ["--batch", "a", "b"], code: 2, says: '"b" is one argument too many' },
  {
    args: ["192.0.2.25", "a", "--nameserver", "ns.example.jp"],
    code: 2,
    says: '--nameserver: "ns.example.jp"',
  },
  { args: ["192.0.2.25", "a", "--nameserver", "192.0.2.1:0"], code: 2, says: "--nameserver" },
  { args: ["192.0.2.25", "a", "--dns-timeout", "soon"], code: 2, says: '--dns-timeout: "soon"' },
  { args: ["192.0.2.25", "a", "--dns-timeout", "0"], code: 2, says: "--dns-timeout" },
  { args: ["192.0.2.25", "a", "--offline"], code: 2, says: "--offline needs at least one --zone FILE" },
  {
    args: ["192.0.2.25", "a", "--zone", missing],
    code: 3,
    says: `${missing} cannot be read: there is no such file`,
  },
  { args: ["192.0.2.25", "a", "--zone", vectors], code: 3, says: "it is a directory" },
  {
    args: ["192.0.2.25", "a", "--zone", `${vectors}broken.zone`, "--offline"],
    code: 3,
    says: "broken.zone:2: ",
  },
  { args: ["192.0.2.25", "a", "--config", missing], code: 2, says: missing },
  { args: ["--batch", missing, ...zone], code: 3, says: `${missing} cannot be read: there is no such file` },
])("bad input: $args", async ({ args, code, says }) => {
  const outcome = await runCli(["spf", ...args]);
  expect({ code: outcome.code, out: outcome.out }).toEqual({ code, out: "" });
  expect(outcome.err).toContain(says);
  expect(outcome.err.startsWith("sekisho: ")).toBe(true);
});

const batch = [
  '{"id":1,"ip":"192.0.2.25","mailFrom":"user@example.jp","helo":"mail.example.jp"}',
  '{"id":"two","ip":"192.0.2.25","mailFrom":"","helo":"mail.example.jp"}',
  "not json",
  '{"id":4,"ip":"somewhere","mailFrom":"user@example.jp"}',
  '{"id":5,"mailFrom":"user@example.jp"}',
  '{"id":6,"ip":"203.0.113.1","mailFrom":"user@example.jp"}',
  '{"id":7,"ip":"203.0.113.1"}',
  '{"id":8,"ip":"203.0.113.1","mailFrom":5}',
].join("\n");

test.each(["-", "file"])("a batch from %s answers line by line", async (source) => {
  const file = join(temporaryFolder(), "batch.ndjson");
  writeFileSync(file, batch);
  const place = source === "-" ? [] : [file];
  const { code, out, err } = await runCli(["spf", "--batch", ...place, ...zone], { input: batch });
  expect({ code, err }).toEqual({ code: 1, err: "" });
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toEqual([
    expect.objectContaining({ id: 1, result: "pass", identity: "mailfrom" }),
    expect.objectContaining({ id: "two", result: "pass", identity: "helo" }),
    { error: "the line is no JSON" },
    { id: 4, error: '"ip": "somewhere" is no IP address' },
    { id: 5, error: '"ip" is missing' },
    expect.objectContaining({ id: 6, result: "fail" }),
    { id: 7, error: '"mailFrom" is missing' },
    { id: 8, error: '"mailFrom" is no string' },
  ]);
});

test("a batch in which all pass ends with 0", async () => {
  const input = '{"ip":"192.0.2.25","mailFrom":"user@example.jp"}\n'.repeat(100);
  const { code, out } = await runCli(["spf", "--batch", "-", ...zone], { input });
  expect(code).toBe(0);
  expect(out.trimEnd().split("\n")).toHaveLength(100);
});
