import { generateKeyPairSync } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { displayWidth } from "../layout.ts";

const vectors = fileURLToPath(new URL("../../../test/vectors/postfix/", import.meta.url));

function configFile(text: string): string {
  const file = join(temporaryFolder(), "sekisho.yaml");
  writeFileSync(file, text);
  return file;
}
const good = configFile("hostname: mx.example.jp\n");
const bad = configFile("hostname: mx.example.jp\nmilterr: 1\n");

test("a good file is said to be good", async () => {
  const { code, out, err } = await runCli(["config", "check", "--config", good]);
  expect({ code, out, err }).toEqual({ code: 0, out: `${good}: the configuration is good.\n`, err: "" });
});

test("problems of the file: named with line and key, exit 2", async () => {
  const { code, out } = await runCli(["config", "check", "--config", bad]);
  expect(code).toBe(2);
  expect(out.replaceAll(/\n */g, "")).toContain(`${bad}:2:1: `);
  expect(out).toContain("config.unknown-key");
  const json = await runCli(["config", "check", "--config", bad, "--json"]);
  expect(JSON.parse(json.out)).toEqual({
    file: bad,
    findings: [expect.objectContaining({ id: "config.unknown-key", severity: "error", line: 2, column: 1 })],
  });
});

test.each(["check", "serve"])(
  "%s: an empty file was lost, and is not the defaults: exit 2",
  async (command) => {
    const file = configFile("");
    const args = command === "check" ? ["config", "check"] : [command];
    const { code, out, err } = await runCli([...args, "--config", file, "--lang", "en"]);
    expect(code).toBe(2);
    expect(`${out}${err}`.replaceAll(/\n */g, " ")).toContain(
      `${file}: the file cannot be read: it is empty`,
    );
  },
);

test("warnings of the file are findings: exit 1", async () => {
  const { code, out } = await runCli(["config", "check", "--config", configFile("hostname: short\n")]);
  expect(code).toBe(1);
  expect(out).toContain("config.hostname-not-qualified");
});

test("a broken configuration stops other commands with 2", async () => {
  const { code, err } = await runCli(["spf", "192.0.2.1", "a", "--config", bad]);
  expect(code).toBe(2);
  expect(err).toContain(`${bad}:2:1`);
});

test("Postfix as it should be: exit 0", async () => {
  const { code, out } = await runCli(["config", "check", "--config", good, "--postfix", `${vectors}good`]);
  expect(code).toBe(0);
  expect(out).toContain("Postfix is set up well");
});

test("the file may be named itself", async () => {
  const args = ["config", "check", "--config", good, "--postfix", `${vectors}good/main.cf`];
  expect((await runCli(args)).code).toBe(0);
});

test.each(["en", "ja"])(
  "findings about Postfix fit 80 columns and have something to do (%s)",
  async (lang) => {
    const args = ["config", "check", "--config", good, "--postfix", `${vectors}leftover`, "--lang", lang];
    const { code, out } = await runCli(args);
    expect(code).toBe(1);
    for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    expect(out).toContain("postfix.default-action-reject");
    expect(out).toContain(lang === "ja" ? "対処: milter_protocol = 6" : "Do: milter_protocol = 6");
  },
);

test("findings as JSON have the shape of check --json", async () => {
  const args = ["config", "check", "--config", good, "--postfix", `${vectors}leftover`, "--json"];
  const { findings } = JSON.parse((await runCli(args)).out) as { readonly findings: readonly object[] };
  expect(findings[0]).toEqual({
    id: "postfix.default-action-reject",
    severity: "error",
    subject: "milter_default_action",
    params: { action: "reject", isDefault: false, socket: "inet:127.0.0.1:8891" },
    text: expect.any(String),
    fix: expect.any(String),
    basis: "postconf(5) milter_default_action",
  });
});

test("without a file named, what postconf says is taken", async () => {
  const bin = temporaryFolder();
  const script = `#!/bin/sh\ncase "$1" in -n) echo "smtpd_milters = inet:127.0.0.1:8891";; -h) echo /nonexistent;; esac\n`;
  writeFileSync(join(bin, "postconf"), script, { mode: 0o755 });
  const args = ["config", "check", "--config", good, "--postfix", "--json"];
  const { out } = await runCli(args, { env: { PATH: `${bin}:/bin:/usr/bin` } });
  const { findings } = JSON.parse(out) as { readonly findings: readonly { readonly id: string }[] };
  expect(findings.map(({ id }) => id)).toEqual([
    "postfix.non-smtpd-missing",
    "postfix.default-action-defers",
  ]);
});

test("show prints the whole configuration, as YAML or JSON", async () => {
  const { code, out } = await runCli(["config", "show", "--config", good]);
  expect(code).toBe(0);
  expect(out).toMatch(/^hostname: mx\.example\.jp$/m);
  expect(out).toMatch(/^milter:$/m);
  const json = await runCli(["config", "show", "--config", good, "--json"]);
  expect(JSON.parse(json.out)).toMatchObject({
    hostname: "mx.example.jp",
    web: { listen: "127.0.0.1:8025" },
  });
});

