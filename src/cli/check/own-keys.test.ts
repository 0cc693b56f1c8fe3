import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { runCli } from "../../../test/run-cli.ts";

interface Printed {
  readonly findings: readonly { readonly id: string; readonly params: Readonly<Record<string, unknown>> }[];
}

async function ageOf(selector: string, written: string): Promise<Printed["findings"][number] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-own-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const key = rsaTestKey(2048);
  const file = join(folder, "key.pem");
  writeFileSync(file, key.privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  utimesSync(file, new Date(written), new Date(written));
  const config = join(folder, "sekisho.yaml");
  writeFileSync(
    config,
    `sign:\n  keys:\n    - domain: example.jp\n      selector: ${selector}\n      file: ${file}\n`,
  );
  const zone = join(folder, "test.zone");
  const text = `v=DKIM1; p=${key.publicText}`;
  writeFileSync(
    zone,
    `${selector}._domainkey.example.jp. TXT "${text.slice(0, 250)}" "${text.slice(250)}"\nexample.jp. TXT "v=spf1 mx -all"\n`,
  );
  const argv = ["--zone", zone, "--offline", "--config", config, "--now", "2026-11-01T00:00:00Z", "--json"];
  const { out } = await runCli(["check", "example.jp", ...argv]);
  return (JSON.parse(out) as Printed).findings.find(({ id }) => id === "dkim.rotation-age");
}

// Section A, row 35.
test.each([
  ["mail", "2024-05-01T00:00:00Z", { months: 30, by: "key-file" }],
  ["s20250501", "2026-10-01T00:00:00Z", { months: 18, by: "selector" }],
])("a key is as old as its selector says, or else as its file: %s", async (selector, written, params) => {
  expect((await ageOf(selector, written))?.params).toMatchObject(params);
});

test("a new file is not old", async () => {
  expect(await ageOf("mail", "2026-08-01T00:00:00Z")).toBeUndefined();
});
