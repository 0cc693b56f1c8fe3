import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { commandTable } from "./command-table.ts";
import { langOfEnvironment } from "./lang.ts";
import { displayWidth } from "./layout.ts";

const langs = ["en", "ja"] as const;

test.each(commandTable)("$name has a summary in both languages", ({ summary }) => {
  expect(summary.en).toMatch(/^[ -~]{10,}$/);
  expect(summary.ja).toMatch(/[ぁ-ん]/);
});

describe.each(langs)("help in %s", (lang) => {
  test.each([["--help"], ["help"], ["-h"]])("%s lists every command within 80 columns", async (word) => {
    const { code, out, err } = await runCli([word, "--lang", lang]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const { name } of commandTable) expect(out).toContain(`  ${name} `);
    expectFits(out);
  });

  test.each(commandTable.map(({ name }) => name))(
    "%s --help fits and is the same as help %s",
    async (name) => {
      const page = await runCli([name, "--help", "--lang", lang]);
      expect(page.code).toBe(0);
      expect(page.out).toContain(`sekisho ${name}`);
      expectFits(page.out);
      expect((await runCli(["--lang", lang, "help", name])).out).toBe(page.out);
    },
  );
});

function expectFits(out: string): void {
  for (const line of out.split("\n")) {
    expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    expect(line.trimStart()).not.toMatch(/^[、。，．）」]/);
  }
  // No word is parted from its ending or its particle.
  expect(out).not.toMatch(/\p{Letter}\n *\p{Script=Hiragana}/u);
}