test("schema prints a JSON Schema", async () => {
  const { code, out } = await runCli(["config", "schema"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ type: "object", properties: { hostname: expect.anything() } });
});

test.each([
  {
    args: ["config"],
    code: 2,
    says: '"config" needs to know what to do: check, show, schema, import-opendmarc',
  },
  {
    args: ["config", "chekc"],
    code: 2,
    says: '"config" cannot do "chekc"; it knows check, show, schema, import-opendmarc',
  },
  { args: ["config", "show", "x"], code: 2, says: '"x" is one argument too many' },
  { args: ["config", "check", "x"], code: 2, says: '"x" is one argument too many' },
  { args: ["config", "check", "--postfix", "a", "b"], code: 2, says: '"b" is one argument too many' },
  { args: ["config", "check", "--postfix=x"], code: 2, says: "--postfix takes no value" },
  { args: ["config", "check", "--postfix", "/nonexistent"], code: 3, says: "/nonexistent cannot be read" },
  { args: ["config", "show", "--config", "/nonexistent"], code: 2, says: "/nonexistent" },
])("bad input: $args", async ({ args, code, says }) => {
  const outcome = await runCli(args.includes("--config") ? args : [...args, "--config", good]);
  expect({ code: outcome.code, out: outcome.out }).toEqual({ code, out: "" });
  expect(outcome.err).toContain(says);
});

