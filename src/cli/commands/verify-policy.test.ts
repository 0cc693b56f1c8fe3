import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";
import { displayWidth } from "../layout.ts";
import type { VerifyJson } from "../verify-json.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-verify-"));
const zone = join(folder, "example.zone");
const config = join(folder, "sekisho.yaml");
beforeAll(() => {
  writeFileSync(
    zone,
    `$ORIGIN a.example.
@ 300 IN SOA ns hostmaster 1 1 1 1 1
@ 300 IN TXT "v=spf1 -all"
_dmarc 300 IN TXT "v=DMARC1; p=reject"
$ORIGIN parked.example.
@ 300 IN MX 0 .
_dmarc 300 IN TXT "v=DMARC1; p=reject"
$ORIGIN c.example.
mail 300 IN A 203.0.113.25
$ORIGIN 113.0.203.in-addr.arpa.
25 300 IN PTR mail.c.example.
`,
  );
  writeFileSync(
    config,
    `hostname: mx.rcpt.example
networks: { own: [198.51.100.0/24] }
verify:
  enforce: quarantine
  shadow: reject
  rules: { bare_lf_body: record }
`.replace("[198.51.100.0/24]", "[{ network: 198.51.100.0/24 }]"),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const message = "From: a@a.example\r\nDate: now\r\nSubject: a\r\nSubject: b\r\n\r\nhello\nthere\r\n";
const asked = (ip: string): readonly string[] => [
  "verify",
  "-",
  ...["--config", config, "--zone", zone, "--offline", "--ip", ip, "--mail-from", "a@a.example"],
];

test("verify --json tells what would be done, and what the shadow would do", async () => {
  const { out, code } = await runCli([...asked("203.0.113.9"), "--json"], { input: message });
  expect(code).toBe(1);
  expect(JSON.parse(out) as VerifyJson).toMatchObject({
    disposition: { action: "quarantine", why: ["dmarc.reject a.example", "enforce.quarantine"] },
    shadow: { action: "reject" },
    rules: ["repeated-subject", "bare-lf-body"],
  });
});

test("the author domain is looked up where a refusal hangs on it, and told among the questions", async () => {
  const args = ["--config", config, "--zone", zone, "--offline", "--json", "--mail-from", "x@c.example"];
  const input = "From: a@parked.example\r\nDate: now\r\n\r\nhello\r\n";
  const { out } = await runCli(["verify", "-", ...args, "--ip", "203.0.113.25"], { input });
  const { disposition, shadow, dns } = JSON.parse(out) as VerifyJson;
  expect(disposition.action).toBe("quarantine");
  expect(shadow).toMatchObject({ action: "reject" });
  expect(shadow?.why).toContain("second.parked-domain parked.example");
  expect(dns).toContainEqual(
    expect.objectContaining({ name: "parked.example", type: "MX", outcome: "answer" }),
  );
});

test.each([
  { ip: "198.51.100.7", who: "own networks: the shadow would not refuse either", disposition: "quarantine" },
  { ip: "127.0.0.1", who: "submitters are not judged", disposition: "none" },
])("$who", async ({ ip, disposition }) => {
  const { out } = await runCli([...asked(ip), "--json"], { input: message });
  const json = JSON.parse(out) as VerifyJson;
  expect(json.disposition.action).toBe(disposition);
  expect(json.shadow).toBeUndefined();
});

test.each(["en", "ja"] as const)("for a person, within 80 columns (%s)", async (lang) => {
  const { out } = await runCli([...asked("203.0.113.9"), "--lang", lang], { input: message });
  for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  expect(out).toContain(lang === "en" ? "What would be done" : "この設定での扱い");
  expect(out).toContain("repeated-subject");
  expect(out).toContain("verify.enforce: quarantine");
});
