import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { runCli } from "../../../test/run-cli.ts";
import { sealMessage } from "../../../test/seal-message.ts";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { displayWidth } from "../layout.ts";
import type { VerifyJson } from "../verify-json.ts";

const vectors = fileURLToPath(new URL("../../../test/vectors/cli/", import.meta.url));
const message = `${vectors}message.eml`;
const zone = ["--zone", `${vectors}example.zone`, "--offline"];
const client = ["--ip", "192.0.2.25", "--helo", "mail.example.jp", "--mail-from", "user@example.jp"];

test("the JSON has the documented shape", async () => {
  const { code, out, err } = await runCli([
    "verify",
    message,
    ...client,
    ...zone,
    "--json",
    "--authserv-id",
    "mx.example.jp",
  ]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out)).toEqual({
    iprev: { result: "pass", name: "mail.example.jp", ip: "192.0.2.25" },
    spf: {
      result: "pass",
      identity: "mailfrom",
      domain: "example.jp",
      matched: "mx",
      lookups: 4,
      voidLookups: 1,
    },
    spfHelo: {
      result: "pass",
      identity: "helo",
      domain: "mail.example.jp",
      matched: "a",
      lookups: 1,
      voidLookups: 0,
    },
    dkim: [
      {
        result: "permerror",
        domain: "example.jp",
        selector: "s1",
        identity: "@example.jp",
        algorithm: "rsa-sha256",
        signer: "author",
        problem: "no-key",
      },
    ],
    arc: { result: "none", instances: 0, sealers: [], sets: [] },
    dmarc: {
      result: "pass",
      domain: "example.jp",
      organizationalDomain: "example.jp",
      policyDomain: "example.jp",
      policy: "reject",
      appliedPolicy: "reject",
      discovery: "treewalk",
      alignedDkim: [],
      alignedSpf: true,
    },
    disposition: { action: "none", reasons: [] },
    rules: ["missing-date"],
    bimi: { result: "skipped" },
    authenticationResults: expect.stringMatching(/^mx\.example\.jp; iprev=pass [^\n]*dmarc=pass/),
    dns: expect.arrayContaining([
      expect.objectContaining({ name: "_dmarc.example.jp", type: "TXT", outcome: "answer", ttl: 300 }),
    ]),
  });
});

test("without --ip there is neither iprev nor SPF", async () => {
  const { code, out } = await runCli(["verify", message, ...zone, "--json"]);
  expect(code).toBe(1);
  const printed = JSON.parse(out) as object;
  for (const method of ["iprev", "spf", "spfHelo"]) expect(printed).not.toHaveProperty(method);
  expect(printed).toMatchObject({ dmarc: { result: "fail" } });
});

describe("a message with an ARC chain", () => {
  const key = rsaTestKey(1024);
  const folder = temporaryFolder();
  const keys = join(folder, "keys.zone");
  // A character-string has 255 octets at most (RFC 1035 §3.3).
  writeFileSync(keys, `s1._domainkey.example.org. IN TXT "v=DKIM1; p=" "${key.publicText}"\n`);
  const start = "From: user@example.jp\r\nSubject: x\r\n\r\nbody\r\n";
  const once = sealMessage(start, { key, results: " a.example; spf=pass; dmarc=pass" });
  const input = sealMessage(once.replace("Subject: x", "Subject: [list] x"), {
    key,
    results: " lists.example; arc=pass",
  });
  const args = ["verify", ...client, ...zone, "--zone", keys];

  test("is told of in the JSON and the field", async () => {
    const { out } = await runCli([...args, "--json"], { input });
    const printed = JSON.parse(out) as { arc: object; authenticationResults: string };
    expect(printed.arc).toMatchObject({
      result: "pass",
      instances: 2,
      sealers: ["example.org", "example.org"],
      oldestPass: 2,
      sets: [{ claims: ["arc=pass"] }, { claims: ["spf=pass", "dmarc=pass"] }],
    });
    expect(printed.authenticationResults).toContain(
      "arc=pass smtp.remote-ip=192.0.2.25 header.oldest-pass=2;",
    );
  });

  test.each(["en", "ja"])("is told of in the summary, within 80 columns (%s)", async (lang) => {
    const { out } = await runCli([...args, "--lang", lang], { input });
    for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    expect(out).toMatch(/ {2}ARC +pass/);
    expect(out).toContain("spf=pass");
    const broken = await runCli([...args, "--lang", lang], { input: input.replace("body", "spam") });
    expect(broken.out).toMatch(/ {2}ARC +fail/);
    expect(broken.out).not.toContain("spf=pass,");
  });

  test("is not looked at with verify.arc.mode: off", async () => {
    const file = join(folder, "sekisho.yaml");
    writeFileSync(file, "hostname: mx.example.jp\nverify: { arc: { mode: off } }\n");
    const { out } = await runCli([...args, "--json", "--config", file], { input });
    const printed = JSON.parse(out) as { authenticationResults: string };
    expect(printed).not.toHaveProperty("arc");
    expect(printed.authenticationResults).not.toContain(" arc=");
  });
});

