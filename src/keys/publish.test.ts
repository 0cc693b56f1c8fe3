import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PublishConfig } from "../config/rotate-config.ts";
import { createPublisher, type RecordChange } from "./publish.ts";
import { repeatScript, updateScript } from "./publish-nsupdate.ts";
import { runProgram } from "./run-program.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sekisho-publish-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function program(text: string): string {
  count += 1;
  const file = join(folder, `program${count}`);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

const long = `v=DKIM1; k=rsa; p=${"A".repeat(300)}`;
const change = {
  action: "publish",
  domain: "example.jp",
  selector: "s1",
  zone: "example.jp",
  name: "s1._domainkey.example.jp",
  text: long,
} as const satisfies RecordChange;
const nsupdate: Extract<PublishConfig, { method: "nsupdate" }> = {
  method: "nsupdate",
  server: { address: "2001:db8::53", port: 5353 },
  ttl: 3600,
  keyFile: "/etc/sekisho/tsig.key",
  program: "nsupdate",
  timeoutMs: 5000,
};

describe("RFC 2136: what nsupdate is told", () => {
  test("§2.4.5: a record is added only where no name is", () => {
    expect(updateScript(change, nsupdate)).toBe(
      [
        "server 2001:db8::53 5353",
        "zone example.jp.",
        "prereq nxdomain s1._domainkey.example.jp.",
        `update add s1._domainkey.example.jp. 3600 IN TXT "${long.slice(0, 255)}" "${long.slice(255)}"`,
        "send",
        "",
      ].join("\n"),
    );
  });

  test("§2.4.2: it is replaced only when it is exactly the one that was seen", () => {
    const revoke: RecordChange = {
      ...change,
      action: "revoke",
      text: "v=DKIM1; p=",
      before: ['a "b"\\', "c\u00e9"],
    };
    expect(updateScript(revoke, nsupdate).split("\n").slice(2, 5)).toEqual([
      String.raw`prereq yxrrset s1._domainkey.example.jp. IN TXT "a \"b\"\\" "c\233"`,
      "update delete s1._domainkey.example.jp. IN TXT",
      'update add s1._domainkey.example.jp. 3600 IN TXT "v=DKIM1; p="',
    ]);
  });

  test("it is removed only when it is the one that was seen", () => {
    const remove: RecordChange = {
      ...change,
      action: "remove",
      text: "v=DKIM1; p=",
      before: ["v=DKIM1; k=rsa; p="],
    };
    expect(updateScript(remove, nsupdate).split("\n").slice(2, 4)).toEqual([
      'prereq yxrrset s1._domainkey.example.jp. IN TXT "v=DKIM1; k=rsa; p="',
      "update delete s1._domainkey.example.jp. IN TXT",
    ]);
  });

  test("without server and with another zone", () => {
    const { server: _, ...config } = nsupdate;
    expect(updateScript(change, { ...config, zone: "keys.example.jp" }).split("\n")[0]).toBe(
      "zone keys.example.jp.",
    );
  });

  test.each([
    ["publish", 'prereq yxrrset s1._domainkey.example.jp. IN TXT "v=DKIM1; p="'],
    ["revoke", 'prereq yxrrset s1._domainkey.example.jp. IN TXT "v=DKIM1; p="'],
    ["remove", "prereq nxrrset s1._domainkey.example.jp. IN TXT"],
  ] as const)("whether %s has been done already", (action, line) => {
    expect(repeatScript({ ...change, action, text: "v=DKIM1; p=" }, nsupdate).split("\n")[2]).toBe(line);
  });
});

