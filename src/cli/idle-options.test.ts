import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const config = join(folder, "sekisho.yaml");
const zone = join(folder, "zone");
const mail = join(folder, "m.eml");
writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${folder}/data\n`);
writeFileSync(zone, '$ORIGIN example.jp.\n@ TXT "v=spf1 -all"\n');
writeFileSync(mail, "From: a@example.jp\n\nHi\n");

const dns = ["--zone", zone];
const alone = (option: string, needed: string): string => `${option} means nothing without ${needed}`;
const beside = (option: string, other: string): string => `${option} means nothing beside ${other}`;
const foreign = (option: string, command: string): string => `${option} means nothing to ${command}`;

describe("an option that would do nothing is refused, with what to do:", () => {
  test.each([
    // Without another one.
    { argv: ["sign", mail, "--selector", "s1"], says: alone("--selector", "--key") },
    { argv: ["sign", mail, "--domain", "example.jp"], says: alone("--domain", "--key") },
    { argv: ["seal", mail, "--selector", "s1"], says: alone("--selector", "--key") },
    { argv: ["seal", mail, "--helo", "mx.example"], says: alone("--helo", "--ip") },
    { argv: ["verify", mail, "--mail-from", "a@b.example"], says: alone("--mail-from", "--ip") },
    { argv: ["verify", mail, "--helo", "mx.example"], says: alone("--helo", "--ip") },
    { argv: ["report", "import", mail, ...dns], says: alone("--zone", "--check-mail") },
    { argv: ["report", "reparse", "--nameserver", "192.0.2.1"], says: alone("--nameserver", "--check-mail") },
    // Beside another one.
    {
      argv: ["spf", "192.0.2.1", "a@b.example", ...dns, "--offline", "--nameserver", "192.0.2.1"],
      says: beside("--nameserver", "--offline"),
    },
    {
      argv: ["check", "example.jp", ...dns, "--offline", "--dns-timeout", "3"],
      says: beside("--dns-timeout", "--offline"),
    },
    { argv: ["seal", mail, "--trust-header", ...dns], says: "--zone cannot be used with --trust-header" },
    {
      argv: ["key", "generate", "--domain", "example.jp", "--json", "--form", "line"],
      says: beside("--form", "--json"),
    },
    {
      argv: ["key", "generate", "--domain", "example.jp", "--key", "x", "--dir", "y"],
      says: beside("--dir", "--key"),
    },
    {
      argv: ["key", "generate", "--domain", "example.jp", "--selector", "x", "--now", "2026-01-01T00:00:00Z"],
      says: beside("--now", "--selector"),
    },
    { argv: ["key", "dns", "--form", "value", "--json"], says: beside("--form", "--json") },
    { argv: ["key", "rotate", "example.jp", "--domain", "example.jp"], says: "the domain is given twice" },
    { argv: ["report", "show", "1", "--limit", "3", "--json"], says: beside("--limit", "--json") },
    {
      argv: ["report", "sources", "example.jp", "--limit", "3", "--json"],
      says: beside("--limit", "--json"),
    },
    {
      argv: ["report", "sources", "example.jp", "--domain", "example.jp"],
      says: "the domain is given twice",
    },
    { argv: ["report", "export", "--format", "csv", "--json"], says: beside("--format", "--json") },
    {
      argv: ["report", "label", "192.0.2.1", "--remove", "--contact", "a"],
      says: beside("--contact", "--remove"),
    },
    {
      argv: ["report", "label", "192.0.2.1", "own", "--remove"],
      says: "--remove takes the label away whatever its group",
    },
    { argv: ["report", "label", "--contact", "a"], says: "ADDRESS is missing" },
    // Of another action.
    {
      argv: ["key", "list", "--bits", "2048"],
      says: `${foreign("--bits", "sekisho key list")}; leave it out (it is for generate)`,
    },
    { argv: ["key", "list", "--domain", "example.jp"], says: foreign("--domain", "sekisho key list") },
    {
      argv: ["key", "generate", "--compromised"],
      says: `${foreign("--compromised", "sekisho key generate")}; leave it out (it is for retire)`,
    },
    { argv: ["key", "generate", ...dns], says: foreign("--zone", "sekisho key generate") },
    { argv: ["key", "dns", "--type", "rsa"], says: foreign("--type", "sekisho key dns") },
    { argv: ["key", "dns", "--offline"], says: foreign("--offline", "sekisho key dns") },
    { argv: ["key", "verify", "--form", "zone"], says: foreign("--form", "sekisho key verify") },
    { argv: ["key", "rotate", "--selector", "s1"], says: foreign("--selector", "sekisho key rotate") },
    {
      argv: ["key", "rotate", "--now", "2026-01-01T00:00:00Z"],
      says: foreign("--now", "sekisho key rotate"),
    },
    { argv: ["key", "publish", "--type", "rsa"], says: foreign("--type", "sekisho key publish") },
    { argv: ["key", "retire", "--key", "x"], says: foreign("--key", "sekisho key retire") },
    { argv: ["report", "raw", "1", "--json"], says: foreign("--json", "sekisho report raw") },
    {
      argv: ["report", "backup", "x", "--domain", "example.jp"],
      says: foreign("--domain", "sekisho report backup"),
    },
    {
      argv: ["config", "show", "--postfix"],
      says: `${foreign("--postfix", "sekisho config show")}; leave it out (it is for check)`,
    },
  ])("$argv", async ({ argv, says }) => {
    const { code, out, err } = await runCli([...argv, "--config", config]);
    expect(err).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  test.each(["schema", "import-opendmarc", "import-opendkim"])("config %s --config FILE", async (action) => {
    const { code, err } = await runCli(["config", action, "--config", config]);
    expect(err).toContain(foreign("--config", `sekisho config ${action}`));
    expect(code).toBe(2);
  });

  test("check --blocklist without an address to ask for", async () => {
    const { code, err } = await runCli([
      "check",
      "example.jp",
      ...dns,
      "--offline",
      "--blocklist",
      "bl.example",
    ]);
    expect(err).toContain(alone("--blocklist", "--client"));
    expect(code).toBe(2);
  });

  test("in Japanese", async () => {
    const told = async (...argv: string[]): Promise<string | undefined> =>
      (await runCli([...argv, "--lang", "ja"])).err.split("\n")[0];
    expect(await told("sign", "--selector", "s1")).toBe(
      "sekisho: --selector は --key がなければ意味がありません。--key も指定するか、--selector を外してください",
    );
    expect(await told("key", "list", "--type", "rsa")).toBe(
      "sekisho: --type は sekisho key list では使えません。外してください（使えるのは generate、rotate）",
    );
    expect(
      await told("key", "generate", "--domain", "a.example", "--type", "ed25519", "--bits", "2048"),
    ).toBe(
      "sekisho: --bits は RSA 鍵のための指定です。--type ed25519 の鍵の長さは決まっているので、--bits を外してください",
    );
  });
});

test.each([
  [["--type", "ed25519", "--bits", "2048"], "--bits is for RSA keys"],
  [["--bits", "1024"], '--bits: "1024" is none of 2048, 3072, 4096'],
])("key generate %j says what is wrong, and nothing that contradicts it", async (options, says) => {
  const { code, err } = await runCli(["key", "generate", "--domain", "example.jp", ...options]);
  expect(err).toContain(says);
  expect(code).toBe(2);
});