test.each([
  { name: "DMARC passes", from: "user@example.jp", mail: "user@example.jp", code: 0 },
  { name: "DMARC fails", from: "user@example.jp", mail: "user@nodmarc.example.net", code: 1 },
  {
    name: "no record, SPF passes",
    from: "user@nodmarc.example.net",
    mail: "user@nodmarc.example.net",
    code: 0,
  },
  {
    name: "no record, nothing passes",
    from: "user@nodmarc.example.net",
    mail: "user@none.example.net",
    code: 1,
  },
  { name: "no author, SPF passes", from: "nobody", mail: "user@example.jp", code: 1 },
])("$name: exit $code", async ({ from, mail, code }) => {
  const input = `From: ${from}\nSubject: x\n\nbody\n`;
  const args = ["--ip", "192.0.2.25", "--mail-from", mail, ...zone, "--json"];
  expect((await runCli(["verify", ...args], { input })).code).toBe(code);
});

test.each(["en", "ja"])("the summary names each method within 80 columns (%s)", async (lang) => {
  const { code, out } = await runCli(["verify", "-", ...client, ...zone, "--lang", lang], {
    input: readFileSync(message),
  });
  expect(code).toBe(0);
  for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  expect(out).toMatch(/^ {2}iprev +pass +192\.0\.2\.25/m);
  expect(out).toMatch(/^ {2}SPF +pass +MAIL FROM example\.jp/m);
  expect(out).toMatch(/^ {2}SPF +pass +HELO mail\.example\.jp/m);
  expect(out).toMatch(/^ {2}DKIM +permerror +example\.jp/m);
  expect(out).toMatch(/^ {2}DMARC +pass +/m);
  expect(out).toContain("  Authentication-Results: ");
  expect(out).toMatch(/s1\._domainkey\.example\.jp TXT/);
  expect(out).toContain(lang === "ja" ? "セレクタに公開鍵がありません" : "publishes no key");
});

test.each([
  { args: ["--ip", "1.2.3"], code: 2, says: '--ip: "1.2.3" is no IP address' },
  { args: ["--ip"], code: 2, says: "--ip needs a value: --ip ADDR" },
  { args: ["--now", "yesterday"], code: 2, says: '--now: "yesterday" is no RFC 3339 time' },
  { args: ["--now", "2026-02-30T00:00:00Z"], code: 2, says: "--now" },
  { args: ["--authserv-id", "two words"], code: 2, says: '--authserv-id: "two words"' },
  { args: ["--batch", "--ip", "192.0.2.1"], code: 2, says: "--ip cannot be used with --batch" },
  { args: ["a.eml", "b.eml"], code: 2, says: '"b.eml" is one argument too many' },
  { args: [`${vectors}none.eml`], code: 3, says: "none.eml cannot be read: there is no such file" },
  { args: [vectors], code: 3, says: "it is a directory" },
  { args: ["--enforce"], code: 2, says: "there is no option --enforce" },
])("bad input: $args", async ({ args, code, says }) => {
  const outcome = await runCli(["verify", ...args, ...zone]);
  expect({ code: outcome.code, out: outcome.out }).toEqual({ code, out: "" });
  expect(outcome.err).toContain(says);
});

test("an empty message is no crash", async () => {
  const { code, out } = await runCli(["verify", "--json", ...zone], { input: "" });
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ dkim: [], dmarc: { problem: "from-missing" } });
});

test("a batch takes files and messages, and tells what it cannot read", async () => {
  const encoded = readFileSync(message).toString("base64");
  const lines = [
    { id: 1, file: message, ip: "192.0.2.25", helo: "mail.example.jp", mailFrom: "user@example.jp" },
    {
      id: 2,
      message: encoded,
      ip: "192.0.2.25",
      mailFrom: "user@example.jp",
      now: "2026-01-31T09:00:00+09:00",
    },
    { id: 3, message: encoded, file: message },
    { id: 4 },
    { id: 5, message: "=?not base64" },
    { id: 6, file: `${vectors}none.eml` },
    { id: 7, message: encoded, now: "soon" },
    { id: 8, message: encoded, ip: "1.2.3" },
    { id: 9, message: encoded },
  ];
  const input = lines.map((line) => JSON.stringify(line)).join("\n");
  const { code, out } = await runCli(["verify", "--batch", "-", ...zone], { input });
  expect(code).toBe(1);
  const answers = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(answers).toEqual([
    expect.objectContaining({ id: 1, dmarc: expect.objectContaining({ result: "pass" }) }),
    expect.objectContaining({ id: 2, dmarc: expect.objectContaining({ result: "pass" }) }),
    { id: 3, error: 'exactly one of "file" and "message" must be given' },
    { id: 4, error: 'exactly one of "file" and "message" must be given' },
    { id: 5, error: '"message" is no base64' },
    { id: 6, error: `${vectors}none.eml cannot be read: there is no such file` },
    { id: 7, error: '"now": "soon" is no RFC 3339 time' },
    { id: 8, error: '"ip": "1.2.3" is no IP address' },
    expect.objectContaining({ id: 9, dmarc: expect.objectContaining({ result: "fail" }) }),
  ]);
});