describe("the files of sign", () => {
  const folder = temporaryFolder();
  const key = join(folder, "s1.pem");
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 1024,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(key, privateKey, { mode: 0o600 });
  const checked = async (rest: string, file = key): Promise<{ code: number; ids: string[]; out: string }> => {
    const keys = `sign: { keys: [ { domain: example.jp, selector: s1, file: ${file} } ]${rest} }`;
    const args = ["config", "check", "--config", configFile(`hostname: mx.example.jp\n${keys}\n`), "--json"];
    const { code, out } = await runCli(args);
    const { findings } = JSON.parse(out) as { findings: { id: string }[] };
    return { code, ids: findings.map(({ id }) => id), out };
  };

  test("keys are read, and what is wrong with them is told with what to do", async () => {
    expect(await checked("")).toMatchObject({ code: 1, ids: ["key.bits-low"] });
    const missing = await checked("", join(folder, "none.pem"));
    expect(missing).toMatchObject({ code: 1, ids: ["key.file-unreadable"] });
    expect(missing.out).toContain(join(folder, "none.pem"));
    const open = join(folder, "open.pem");
    writeFileSync(open, privateKey, { mode: 0o644 });
    expect(await checked("", open)).toMatchObject({ code: 1, ids: ["key.file-mode"] });
  });

  test("the login file is read, every bad line is told", async () => {
    const logins = join(folder, "logins");
    writeFileSync(logins, "taro: taro@example.jp\nhanako\njiro: $office\n");
    const { ids, out } = await checked(`, logins: { file: ${logins} }`);
    expect(ids).toEqual(["config.bad-login-line", "config.bad-login-line", "key.bits-low"]);
    expect(out).toContain(`${logins}:2: `);
    expect(out).toContain(`${logins}:3: `);
  });

  describe("files of the collection", () => {
    const secret = (name: string, text: string, mode = 0o600): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    };
    const box = (more: string): string =>
      `collect: { mailbox: { host: imap.example.jp, user: dmarc@example.jp, ${more} } }`;
    const ids = async (settings: string): Promise<string[]> => {
      const file = configFile(`hostname: mx.example.jp\n${settings}\n`);
      const { out } = await runCli(["config", "check", "--json", "--config", file]);
      const { findings } = JSON.parse(out) as { findings: { id: string; subject: string }[] };
      return findings.map(({ id, subject }) => `${id} ${subject}`);
    };
    const good = `password: "file:${secret("imap", "secret\n")}"`;
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const token = (name: string): string => `token_command: [${name}, x]`;
    const rotate = (publish: string): string =>
      `sign: { rotate: { domains: [example.jp], publish: { ${publish} } } }`;
    const nsupdate = (more: string): string => rotate(`method: nsupdate, ${more}`);

    test.each([
      ["all is well", box(good), []],
      [
        "no password file",
        box(`password: "file:${folder}/none"`),
        ["bad-secret-file collect.mailbox.password"],
      ],
      [
        "an empty one",
        box(`password: "file:${secret("empty", "\n")}"`),
        ["bad-secret-file collect.mailbox.password"],
      ],
      [
        "one for all to read",
        box(`password: "file:${secret("open", "x\n", 0o644)}"`),
        ["open-secret collect.mailbox.password"],
      ],
      ["a variable of the service", box("password: env:SEKISHO_NOT_SET"), []],
      ["a program", box(token("/bin/true")), []],
      ["one of the PATH", box(token("cat")), []],
      ["no program", box(token(`${folder}/none`)), ["bad-token-command collect.mailbox.token_command"]],
      [
        "none in the PATH",
        box(token("no-such-program")),
        ["bad-token-command collect.mailbox.token_command"],
      ],
      [
        "one that may not run",
        box(token(secret("token", "#!/bin/sh\n"))),
        ["bad-token-command collect.mailbox.token_command"],
      ],
      ["a folder", box(token(folder)), ["bad-token-command collect.mailbox.token_command"]],
      ["no certificates", box(`${good}, ca: ${folder}/none`), ["bad-ca collect.mailbox.ca"]],
      ["none in the file", box(`${good}, ca: ${secret("ca", "x")}`), ["bad-ca collect.mailbox.ca"]],
      ["a broken one", box(`${good}, ca: ${secret("ca2", broken)}`), ["bad-ca collect.mailbox.ca"]],
      ["a store", `store: "file:${secret("store", "postgres:///x\n")}"`, []],
      ["a store that is not there", `store: "file:${folder}/none"`, ["bad-secret-file store"]],
      ["updates that are signed", nsupdate(`key_file: ${secret("tsig", 'key "k" {};\n')}, program: cat`), []],
      [
        "a key for updates below an empty line",
        nsupdate(`key_file: ${secret("tsig2", '\n// ours\nkey "k" {};\n')}, program: cat`),
        [],
      ],
      [
        "an empty file of it",
        nsupdate(`key_file: ${secret("tsig3", "")}, program: cat`),
        ["bad-secret-file sign.rotate.publish.key_file"],
      ],
      [
        "a key for updates that is not there",
        nsupdate(`key_file: ${folder}/none, program: cat`),
        ["bad-secret-file sign.rotate.publish.key_file"],
      ],
      [
        "no program for updates",
        nsupdate("program: no-such-program"),
        ["bad-token-command sign.rotate.publish.program"],
      ],
      ["a hook", rotate(`method: hook, command: ["/bin/true", x]`), []],
      [
        "a hook that is not there",
        rotate(`method: hook, command: ["${folder}/none", x]`),
        ["bad-token-command sign.rotate.publish.command"],
      ],
    ])("%s", async (_name, settings, problems) => {
      expect(await ids(settings)).toEqual(problems.map((problem) => `config.${problem}`));
    });

    test.each(["en", "ja"])(
      "what is open to all is closed to others, and not to the group: %s",
      async (lang) => {
        const path = secret("wide", "x\n", 0o644);
        const file = configFile(`hostname: mx.example.jp\n${box(`password: "file:${path}"`)}\n`);
        const { out } = await runCli(["config", "check", "--json", "--config", file, "--lang", lang]);
        expect(out).toContain(`chmod o-rwx ${path}`);
      },
    );

    test.runIf(process.getuid?.() === 0)("what the daemon cannot read or run", async () => {
      const program = secret("program", "#!/bin/sh\n", 0o700);
      expect(await ids(`user: nobody\n${box(token(program))}`)).toEqual([
        "config.not-runnable-as-user collect.mailbox.token_command",
      ]);
      expect(await ids(`user: nobody\n${rotate(`method: hook, command: ["${program}"]`)}`)).toEqual([
        "config.not-runnable-as-user sign.rotate.publish.command",
      ]);
      expect(await ids(`user: nobody\n${box(good)}`)).toEqual([
        "config.unreadable-as-user collect.mailbox.password",
      ]);
    });
  });

  test.runIf(process.getuid?.() === 0)(
    "a key that root alone can read is one that the daemon cannot",
    async () => {
      const keys = `sign: { keys: [ { domain: example.jp, selector: s1, file: ${key} } ] }`;
      const file = configFile(`hostname: mx.example.jp\nuser: nobody\n${keys}\n`);
      const { out, code } = await runCli(["config", "check", "--config", file]);
      expect(code).toBe(1);
      expect(out).toContain("config.unreadable-as-user");
      expect(out.replaceAll(/\s+/g, " ")).toContain(`${key} cannot be read by nobody`);
    },
  );

  // Under systemd the user stands in the unit.
  test.runIf(process.getuid?.() === 0)(
    "without user in the configuration the daemon is the owner of the data folder",
    async () => {
      const dataDir = join(dirname(key), "data-of-nobody");
      mkdirSync(dataDir);
      chownSync(dataDir, 65_534, 65_534);
      const keys = `sign: { keys: [ { domain: example.jp, selector: s1, file: ${key} } ] }`;
      const file = configFile(`hostname: mx.example.jp\ndata_dir: ${dataDir}\n${keys}\n`);
      const { out, code } = await runCli(["config", "check", "--config", file]);
      expect(code).toBe(1);
      expect(out.replaceAll(/\s+/g, " ")).toContain(`${key} cannot be read by nobody`);
    },
  );
});