describe("the program nsupdate", () => {
  const asked = (text: string): ReturnType<ReturnType<typeof createPublisher>["change"]> =>
    createPublisher({ ...nsupdate, program: program(text) }).change(change);

  test("the key is named, its secret never; time is bounded", async () => {
    const file = join(folder, "said");
    expect(await asked(`echo "$@" > ${file}; cat >> ${file}`)).toEqual({ kind: "sent" });
    expect(readFileSync(file, "utf8").split("\n")[0]).toBe("-v -t 4 -k /etc/sekisho/tsig.key");
  });

  test.each([
    ["refused by the server", "echo 'update failed: REFUSED' >&2; exit 2", "update failed: REFUSED"],
    [
      "a key that does not fit",
      "echo '; TSIG error with server: tsig verify failure' >&2; exit 2",
      "tsig verify failure",
    ],
    ["a program that tells failures in words only", "echo 'update failed: NOTAUTH'; exit 0", "NOTAUTH"],
    ["no words at all", "exit 1", "exit code 1"],
    ["killed", "kill -9 $$", "SIGKILL"],
    ["several lines are made one", "printf 'a\\nb\\033[1m\\n' >&2; exit 1", "a b [1m"],
    ["the direction of writing stays", "printf 'a\\342\\200\\256b' >&2; exit 1", "a b"],
  ])("%s", async (_, text, reason) => {
    expect(await asked(text)).toEqual({ kind: "failed", reason: expect.stringContaining(reason) });
  });

  test("a condition that does not hold: perhaps it has been done before", async () => {
    expect(await asked("grep -q nxdomain && { echo 'update failed: YXDOMAIN'; exit 2; }; exit 0")).toEqual({
      kind: "sent",
    });
    expect(await asked("echo 'update failed: YXDOMAIN'; exit 2")).toEqual({
      kind: "failed",
      reason: expect.stringContaining("YXDOMAIN"),
    });
  });

  test("a program that is not there", async () => {
    const publisher = createPublisher({ ...nsupdate, program: "/nowhere/nsupdate" });
    expect(await publisher.change(change)).toEqual({ kind: "failed", reason: "/nowhere/nsupdate: ENOENT" });
  });
});

describe("a hook", () => {
  test("is given the change on stdin and in its environment, its arguments, and no shell", async () => {
    const file = join(folder, "hook-said");
    const hook = program(
      `echo "$1 $SEKISHO_ACTION $SEKISHO_NAME $SEKISHO_ZONE $SEKISHO_TTL" > ${file}; cat >> ${file}`,
    );
    const publisher = createPublisher({
      method: "hook",
      command: [hook, "$HOME; x"],
      ttl: 60,
      timeoutMs: 5000,
    });
    expect(await publisher.change({ ...change, before: ["old"] })).toEqual({ kind: "sent" });
    const [first = "", second = ""] = readFileSync(file, "utf8").split("\n");
    expect(first).toBe("$HOME; x publish s1._domainkey.example.jp example.jp 60");
    expect(JSON.parse(second)).toEqual({
      action: "publish",
      domain: "example.jp",
      selector: "s1",
      zone: "example.jp",
      name: "s1._domainkey.example.jp",
      type: "TXT",
      ttl: 60,
      text: long,
      strings: [long.slice(0, 255), long.slice(255)],
      before: ["old"],
    });
  });

  test("its exit code decides, and what it said is the reason", async () => {
    const hook = program("echo no such zone >&2; exit 7");
    const publisher = createPublisher({ method: "hook", command: [hook], ttl: 60, timeoutMs: 5000 });
    expect(await publisher.change(change)).toEqual({
      kind: "failed",
      reason: `${hook}: exit code 7: no such zone`,
    });
  });
});

test("by hand: nobody is asked", async () => {
  expect(await createPublisher({ method: "manual" }).change(change)).toEqual({ kind: "manual" });
});

/** Not even as what init has still to bury. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("runProgram", () => {
  const run = (text: string, timeoutMs = 5000): ReturnType<typeof runProgram> =>
    runProgram({ program: program(text), arguments: [], input: "x".repeat(200_000), timeoutMs });

  test("what does not end is killed, with all that it has started", async () => {
    const file = join(folder, "grandchild");
    const outcome = await run(`sh -c 'echo $$ > ${file}; sleep 60' &\nwait`, 2000);
    expect(outcome).toEqual({ kind: "failed", reason: expect.stringContaining("no end in 2000 ms") });
    expect(isAlive(readFileSync(file, "utf8").trim())).toBe(false);
  });

  test("what it leaves behind is not waited for", async () => {
    const file = join(folder, "left-behind");
    const left = `setsid sh -c 'echo $$ > ${file}; exec sleep 600' &`;
    const outcome = await run(`${left}\nuntil [ -s ${file} ]; do sleep 0.02; done; echo done`, 15_000);
    expect(outcome).toEqual({ kind: "ended", code: 0, output: "done" });
    const pid = readFileSync(file, "utf8").trim();
    expect(isAlive(pid)).toBe(true);
    process.kill(Number(pid), "SIGKILL");
  });

  test("it need not read, and may say much", async () => {
    expect(await run("yes | head -c 1000000; exit 3")).toMatchObject({ kind: "ended", code: 3 });
  });

  test("our environment is not handed on", async () => {
    process.env["SEKISHO_SECRET_TEST"] = "secret";
    try {
      const outcome = await run("env");
      expect(outcome).toMatchObject({ kind: "ended", code: 0 });
      expect(outcome).not.toMatchObject({ output: expect.stringContaining("secret") });
    } finally {
      delete process.env["SEKISHO_SECRET_TEST"];
    }
  });
});