describeShared("the signed messages of RFC 6376 and RFC 8463", () => {
  interface Cases {
    readonly cases: readonly {
      readonly file: string;
      readonly signatures: readonly { readonly result: string }[];
    }[];
  }
  const folder = "conformance/dkim/rfc";
  const read = (name: string): unknown => JSON.parse(readFileSync(sharedPath(folder, name), "utf8"));
  const { cases } = read("cases.json") as Cases;
  const zoneFile = join(temporaryFolder(), "keys.zone");
  const names = read("zone.json") as Readonly<Record<string, readonly { readonly TXT: string }[]>>;
  const records = Object.entries(names).map(([name, [record]]) => {
    const strings = (record?.TXT ?? "").match(/.{1,200}/g) ?? [];
    return `${name}. IN TXT ${strings.map((text) => `"${text}"`).join(" ")}`;
  });
  writeFileSync(zoneFile, `${records.join("\n")}\n`);

  test.each(cases)("$file", async ({ file, signatures }) => {
    const args = [
      sharedPath(folder, file),
      "--zone",
      zoneFile,
      "--offline",
      "--json",
      "--now",
      "2018-06-11T00:00:00Z",
    ];
    const { code, out } = await runCli(["verify", ...args]);
    const printed = JSON.parse(out) as { readonly dkim: readonly { readonly result: string }[] };
    expect(printed.dkim.map(({ result }) => result)).toEqual(signatures.map(({ result }) => result));
    // Without a DMARC record a passing signature is enough.
    expect(code).toBe(signatures.some(({ result }) => result === "pass") ? 0 : 1);
  });
});

describe("both DMARC discoveries", () => {
  const input = "From: a@b.example.co.jp\r\nSubject: x\r\n\r\nx\r\n";
  const files = (discovery: string): string[] => {
    const folder = temporaryFolder();
    const [config, records] = [join(folder, "sekisho.yaml"), join(folder, "zone")];
    writeFileSync(config, `hostname: mx.example.jp\nverify: { dmarc: { discovery: ${discovery} } }\n`);
    const policies = [
      "_dmarc.co.jp. 60 TXT v=DMARC1\\;p=none",
      "_dmarc.example.co.jp. 60 TXT v=DMARC1\\;p=reject\\;psd=u",
    ];
    writeFileSync(records, `${policies.join("\n")}\n`);
    return ["--config", config, "--zone", records, "--offline"];
  };

  test.each([
    { discovery: "treewalk", applied: "co.jp", other: undefined },
    { discovery: "psl", applied: "example.co.jp", other: undefined },
    { discovery: "both", applied: "co.jp", other: "example.co.jp" },
    { discovery: "[psl, treewalk]", applied: "example.co.jp", other: "co.jp" },
  ])("$discovery", async ({ discovery, applied, other }) => {
    const { out } = await runCli(["verify", ...files(discovery), "--json"], { input });
    const { dmarc, dmarcOther, authenticationResults } = JSON.parse(out) as VerifyJson;
    expect([dmarc.policyDomain, dmarcOther?.policyDomain]).toEqual([applied, other]);
    expect(authenticationResults).toContain(`policy.dmarc=${applied === "co.jp" ? "none" : "reject"}`);
  });

  test.each([
    { lang: "en", says: "by the public suffix list it would be: fail, policy reject" },
    { lang: "ja", says: "もう一方の探索（public suffix list）では: fail、ポリシー reject" },
  ])("what differs is told ($lang)", async ({ lang, says }) => {
    const { out } = await runCli(["verify", ...files("both"), "--lang", lang], { input, columns: 100 });
    const told = says.replaceAll(/\s/g, "");
    expect(out.replaceAll(/\s/g, "")).toContain(told);
    const alone = await runCli(["verify", ...files("treewalk"), "--lang", lang], { input, columns: 100 });
    expect(alone.out.replaceAll(/\s/g, "")).not.toContain(told);
  });

  test("a public suffix list that cannot be read is a fault of the configuration", async () => {
    const config = join(temporaryFolder(), "sekisho.yaml");
    writeFileSync(
      config,
      "hostname: mx.example.jp\nverify: { dmarc: { discovery: psl, public_suffix_list: /none } }\n",
    );
    const verified = await runCli(["verify", "--config", config, ...zone], { input });
    expect(verified).toMatchObject({ code: 2, out: "" });
    expect(verified.err).toContain("/none");
    const checked = await runCli(["config", "check", "--config", config, "--json"]);
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.out)).toMatchObject({ findings: [{ id: "config.bad-suffix-list" }] });
  });
});
