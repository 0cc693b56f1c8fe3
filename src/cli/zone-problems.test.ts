import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const keyFile = join(folder, "s1.pem");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
writeFileSync(keyFile, rsa.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
const config = join(folder, "sekisho.yaml");
writeFileSync(config, `data_dir: ${folder}/data\n`);
const japanese = /[ぁ-んァ-ヶ一-龠]/;

function zoneFile(...lines: readonly string[]): string {
  const file = join(folder, "faulty.zone");
  writeFileSync(file, ["$ORIGIN example.jp.", "www A 192.0.2.1", ...lines, ""].join("\n"));
  return file;
}

const rows: readonly { readonly entry: string; readonly en: string; readonly ja: string }[] = [
  { entry: "@", en: "a record without a type", ja: "レコードの種類がありません" },
  { entry: "@ TXTT x", en: '"TXTT" is no record type', ja: "「TXTT」というレコードの種類はありません" },
  {
    entry: "@ ALIAS x.example.net.",
    en: "ALIAS is known to some servers only",
    ja: "ALIAS は一部のサーバーだけの種類です",
  },
  { entry: "@ CH A x", en: "class CH is not supported", ja: "CH クラスには対応していません" },
  { entry: "@ A", en: "A without a value", ja: "A レコードの値がありません" },
  {
    entry: "@ A 192.0.2",
    en: '"192.0.2" is no IPv4 address',
    ja: "「192.0.2」は IPv4 アドレスではありません",
  },
  {
    entry: "@ AAAA 192.0.2.1",
    en: '"192.0.2.1" is no IPv6 address',
    ja: "「192.0.2.1」は IPv6 アドレスではありません",
  },
  { entry: "a..b A 192.0.2.1", en: '"a..b" is no domain name', ja: "「a..b」はドメイン名ではありません" },
  { entry: "$TTL soon", en: '"soon" is no TTL', ja: "「soon」は TTL ではありません" },
  { entry: "$TTL", en: "$TTL without a value", ja: "$TTL の値がありません" },
  {
    entry: "$GENERATE 1-9 a$ A 192.0.2.$",
    en: "$GENERATE is not supported",
    ja: "$GENERATE には対応していません",
  },
  { entry: "$INCLUDE nowhere", en: '"nowhere" cannot be included', ja: "「nowhere」を読み込めません" },
  {
    entry: "$INCLUDE faulty.zone",
    en: "too many files are included",
    ja: "$INCLUDE で読み込むファイルが多すぎるか、互いに読み込み合っています",
  },
  { entry: "@ NS a b", en: "NS takes one name", ja: "NS レコードの値は名前 1 つです" },
  {
    entry: "@ MX mail",
    en: "MX takes a preference from 0 to 65535 and a name",
    ja: "MX レコードには 0～65535 の優先度とホスト名を書きます",
  },
  {
    entry: "@ SOA a b 1",
    en: "SOA takes two names and five numbers",
    ja: "SOA レコードには名前 2 つと数値 5 つを書きます",
  },
  {
    entry: "@ SOA a b 1 2 3 4 x",
    en: "a time of the SOA cannot be read",
    ja: "SOA レコードの時間を読めません",
  },
  {
    entry: "@ TLSA 3 1 one",
    en: "TLSA takes three numbers from 0 to 255 and hexadecimal digits",
    ja: "TLSA レコードには 0～255 の数値 3 つと 16 進数を書きます",
  },
  {
    entry: "@ TXT \\# 3 0161",
    en: "the generic form of TXT (RFC 3597) cannot be read",
    ja: "TXT レコードの汎用形式（RFC 3597）を読めません",
  },
  {
    entry: `@ TXT "${"x".repeat(260)}"`,
    en: "a TXT string of 260 octets; one holds at most 255",
    ja: "TXT の文字列が 260 オクテットあります（1 つの文字列は 255 オクテットまで）",
  },
  {
    entry: `@ TXT ${`"${"x".repeat(255)}" `.repeat(257)}`,
    en: "a TXT record of more than 65535 octets",
    ja: "TXT レコードが 65535 オクテットを超えています",
  },
  {
    entry: '@ TXT "\\256"',
    en: "an escape that is cut off or over 255 in a TXT string",
    ja: "TXT の文字列に、途中で切れているか 255 を超えるエスケープ（\\）があります",
  },
  {
    entry: '@ TXT "x',
    en: "a quoted string does not end on its line",
    ja: "引用符で始まる文字列が、その行の中で終わっていません",
  },
  { entry: "@ TXT ( x", en: '"(" is never closed', ja: "「(」が閉じられていません" },
  { entry: "@ TXT x )", en: '")" without "("', ja: "「)」に対応する「(」がありません" },
  {
    entry: "@ A TXT x",
    en: "two record types, A and TXT",
    ja: "レコードの種類が 2 つあります（A と TXT）",
  },
];

describe.each(["en", "ja"] as const)("in %s", (lang) => {
  test.each(rows)("$en", async ({ entry, [lang]: words }) => {
    const file = zoneFile(entry);
    const { code, err } = await runCli([
      ..."spf 192.0.2.1 user@example.jp --offline --lang".split(" "),
      lang,
      "--zone",
      file,
    ]);
    const [first = ""] = err.split("\n");
    // The file that is included too often is told by its name in the file.
    const place = entry === "$INCLUDE faulty.zone" ? "faulty.zone:3: " : `${file}:3: `;
    expect(first.endsWith(`${place}${words}`), err).toBe(true);
    expect(code).toBe(3);
  });

  test.each([
    "spf 192.0.2.1 user@example.jp",
    "verify -",
    `key verify --domain example.jp --selector s1 --key ${keyFile}`,
    `key publish --config ${config}`,
    `seal - --domain example.jp --selector s1 --key ${keyFile} --authserv-id mx.example.jp --ip 192.0.2.1`,
    `report import --check-mail - --config ${config}`,
  ])("%s", async (command) => {
    const file = zoneFile(`@ TXT "${"x".repeat(260)}"`, "@ TXTT x");
    const argv = [...command.split(" "), "--offline", "--zone", file, "--lang", lang];
    const { err } = await runCli(argv, { input: "From: a@example.jp\r\n\r\n" });
    expect(err).toContain(`${file}:3: `);
    expect(err).toContain(`${file}:4: `);
    const said = err.split("\n").filter((line) => line.includes(`${file}:`));
    for (const line of said) expect(japanese.test(line), line).toBe(lang === "ja");
  });

  test("check", async () => {
    const file = zoneFile(`@ TXT "${"x".repeat(260)}"`, "@ A TXT x", "@ TXTT x", "@ TXT x )");
    const argv = ["check", "example.jp", "--zone", file, "--offline", "--lang", lang];
    const { out } = await runCli(argv, { columns: 100 });
    for (const line of [3, 4, 5, 6]) {
      const said = out.split("\n").find((one) => one.includes(`faulty.zone:${line}: `)) ?? "";
      expect(japanese.test(said.slice(said.indexOf(`:${line}: `))), out).toBe(lang === "ja");
    }
  });
});
