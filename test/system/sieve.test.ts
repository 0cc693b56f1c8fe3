import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "./process.ts";

const script = fileURLToPath(new URL("../../contrib/sieve/sekisho-quarantine.sieve", import.meta.url));
const nobody = 65_534;

describeWith(
  ["/usr/bin/sievec", "/usr/bin/sieve-test"],
  "the Sieve script in Dovecot's own interpreter",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "sekisho-sieve-"));
    const config = join(folder, "dovecot.conf");
    const copy = join(folder, "quarantine.sieve");

    beforeAll(() => {
      chmodSync(folder, 0o755);
      const mail = join(folder, "mail");
      mkdirSync(mail);
      chownSync(mail, nobody, nobody);
      writeFileSync(
        config,
        `protocols =\nssl = no\nlog_path = /dev/stderr\nmail_location = maildir:${mail}\n` +
          `mail_home = ${folder}\nmail_uid = ${nobody}\nmail_gid = ${nobody}\n`,
      );
      writeFileSync(copy, readFileSync(script));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** What the interpreter says that it would do. */
    function actions(message: string, of = copy): string {
      const file = join(folder, "message");
      writeFileSync(file, message);
      return execFileSync("/usr/bin/sieve-test", ["-c", config, of, file], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    }

    test("compiles", () => {
      execFileSync("/usr/bin/sievec", ["-c", config, copy, join(folder, "out.svbin")], { stdio: "pipe" });
    });

    test("files quarantined mail into Junk", () => {
      const field = "X-Sekisho-Quarantine: dmarc; domain=a.example; policy=reject; reason=second.none\n";
      expect(actions(`${field}From: a@a.example\n\nhello\n`)).toContain("store message in folder: Junk");
    });

    test.each([
      { value: "dmarc; domain=example.jp; policy=reject; reason=second.none", kept: true },
      { value: "dmarc; domain=a.example; policy=reject; reason=lowered.own", kept: true },
      { value: "dmarc; domain=example.jp.a.example; policy=reject; reason=second.none", kept: false },
      { value: "dmarc; domain=notexample.jp; policy=reject; reason=second.none", kept: false },
      { value: "dmarc; domain=a.example; policy=reject; reason=second.none", kept: false },
    ])("the rule in its comment means whole words: $value", ({ value, kept }) => {
      const written = readFileSync(script, "utf8");
      const rule = [...written.matchAll(/^# {3}(.*)$/gm)].map(([, line]) => line ?? "");
      const file = join(folder, "with-rule.sieve");
      const from = rule.findIndex((line) => line.startsWith("require"));
      const [require = "", ...test] = rule.slice(from);
      writeFileSync(file, [require, ...test, written.slice(written.indexOf("if exists"))].join("\n"));
      const told = actions(`X-Sekisho-Quarantine: ${value}\nFrom: a@a.example\n\nhello\n`, file);
      expect(told).toContain(`store message in folder: ${kept ? "INBOX" : "Junk"}`);
    });

    test("and leaves all other mail alone", () => {
      const told = actions("X-Sekisho-Rules: repeated-date\nFrom: a@a.example\n\nhello\n");
      expect(told).toContain("store message in folder: INBOX");
      expect(told).not.toContain("Junk");
    });
  },
);
