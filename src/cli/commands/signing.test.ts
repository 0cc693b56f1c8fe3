import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { type Outcome, runCli } from "../../../test/run-cli.ts";

const rsa = rsaTestKey(2048);
const ed = ed25519TestKey(21);
const message =
  "From: Taro <taro@example.jp>\nTo: b@example.com\nSubject: Hi\nDate: Sat, 31 Oct 2026 18:00:00 +0900\nMessage-ID: <1@example.jp>\n\nHi  there \n\n\n";
const now = "2026-10-31T09:00:00Z";
let folder = "";

function path(name: string): string {
  return join(folder, name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sekisho-sign-"));
  const pem = (key: typeof rsa): string => key.privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  await writeFile(path("rsa.pem"), pem(rsa), { mode: 0o600 });
  await writeFile(path("ed.pem"), pem(ed), { mode: 0o600 });
  await writeFile(path("m.eml"), message);
  await writeFile(
    path("zone"),
    `$ORIGIN example.jp.\ns1._domainkey TXT "p=${rsa.publicText.slice(0, 200)}" "${rsa.publicText.slice(200)}"\ne1._domainkey TXT "k=ed25519; p=${ed.publicText}"\n_dmarc TXT "v=DMARC1; p=reject"\n`,
  );
  await writeFile(
    path("c.yaml"),
    `hostname: mx.example.jp
data_dir: ${folder}/data
sign:
  keys:
    - { domain: example.jp, selector: s1, file: ${path("rsa.pem")}, include_subdomains: true, identity: domain }
    - { domain: example.jp, selector: e1, file: ${path("ed.pem")} }
seal: { domain: example.jp }
`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function cli(args: readonly string[], input = ""): Promise<Outcome> {
  return runCli([...args, "--config", path("c.yaml")], { input });
}

const offline = (): string[] => ["--zone", path("zone"), "--offline"];
async function verified(
  text: string,
): Promise<{ dkim: { result: string; selector: string; identity: string }[]; arc: { result: string } }> {
  const { out } = await cli(["verify", "--json", "--now", now, ...offline()], text);
  return JSON.parse(out) as Awaited<ReturnType<typeof verified>>;
}

describe("sign", () => {
  test("signs with all keys of the configuration that are for the From", async () => {
    const { code, out, err } = await cli(["sign", path("m.eml"), "--now", now]);
    expect([code, err]).toEqual([0, ""]);
    expect(out.endsWith(message)).toBe(true);
    expect(out).toMatch(
      /^DKIM-Signature: v=1; a=rsa-sha256; [\s\S]*\nDKIM-Signature: v=1; a=ed25519-sha256; /,
    );
    expect(out).not.toContain("\r");
    const { dkim } = await verified(out);
    expect(dkim.map(({ result, selector, identity }) => [result, selector, identity])).toEqual([
      ["pass", "s1", "@example.jp"],
      ["pass", "e1", "@example.jp"],
    ]);
  });

  test("a subdomain is signed by the key that says so, with i= as it says", async () => {
    const { out } = await cli(["sign"], message.replace("taro@", "taro@lab."));
    const { dkim } = await verified(out);
    expect(dkim.map(({ result, selector, identity }) => [result, selector, identity])).toEqual([
      ["pass", "s1", "@lab.example.jp"],
    ]);
  });

  test("line ends are those of the file; an mbox line and a byte order mark are left out", async () => {
    const wire = message.replaceAll("\n", "\r\n");
    const { out } = await cli(["sign", "-"], `\ufeff${wire}`);
    expect(out.replaceAll("\r\n", "")).not.toContain("\n");
    expect((await verified(out)).dkim[0]?.result).toBe("pass");
    const mbox = await cli(["sign"], `From taro Sat Oct 31 09:00:00 2026\n${message}`);
    expect(mbox.out).toMatch(/^DKIM-Signature:/);
    expect((await verified(mbox.out)).dkim[0]?.result).toBe("pass");
  });

  test.each([
    ["a long line", `${message}${"x".repeat(999)}\n`, "998 octets", "998 オクテット"],
    ["no Date", message.replace(/^Date: .*\n/m, ""), "no Date", "Date がなく"],
    ["a CR alone", message.replace("there", "the\rre"), "CR without LF in the body", "LF のない CR"],
  ])("what may break the signature on the way is told: %s", async (_, text, en, ja) => {
    const { code, out, err } = await cli(["sign"], text);
    expect([code, out.endsWith(text)]).toEqual([0, true]);
    expect(err).toMatch(new RegExp(`^sekisho: the signature may break on the way: .*${en}.*\n$`));
    expect((await cli(["sign", "--lang", "ja"], text)).err).toContain(ja);
  });

  test.each([
    ["en", "not signed: the header is too long"],
    ["ja", "ヘッダーが長すぎます"],
  ])(
    "a header beyond what is read is said to be too long, not its From to be damaged: %s",
    async (lang, says) => {
      const long = message.replace("\n", `\nX-Long: ${"x".repeat(1024 * 1024)}\n`);
      const { code, out, err } = await cli(["sign", "--lang", lang], long);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain(says);
    },
  );

  test("what an MTA has yet to be told is no reason to warn", async () => {
    const text = message.replace("Hi\n", "山\n").replace("there", "山");
    expect((await cli(["sign"], text)).err).toBe("");
  });

  test("options say how", async () => {
    const options = ["--canonicalization", "simple/simple", "--expire", "1h", "--no-timestamp", "--now", now];
    const more = ["--header", "X-One", "--oversign", "X-Two", "--identity", "address", "--field-only"];
    const { out } = await cli(["sign", path("m.eml"), ...options, ...more]);
    expect(out).toContain("c=simple/simple");
    expect(out).toContain(`x=${Date.parse(now) / 1000 + 3600}`);
    expect(out).not.toMatch(/ t=/);
    expect(out).toContain("i=taro@example.jp");
    expect(out).toMatch(/X-Two;/);
    expect(out).not.toContain("X-One");
    expect(out).not.toContain("Subject: Hi");
    expect((await verified(out + message)).dkim.map(({ result }) => result)).toEqual(["pass", "pass"]);
  });

  test("a key that the command line names signs whatever it is given, and a stranger's From is told", async () => {
    const own = ["--domain", "example.jp", "--selector", "e1", "--key", path("ed.pem")];
    const { code, out, err } = await cli(["sign", ...own], message.replace("example.jp", "example.com"));
    expect(code).toBe(0);
    expect(err).toContain("From is example.com, and the signature is by example.jp");
    expect((await verified(out)).dkim.map(({ result }) => result)).toEqual(["pass"]);
  });

  test.each([
    [
      "a stranger's mail",
      message.replace("example.jp", "example.com"),
      1,
      "no key of sign.keys is for mail from example.com",
    ],
    ["no From", "To: x\n\nHi.\n", 1, "From"],
    ["two From fields", `From: a@example.jp\n${message}`, 1, "From"],
  ])("%s is not signed, and nothing is printed", async (_, text, code, sentence) => {
    const outcome = await cli(["sign"], text);
    expect([outcome.code, outcome.out]).toEqual([code, ""]);
    expect(outcome.err).toContain(sentence);
    expect((await runCli(["sign", "--lang", "ja", "--config", path("c.yaml")], { input: text })).err).toMatch(
      /[ぁ-ん]/,
    );
  });

  test.each([
    [["--key", "x.pem"], "--key, --domain and --selector"],
    [["--passphrase", "env:X"], "--key, --domain and --selector"],
    [["--key", "x", "--domain", "jp", "--selector", "s"], "--domain"],
    [["--key", "x", "--domain", "example.jp", "--selector", "a b"], "--selector"],
    [["--key", "x", "--domain", "example.jp", "--selector", "s", "--passphrase", "open"], "--passphrase"],
    [["--canonicalization", "fancy"], "--canonicalization"],
    [["--canonicalization", "simple/simple/simple"], "--canonicalization"],
    [["--expire", "soon"], "--expire"],
    [["--header", "a;b"], "--header"],
    [["--oversign", "a:b"], "--oversign"],
    [["--identity", "me"], "--identity"],
    [["--now", "today"], "--now"],
  ])("%j is wrong usage", async (options, sentence) => {
    const outcome = await cli(["sign", ...options], message);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain(sentence);
  });

  test("a key that others can read is not used, and the command that mends it is told", async () => {
    await mkdir(path("open"), { mode: 0o700 });
    await writeFile(path("open/key.pem"), await readFile(path("ed.pem")));
    await chmod(path("open/key.pem"), 0o644);
    const own = ["--domain", "example.jp", "--selector", "e1", "--key", path("open/key.pem")];
    const { code, out, err } = await cli(["sign", ...own], message);
    expect([code, out]).toEqual([3, ""]);
    expect(err).toMatch(/chmod 06[04]0 .*open\/key\.pem/);
  });
});

describe("seal", () => {
  test("twice, over what was found by verifying", async () => {
    const signed = (await cli(["sign", path("m.eml"), "--now", now])).out;
    const once = await cli(["seal", "--now", now, ...offline()], signed);
    expect([once.code, once.err]).toEqual([0, ""]);
    expect(once.out).toMatch(/^ARC-Seal: i=1; a=rsa-sha256; cv=none;/);
    expect(once.out).toContain("ARC-Authentication-Results: i=1; mx.example.jp;");
    expect(once.out).toContain("dmarc=pass");
    const twice = await cli(
      ["seal", "--now", now, ...offline(), "--authserv-id", "lists.example.jp"],
      once.out,
    );
    expect(twice.out).toMatch(/^ARC-Seal: i=2; a=rsa-sha256; cv=pass;/);
    expect(twice.out).toContain("i=2; lists.example.jp;");
    expect(await verified(twice.out)).toMatchObject({ arc: { result: "pass", instances: 2, oldestPass: 0 } });
    const broken = twice.out.replace("Hi  there", "Ho");
    const failed = await cli(["seal", "--now", now, ...offline()], broken);
    expect(failed.out).toMatch(/^ARC-Seal: i=3; a=rsa-sha256; cv=fail;/);
    const after = await cli(["seal", "--now", now, ...offline()], failed.out);
    expect([after.code, after.out]).toEqual([1, ""]);
    expect(after.err).toContain("cv=fail");
  });

  test("--trust-header takes the results from our own fields", async () => {
    const stated = `Authentication-Results: mx.example.jp; arc=none; spf=pass smtp.mailfrom=x.example\n${message}`;
    const { out } = await cli(["seal", "--trust-header", "--field-only"], stated);
    expect(out).toContain("i=1; mx.example.jp;\n    arc=none; spf=pass smtp.mailfrom=x.example\n");
    const none = await cli(["seal", "--trust-header"], message);
    expect(none.code).toBe(1);
    expect(none.err).toContain("no Authentication-Results field of mx.example.jp");
    expect((await cli(["seal", "--trust-header", "--ip", "192.0.2.1"], message)).code).toBe(2);
  });

  test("without a key to seal with", async () => {
    const { code, err } = await runCli(["seal", "--config", path("none.yaml")], { input: message });
    expect(code).toBe(2);
    expect(err).toContain("none.yaml");
    await writeFile(path("empty.yaml"), "hostname: mx.example.jp\n");
    const empty = await runCli(["seal", "--config", path("empty.yaml")], { input: message });
    expect([empty.code, empty.out]).toEqual([1, ""]);
  });
});

describe("key", () => {
  test.each([
    [["--type", "rsa", "--now", now], "s20261031", "k=rsa"],
    [["--type", "ed25519", "--now", now], "e20261031", "k=ed25519"],
    [["--type", "ed25519", "--selector", "tls", "--service", "tlsrpt"], "tls", "s=tlsrpt"],
  ])("generate %j", async (options, selector, text) => {
    const all = ["key", "generate", "--domain", "example.jp", "--dir", path("new"), ...options];
    const { code, out } = await cli([...all, "--json"]);
    const made = JSON.parse(out) as { file: string; name: string; value: string; zone: string };
    expect(code).toBe(0);
    expect(made.file).toBe(path(`new/example.jp/${selector}.pem`));
    expect(made.name).toBe(`${selector}._domainkey.example.jp`);
    expect(made.value).toContain(text);
    const again = await cli(all);
    expect([again.code, again.out]).toEqual([3, ""]);
    expect(again.err).toContain("exists already");
    await writeFile(path("made.zone"), made.zone);
    const own = ["--domain", "example.jp", "--selector", selector, "--key", made.file];
    const service = options.includes("tlsrpt") ? ["--service", "tlsrpt"] : [];
    const check = await cli([
      "key",
      "verify",
      ...own,
      ...service,
      "--zone",
      path("made.zone"),
      "--offline",
      "--now",
      now,
    ]);
    expect([check.code, check.err]).toEqual([0, ""]);
    expect(check.out).toContain("publishes the key of");
  });

  test("generate with a passphrase; the configuration that it prints is one", async () => {
    await writeFile(path("pass"), "open sesame\n", { mode: 0o600 });
    const { out } = await cli([
      ...["key", "generate", "--domain", "example.jp", "--type", "ed25519", "--dir", path("locked")],
      ...["--passphrase", `file:${path("pass")}`],
    ]);
    const yaml = out.slice(out.lastIndexOf("  sign:"));
    await writeFile(path("locked.yaml"), yaml.replaceAll(/^ {2}/gm, ""));
    const signed = await runCli(["sign", "--config", path("locked.yaml")], { input: message });
    expect([signed.code, signed.err]).toEqual([0, ""]);
    expect(signed.out).toContain("a=ed25519-sha256");
  });

  test("the command that generate prints looks at the new key, which no configuration has yet", async () => {
    const { out } = await cli(["key", "generate", "--domain", "example.jp", "--dir", path("new keys")]);
    const [, line = ""] = /^ {2}sekisho (key verify .*)$/m.exec(out) ?? [];
    const words = line.match(/'[^']*'|[^ ']+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
    await writeFile(path("printed.zone"), /^s\S+ IN TXT "v=.*$/m.exec(out)?.[0] ?? "");
    const check = await cli([...words, "--zone", path("printed.zone"), "--offline"]);
    expect([check.code, check.err]).toEqual([0, ""]);
    expect(check.out).toContain("publishes the key of");
  });

  test.runIf(process.getuid?.() === 0)(
    "a key that root makes in the data folder of the program is one that the program can read",
    async () => {
      await mkdir(path("of-nobody"));
      await chown(path("of-nobody"), 65_534, 65_534);
      await chmod(folder, 0o711);
      await writeFile(path("nobody.yaml"), `data_dir: ${path("of-nobody")}\n`, { mode: 0o644 });
      const main = fileURLToPath(new URL("../main.ts", import.meta.url));
      const args = ["key", "generate", "--domain", "example.jp", "--type", "ed25519", "--selector", "e1"];
      // In a process of its own, as it gives up the rights of root.
      execFileSync(process.execPath, [main, ...args, "--config", path("nobody.yaml")]);
      for (const name of ["keys", "keys/example.jp", "keys/example.jp/e1.pem"])
        expect((await stat(path(`of-nobody/${name}`))).uid).toBe(65_534);
    },
  );

  test.runIf(process.getuid?.() === 0)(
    "before the first start root makes the data folder for the user of the configuration",
    async () => {
      await chmod(folder, 0o711);
      await writeFile(path("first.yaml"), `user: nobody\ndata_dir: ${path("first")}\n`, { mode: 0o644 });
      const main = fileURLToPath(new URL("../main.ts", import.meta.url));
      const args = ["key", "generate", "--domain", "example.jp", "--type", "ed25519", "--selector", "e1"];
      execFileSync(process.execPath, [main, ...args, "--config", path("first.yaml")]);
      for (const name of ["first", "first/keys", "first/keys/example.jp/e1.pem"])
        expect((await stat(path(name))).uid).toBe(65_534);
    },
  );

  test.each([
    [["generate"], "--domain"],
    [["generate", "--domain", "example.jp", "--bits", "1024"], "--bits"],
    [["generate", "--domain", "example.jp", "--type", "ed25519", "--bits", "2048"], "--bits"],
    [["generate", "--domain", "example.jp", "--type", "dsa"], "--type"],
    [["generate", "--domain", "example.jp", "--service", "fax"], "--service"],
    [["dns", "--form", "html"], "--form"],
    [["rotate"], "rotate"],
    [[], "generate"],
  ])("key %j is wrong usage", async (args, sentence) => {
    const outcome = await cli(["key", ...args]);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain(sentence);
  });

  test("dns prints the record in every form, or in one", async () => {
    const all = await cli(["key", "dns"]);
    expect(all.code).toBe(0);
    expect(all.out).toContain("s1._domainkey.example.jp. IN TXT (");
    expect(all.out).toContain("Web form");
    const value = await cli(["key", "dns", "--selector", "e1", "--form", "value"]);
    expect(value.out).toBe(`v=DKIM1; k=ed25519; p=${ed.publicText}\n`);
    const lines = await cli(["key", "dns", "--form", "line"]);
    expect(lines.out.trimEnd().split("\n")).toHaveLength(2);
    const json = JSON.parse((await cli(["key", "dns", "--json"])).out) as unknown[];
    expect(json).toHaveLength(2);
    const none = await cli(["key", "dns", "--selector", "s9"]);
    expect([none.code, none.out]).toEqual([1, ""]);
  });

  test("verify holds key file, record and configuration together", async () => {
    expect((await cli(["key", "verify", ...offline()])).code).toBe(0);
    await writeFile(path("wrong.zone"), `s1._domainkey.example.jp. TXT "k=ed25519; p=${ed.publicText}"\n`);
    const wrong = await cli(["key", "verify", "--json", "--zone", path("wrong.zone"), "--offline"]);
    expect(wrong.code).toBe(1);
    const { keys, findings } = JSON.parse(wrong.out) as {
      keys: { selector: string; agrees: boolean }[];
      findings: { id: string }[];
    };
    expect(keys.map(({ selector, agrees }) => [selector, agrees])).toEqual([
      ["s1", false],
      ["e1", false],
    ]);
    // The record of e1 stands at s1.
    expect(findings.map(({ id }) => id)).toEqual(["key.record-differs", "key.record-elsewhere"]);
  });

  test("list shows what there is, and what cannot be used", async () => {
    const listed = await cli(["key", "list"]);
    expect(listed.code).toBe(0);
    expect(listed.out).toMatch(/rsa 2048[\s\S]*ed25519/);
    expect(listed.out).toContain("example.jp and below");
    await writeFile(
      path("gone.yaml"),
      "sign: { keys: [ { domain: example.jp, selector: s1, file: /none.pem } ] }\n",
    );
    const gone = await runCli(["key", "list", "--json", "--config", path("gone.yaml")]);
    expect(gone.code).toBe(1);
    expect(JSON.parse(gone.out)).toMatchObject([{ selector: "s1", usable: false }]);
    await writeFile(path("no.yaml"), "hostname: mx.example.jp\n");
    expect((await runCli(["key", "list", "--config", path("no.yaml")])).out).toContain("no keys");
  });
});

describe("config import-opendkim", () => {
  test("prints a configuration that loads and signs, with what is wrong as comments", async () => {
    await mkdir(path("odk"), { mode: 0o700 });
    await writeFile(path("odk/s1.private"), await readFile(path("rsa.pem")), { mode: 0o600 });
    await writeFile(
      path("odk/opendkim.conf"),
      "Syslog yes\nMode s\nKeyTable ./KeyTable\nSigningTable refile:SigningTable\n",
    );
    await writeFile(path("odk/KeyTable"), "s1._domainkey.example.jp example.jp:s1:./s1.private\n");
    await writeFile(path("odk/SigningTable"), "*@example.jp s1._domainkey.example.jp\n*@example.com other\n");
    const { code, out, err } = await runCli(["config", "import-opendkim", path("odk/opendkim.conf")]);
    expect([code, err]).toEqual([1, ""]);
    expect(out.replaceAll("\n# ", " ").replaceAll(/\s+/g, " ")).toContain('points to "other"');
    await writeFile(path("imported.yaml"), out);
    const signed = await runCli(["sign", "--config", path("imported.yaml")], { input: message });
    expect([signed.code, signed.err]).toEqual([0, ""]);
    const json = await runCli(["config", "import-opendkim", path("odk/opendkim.conf"), "--json"]);
    const { config, findings } = JSON.parse(json.out) as { config: object; findings: { id: string }[] };
    expect(config).toMatchObject({
      sign: { keys: [{ domain: "example.jp", selector: "s1", file: path("odk/s1.private") }] },
    });
    expect(findings.map(({ id }) => id)).toEqual(["opendkim.row-dangling", "opendkim.options-needless"]);
  });

  test("a file that is no configuration by its size is told in words", async () => {
    await writeFile(path("large.conf"), "");
    await truncate(path("large.conf"), 17 * 1024 * 1024);
    const { out } = await runCli(["config", "import-opendkim", path("large.conf"), "--lang", "ja"]);
    expect(out).toContain("16777216 オクテットを超えています");
  });

  test.each([
    [["config", "import-opendkim"], 2],
    [["config", "import-opendkim", "/none/opendkim.conf"], 3],
  ])("%j gives %i", async (args, code) => expect((await runCli(args)).code).toBe(code));
});

describe("a key file that cannot be read", () => {
  const words = {
    en: { missing: "there is no such file", folder: "it is a directory" },
    ja: { missing: "ファイルがありません", folder: "ファイルではなくディレクトリです" },
  } as const;

  test.each([
    ["en", "sign"],
    ["ja", "sign"],
    ["en", "key dns"],
    ["ja", "key dns"],
    ["en", "key verify"],
    ["ja", "key verify"],
  ] as const)("is told why in words (%s, %s)", async (lang, command) => {
    const config = path("gone.yaml");
    await writeFile(
      config,
      `hostname: mx.example.jp\ndata_dir: ${folder}/data\nsign: { keys: [{ domain: example.jp, selector: s1, file: ${path("gone.pem")} }] }\n`,
    );
    const { code, out, err } = await runCli([...command.split(" "), "--config", config, "--lang", lang], {
      input: message,
    });
    const told = (out + err).replaceAll(/\n */g, lang === "en" ? " " : "");
    expect(told).toContain(words[lang].missing);
    expect(told).not.toContain("ENOENT");
    expect(code).toBe(command === "key verify" ? 1 : 3);
    const check = await runCli(["config", "check", "--config", config, "--lang", lang, "--json"]);
    const { findings } = JSON.parse(check.out) as { findings: { params: object; text: string }[] };
    expect(findings[0]?.text).toContain(words[lang].missing);
    expect(findings[0]?.params).toMatchObject({ reason: "ENOENT" });
  });
});

test("key verify that DNS does not answer could not be done", async () => {
  const dns = ["--nameserver", "127.0.0.1:1", "--dns-timeout", "0.3"];
  const { code, out } = await cli(["key", "verify", ...dns]);
  expect(out).toContain("key.record-unanswered");
  expect(code).toBe(3);
});