test("the version is that of the package", async () => {
  const { code, out } = await runCli(["--version"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^sekisho \d+\.\d+\.\d+\n$/);
});

test.each([
  { argv: [], says: "Usage: sekisho" },
  { argv: ["verif"], says: 'there is no command "verif"; did you mean "verify"?' },
  { argv: ["frobnicate"], says: 'there is no command "frobnicate"' },
  { argv: ["help", "nothing"], says: 'there is no command "nothing"' },
  { argv: ["--versoin"], says: "there is no option --versoin; did you mean --version?" },
  { argv: ["spf", "--jso"], says: "there is no option --jso; did you mean --json?" },
  { argv: ["--lang"], says: "--lang needs a value" },
  { argv: ["--lang", "fr", "spf"], says: '--lang: "fr" is not ja or en' },
  { argv: ["spf", "--lang=fr"], says: '--lang: "fr" is not ja or en' },
])("$argv is wrong usage", async ({ argv, says }) => {
  const { code, out, err } = await runCli(argv);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(says);
});

test("errors name the command's own help", async () => {
  expect((await runCli(["spf", "--nope"])).err).toContain('see "sekisho spf --help"');
});

test("errors speak Japanese too", async () => {
  expect((await runCli(["verif"], { env: { LANG: "ja_JP.UTF-8" } })).err).toBe(
    "sekisho: 「verif」というコマンドはありません（「verify」ではありませんか？）\n使い方: sekisho --help\n",
  );
});

test.each([
  [["report", "import", "--pipe", "--nonsense", "-"], 75],
  [["report", "import", "--pipe"], 75],
  [["report", "import", "--pipe=yes", "-"], 75],
  [["reprot", "import", "--pipe", "-"], 75],
  [["report", "import", "--pipe", "--config", "/nowhere/sekisho.yaml", "-"], 75],
  [["report", "import", "--nonsense", "--", "--pipe"], 2],
])("%j: a mistake in the command of a pipe is a reason to try later: %i", async (argv, code) => {
  expect((await runCli(argv)).code).toBe(code);
});

describe("a sentence on stderr", () => {
  const argv = ["spf", "::g", "a@b.example", "--lang"];
  const long = ["sign", "--selector", "s1", "--lang"];

  test.each(langs)("stays one line where it goes into a log (%s)", async (lang) => {
    const { err } = await runCli([...long, lang], { columns: 60 });
    expect(err.split("\n")).toHaveLength(3);
    expect(displayWidth(err.split("\n")[0] ?? "")).toBeGreaterThan(80);
  });

  test("is wrapped on a terminal", async () => {
    expect((await runCli([...long, "en"], { errorColumns: 60 })).err).toBe(
      `sekisho: --selector means nothing without --key; give --key
         too, or leave --selector out
see "sekisho sign --help"
`,
    );
    expect((await runCli([...long, "ja"], { errorColumns: 60 })).err).toBe(
      `sekisho: --selector は --key がなければ意味がありません。
         --key も指定するか、--selector を外してください
使い方: sekisho sign --help
`,
    );
    expect((await runCli([...argv, "en"], { errorColumns: 80 })).err).toBe(
      'sekisho: IP: "::g" is no IP address\nsee "sekisho spf --help"\n',
    );
  });

  test("leaves a path whole", async () => {
    const file = `/nowhere/${"folder/".repeat(12)}m.eml`;
    const { err } = await runCli(["verify", file, "--lang", "ja"], { errorColumns: 60 });
    expect(err).toContain(`sekisho: ${file} を`);
    expect(err.split("\n").length).toBeGreaterThan(2);
  });
});

test("control characters in arguments do not reach the terminal", async () => {
  expect((await runCli(["\u001b[2J"])).err).not.toContain("\u001b");
});

test.each([
  { env: {}, is: "en" },
  { env: { LANG: "ja_JP.UTF-8" }, is: "ja" },
  { env: { LANG: "ja" }, is: "ja" },
  { env: { LANG: "jam_JM" }, is: "en" },
  { env: { LC_ALL: "C", LANG: "ja_JP.UTF-8" }, is: "en" },
  { env: { LC_ALL: "", LC_MESSAGES: "ja_JP.eucJP", LANG: "C" }, is: "ja" },
  { env: { LC_CTYPE: "ja_JP.UTF-8" }, is: "en" },
])("the language of $env is $is", ({ env, is }) => {
  expect(langOfEnvironment(env)).toBe(is);
});

test.each([
  {
    what: "the command, and no other word",
    argv: ["key", "verify", "--nope"],
    says: 'see "sekisho key --help"',
  },
  {
    what: "the command of an argument too many",
    argv: ["config", "check", "x"],
    says: 'see "sekisho config --help"',
  },
  {
    what: "an empty list of domains",
    argv: ["check", "-"],
    input: "# none\n",
    says: "standard input names no domain",
  },
  { what: "a label without an address", argv: ["report", "label", "--remove"], says: "ADDRESS is missing" },
  {
    what: "a page that cannot be written",
    argv: ["check", "example.jp", "--offline", "--zone", "/dev/null", "--html", "/nowhere/x.html"],
    says: "/nowhere/x.html cannot be written: its folder is not there",
    code: 3,
  },
  {
    what: "an empty pipe",
    argv: ["report", "import", "--pipe", "-"],
    says: "no mail came through the pipe",
    code: 75,
  },
])("what is wrong is named: $what", async ({ argv, says, code = 2, input = "" }) => {
  const folder = temporaryFolder();
  const config = join(folder, "sekisho.yaml");
  writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${folder}/data\n`);
  const outcome = await runCli([...argv, "--config", config], { input });
  expect(outcome.err).toContain(says);
  expect(outcome.code).toBe(code);
});

describe.each(langs)("what an operator gets at wrong input in %s", (lang) => {
  const words = (en: string, ja: string): string => (lang === "en" ? en : ja);
  const empty = words('an argument is empty ("")', '空の引数（""）があります');

  test.each([
    { argv: ["verify", ""], says: empty },
    { argv: ["report", "import", ""], says: empty },
    { argv: ["report", "show", ""], says: empty },
    { argv: ["report", "backup", ""], says: empty },
    { argv: ["config", "import-opendmarc", ""], says: empty },
    { argv: ["spf", "--batch", ""], says: empty },
    { argv: ["check", "example.jp", "--html", ""], says: "--html" },
    { argv: ["report", "list", "--reporter", ""], says: "--reporter" },
    { argv: ["report", "label", "192.0.2.1", "own", "--owner", ""], says: "--owner" },
    { argv: ["report", "raw"], says: words("REPORT is missing", "REPORT が指定されていません") },
  ])("$argv is wrong usage", async ({ argv, says }) => {
    const folder = temporaryFolder();
    const config = join(folder, "sekisho.yaml");
    writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${folder}/data\n`);
    const ours = argv[0] === "config" ? [] : ["--config", config];
    const { code, out, err } = await runCli([...argv, ...ours, "--lang", lang]);
    expect(err).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  test.each([
    [
      "file:/nowhere/secret",
      words("cannot be read: there is no such file", "を読めません: ファイルがありません"),
    ],
    ["env:SEKISHO_TEST_NOT_SET", words("is empty or not set", "が空か、設定されていません")],
  ])("a passphrase in %s that is not there", async (reference, says) => {
    const key = join(temporaryFolder(), "k.pem");
    const argv = ["key", "generate", "--domain", "example.jp", "--key", key, "--passphrase", reference];
    const { code, err } = await runCli([...argv, "--lang", lang]);
    expect(err).toBe(`sekisho: ${reference} ${says}\n`);
    expect(code).toBe(2);
  });

  test("a data_dir that cannot be made", async () => {
    const folder = temporaryFolder();
    const config = join(folder, "sekisho.yaml");
    writeFileSync(config, "hostname: mx.example.jp\ndata_dir: /proc/none/data\n");
    const { code, err } = await runCli(["report", "import", config, "--config", config, "--lang", lang]);
    expect(err).toMatch(words("cannot be written: its folder", "に書き込めません: フォルダーがなく"));
    expect(err).not.toMatch(words("should not have", "想定外"));
    expect(code).toBe(3);
  });

  test("spf of a sender without a domain", async () => {
    const zone = join(temporaryFolder(), "zone");
    writeFileSync(zone, "$ORIGIN example.jp.\n@ TXT x\n");
    const { out } = await runCli(["spf", "192.0.2.1", "a@", "--zone", zone, "--offline", "--lang", lang]);
    expect(out).toContain(words("the sender has no domain", "ドメインがないため"));
  });

  test("config import-opendkim of a folder", async () => {
    const { code, out, err } = await runCli(["config", "import-opendkim", temporaryFolder(), "--lang", lang]);
    expect(err).toContain(words("it is a directory", "ディレクトリです"));
    expect({ code, out }).toEqual({ code: 3, out: "" });
  });
});

