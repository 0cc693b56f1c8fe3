import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { runCli, testIo } from "../../../test/run-cli.ts";
import type { BimiResult, DmarcResult } from "../../core/results.ts";
import { displayWidth } from "../layout.ts";
import { formatVerdicts } from "../verdicts.ts";

const vectors = fileURLToPath(new URL("../../../test/vectors/cli/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sekisho-bimi-"));
afterAll(() => rmSync(folder, { recursive: true }));

const location = "https://www.example.jp/logo.svg";
const zone = join(folder, "bimi.zone");
writeFileSync(zone, `default._bimi.example.jp. IN TXT "v=BIMI1; l=${location}; avp=personal"\n`);
const args = [
  ...["verify", `${vectors}message.eml`, "--offline", "--zone", `${vectors}example.zone`, "--zone", zone],
  ...["--ip", "192.0.2.25", "--helo", "mail.example.jp", "--mail-from", "user@example.jp"],
];

function configured(bimi: string): readonly string[] {
  const file = join(folder, "sekisho.yaml");
  writeFileSync(file, `hostname: mx.rcpt.example\nverify: { bimi: ${bimi} }\n`);
  return ["--config", file];
}

describe("sekisho verify and BIMI", () => {
  test("off: skipped, and nothing is asked", async () => {
    const { out } = await runCli([...args, "--json"]);
    const printed = JSON.parse(out) as { bimi: object; dns: readonly { name: string }[] };
    expect(printed.bimi).toEqual({ result: "skipped" });
    expect(printed.dns.filter(({ name }) => name.includes("_bimi"))).toEqual([]);
  });

  test("record: what the record says", async () => {
    const { code, out } = await runCli([...args, "--json", ...configured("{ mode: record }")]);
    const printed = JSON.parse(out) as { bimi: object; authenticationResults: string };
    expect(code).toBe(0);
    expect(printed.bimi).toEqual({
      result: "skipped",
      domain: "example.jp",
      selector: "default",
      location,
      avatarPreference: "personal",
      problem: "not-fetched",
    });
    expect(printed.authenticationResults).toMatch(
      /; bimi=skipped reason="not-fetched" header\.d=example\.jp/,
    );
  });

  test("fetch: --offline reaches no web server", async () => {
    const bimi = configured("{ mode: fetch, require_evidence: false }");
    const { out } = await runCli([...args, "--json", ...bimi]);
    expect((JSON.parse(out) as { bimi: object }).bimi).toMatchObject({
      result: "skipped",
      problem: "not-fetched",
    });
  });

  test("in words, in both languages", async () => {
    const bimi = configured("{ mode: record }");
    const english = await runCli([...args, ...bimi], { env: { LANG: "C" } });
    expect(english.out).toMatch(/BIMI {3}skipped {3}example\.jp, selector default\n/);
    expect(english.out).toContain(`logo: ${location}`);
    const japanese = await runCli([...args, ...bimi], { env: { LANG: "ja_JP.UTF-8" } });
    expect(japanese.out).toContain("example.jp（セレクタ default）");
    expect(japanese.out).toContain(`ロゴ: ${location}`);
  });
});

describe("what is said of a BIMI result", () => {
  const dmarc: DmarcResult = {
    method: "dmarc",
    result: "pass",
    discovery: "treewalk",
    alignedDkim: [],
    alignedSpf: true,
  };
  const lines = (bimi: Omit<BimiResult, "method">, lang: "en" | "ja"): string[] =>
    formatVerdicts({ dkim: [], dmarc, bimi: { method: "bimi", ...bimi } }, testIo(lang));
  const at = {
    domain: "example.jp",
    selector: "default",
    location,
    authority: "https://www.example.jp/a.pem",
  };

  test.each<{ bimi: Omit<BimiResult, "method">; en: string; ja: string }>([
    {
      bimi: { result: "pass", ...at, evidence: "cmc" },
      en: "certificate (CMC): https",
      ja: "証明書（CMC）: https",
    },
    { bimi: { result: "declined", ...at }, en: "declines to have a logo shown", ja: "辞退している" },
    {
      bimi: { result: "skipped", problem: "dmarc-not-enforced", detail: "policy-none" },
      en: "neither quarantine nor reject",
      ja: "quarantine でも reject でもありません",
    },
    {
      bimi: { result: "fail", ...at, problem: "indicator-invalid", detail: "svg-script" },
      en: "contains a script",
      ja: "スクリプトが含まれています",
    },
    {
      bimi: { result: "pass", ...at, selectorIgnored: "unsigned" },
      en: "no signature that DMARC",
      ja: "署名の対象ではない",
    },
  ])("$bimi.result $bimi.detail", ({ bimi, en, ja }) => {
    expect(lines(bimi, "en").join("").replaceAll(/\s+/g, " ")).toContain(en);
    expect(lines(bimi, "ja").join("").replaceAll(/\s+/g, "")).toContain(ja.replaceAll(" ", ""));
    for (const line of [...lines(bimi, "en"), ...lines(bimi, "ja")])
      expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });

  test("nothing without a record", () => {
    expect(lines({ result: "none" }, "en").join("\n")).not.toContain("BIMI");
  });
});