test.each([
  ["verify", "/nowhere.eml"],
  ["spf", "x", "y"],
  ["check", "example.jp", "--zone", "/nowhere"],
  ["explain", "NONE"],
  ["shadow", "--since", "x"],
  ["dmarc-diff", "--since", "x"],
  ["status"],
  ["key", "dns"],
  ["key", "rotate"],
  ["key", "generate"],
  ["report", "list"],
  ["report", "show", "1"],
  ["report", "sources", "example.jp"],
  ["report", "label", "192.0.2.1"],
  ["report", "names", "--zone", "/nowhere"],
  ["report", "reparse"],
  ["config", "show"],
  ["config", "import-opendmarc", "/nowhere.conf"],
  ["config", "import-opendkim", "/nowhere.conf"],
])("%s %s --json prints nothing but JSON where it fails", async (...argv) => {
  const folder = temporaryFolder();
  const config = join(folder, "sekisho.yaml");
  const isBad = argv[1] === "show" && argv[0] === "config";
  writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${folder}/data\n${isBad ? "nonsense: 1\n" : ""}`);
  const ours = argv[1]?.startsWith("import-") === true ? [] : ["--config", config];
  const { code, out, err } = await runCli([...argv, "--json", ...ours]);
  expect(code).not.toBe(0);
  expect(err).toMatch(/^sekisho: /);
  expect(out).toBe("");
});
