import { spawnSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../test/dkim-test-keys.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import { parseZone } from "../core/dns/zone-parse.ts";
import { datedSelector, generatePrivateKey, selectorDate, writePrivateKey } from "./generate-key.ts";
import { readKeyFile } from "./key-file.ts";
import { loadSigningKeys } from "./load-keys.ts";
import { isKeyText, publicRecord } from "./public-record.ts";
import { ageFinding, verifyKey } from "./verify-key.ts";

const rsa = rsaTestKey(2048);
const ed = ed25519TestKey(3);
const isRoot = process.getuid?.() === 0;
let folder = "";
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sekisho-keys-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function pem(key: KeyObject, type: "pkcs1" | "pkcs8" = "pkcs8", passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return key.export({ format: "pem", type, ...encryption }) as string;
}

async function keyFile(text: string, mode = 0o600): Promise<string> {
  const file = join(folder, `key${++count}.pem`);
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

async function ids(file: string, options = {}): Promise<{ ids: string[]; usable: boolean }> {
  const { key, findings } = await readKeyFile(file, options);
  return { ids: findings.map(({ id }) => id), usable: key !== undefined };
}

describe("formats", () => {
  const cases: [string, () => string][] = [
    ["RSA as PKCS#1", () => pem(rsa.privateKey, "pkcs1")],
    ["RSA as PKCS#8", () => pem(rsa.privateKey)],
    ["Ed25519 as PKCS#8", () => pem(ed.privateKey)],
    ["with text around it", () => `a note\n${pem(ed.privateKey)}\nmore\n`],
    ["with CRLF", () => pem(rsa.privateKey).replaceAll("\n", "\r\n")],
  ];
  test.each(cases)("%s", async (_, text) => {
    expect(await ids(await keyFile(text()))).toEqual({ ids: [], usable: true });
  });

  test.each([
    ["nothing", "", "key.file-no-key"],
    ["no PEM", "secret", "key.file-no-key"],
    ["cut short", pem(rsa.privateKey).slice(0, 400), "key.file-no-key"],
    ["a public key", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", "key.file-no-key"],
    ["another kind of key", pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey), "key.type"],
    ["RFC 8301 §3.2: under 1024 bits", pem(rsaTestKey(1016).privateKey), "key.bits-refused"],
  ])("%s is refused", async (_, text, id) => {
    expect(await ids(await keyFile(text))).toEqual({ ids: [id], usable: false });
  });

  test("RFC 8301 §3.2: 1024 bits are told, and work", async () => {
    expect(await ids(await keyFile(pem(rsaTestKey(1024).privateKey)))).toEqual({
      ids: ["key.bits-low"],
      usable: true,
    });
  });

  test("a pipe that nobody writes to is waited for by nobody", async () => {
    const pipe = join(folder, "pipe");
    spawnSync("mkfifo", [pipe]);
    expect((await stat(pipe)).isFIFO()).toBe(true);
    const reading = ids(pipe);
    // Lets go of who waits: else a failure here would hold up the end of the tests.
    onTestFinished(async () => {
      spawnSync("sh", ["-c", ': <> "$1"', "sh", pipe]);
      await reading;
    });
    expect(await Promise.race([reading, sleep(20_000, "waits", { ref: false })])).toEqual({
      ids: ["key.file-no-key"],
      usable: false,
    });
  });

  test("what is no file, or too large to be a key", async () => {
    expect((await ids(join(folder, "missing.pem"))).ids).toEqual(["key.file-unreadable"]);
    expect((await ids(folder)).usable).toBe(false);
    expect((await ids(await keyFile("x".repeat(70_000)))).ids).toEqual(["key.file-no-key"]);
  });
});

describe("passphrases", () => {
  const encrypted: [string, () => string][] = [
    ["PKCS#8", () => pem(rsa.privateKey, "pkcs8", "open sesame")],
    ["PKCS#1", () => pem(rsa.privateKey, "pkcs1", "open sesame")],
  ];
  beforeEach(() => {
    process.env["SEKISHO_TEST_PASS"] = "open sesame";
    process.env["SEKISHO_TEST_WRONG"] = "open barley";
  });

  test.each(encrypted)("%s, from env: and file:", async (_, text) => {
    const file = await keyFile(text());
    const secret = join(folder, "passphrase");
    await writeFile(secret, "open sesame\n");
    expect(await ids(file, { passphrase: "env:SEKISHO_TEST_PASS" })).toEqual({ ids: [], usable: true });
    expect((await ids(file, { passphrase: `file:${secret}` })).usable).toBe(true);
    expect(await ids(file)).toEqual({ ids: ["key.passphrase-missing"], usable: false });
    expect((await ids(file, { passphrase: "env:SEKISHO_TEST_WRONG" })).ids).toEqual(["key.passphrase-wrong"]);
    expect((await ids(file, { passphrase: "env:SEKISHO_TEST_NONE" })).ids).toEqual([
      "key.passphrase-unreadable",
    ]);
    expect((await ids(file, { passphrase: `file:${folder}/none` })).ids).toEqual([
      "key.passphrase-unreadable",
    ]);
  });

  test("a passphrase for a key that needs none does no harm", async () => {
    expect(
      (await ids(await keyFile(pem(ed.privateKey)), { passphrase: "env:SEKISHO_TEST_PASS" })).usable,
    ).toBe(true);
  });
});

describe("who can read or replace the key", () => {
  test.each([
    [0o600, true, []],
    [0o400, true, []],
    [0o604, false, ["key.file-mode"]],
    [0o644, false, ["key.file-mode"]],
    [0o602, false, ["key.file-mode"]],
    [0o620, false, ["key.file-mode"]],
    [0o660, false, ["key.file-mode"]],
    [0o601, false, ["key.file-mode"]],
    [0o777, false, ["key.file-mode"]],
  ])("file mode %o", async (mode, usable, found) => {
    expect(await ids(await keyFile(pem(ed.privateKey), mode))).toEqual({ ids: found, usable });
  });

  test("a key that is only looked at is read all the same", async () => {
    const file = await keyFile(pem(rsaTestKey(1024).privateKey), 0o644);
    expect(await ids(file, { lookOnly: true })).toEqual({
      ids: ["key.file-mode", "key.bits-low"],
      usable: true,
    });
  });

  test("the finding names the file, its mode and the command that mends it", async () => {
    const file = await keyFile(pem(ed.privateKey), 0o664);
    const [found] = (await readKeyFile(file)).findings;
    expect(found?.params).toMatchObject({ file, mode: "0664", better: expect.stringMatching(/^06[04]0$/) });
    await chmod(file, 0o640);
    expect((await ids(file)).usable).toBe(true);
  });

  test.each([
    [0o700, true],
    [0o755, true],
    [0o775, false],
    [0o777, false],
    [0o702, false],
    // The sticky bit: others can write, but not take our file away.
    [0o1777, true],
  ])("folder mode %o", async (mode, usable) => {
    const upper = join(folder, `folder${++count}`);
    await mkdir(join(upper, "inner"), { recursive: true });
    const file = join(upper, "inner", "key.pem");
    await writeFile(file, pem(ed.privateKey), { mode: 0o600 });
    await chmod(upper, mode);
    expect(await ids(file)).toEqual({ ids: usable ? [] : ["key.folder-mode"], usable });
  });

  test("a symbolic link is as good as the folders that it stands in and leads to", async () => {
    const open = join(folder, `open${++count}`);
    await mkdir(open);
    const file = await keyFile(pem(ed.privateKey));
    await symlink(file, join(open, "link.pem"));
    expect((await ids(join(open, "link.pem"))).usable).toBe(true);
    await chmod(open, 0o777);
    expect((await ids(join(open, "link.pem"))).ids).toEqual(["key.folder-mode"]);
    await writeFile(join(open, "real.pem"), pem(ed.privateKey), { mode: 0o600 });
    await symlink(join(open, "real.pem"), join(folder, "to-open.pem"));
    expect((await ids(join(folder, "to-open.pem"))).ids).toEqual(["key.folder-mode"]);
  });

  test.runIf(isRoot)("the owner is root or the user that the program runs as", async () => {
    const file = await keyFile(pem(ed.privateKey));
    await chown(file, 4321, 0);
    expect((await ids(file)).ids).toEqual(["key.file-owner"]);
    expect((await ids(file, { owner: { uid: 4321 } })).usable).toBe(true);
    const inner = join(folder, `owned${++count}`);
    await mkdir(inner);
    await writeFile(join(inner, "key.pem"), pem(ed.privateKey), { mode: 0o600 });
    await chown(inner, 4321, 0);
    expect((await ids(join(inner, "key.pem"))).ids).toEqual(["key.folder-owner"]);
  });

  test.runIf(isRoot)("a group that may read is told, and is the daemon's own way", async () => {
    const file = await keyFile(pem(ed.privateKey), 0o640);
    await chown(file, 0, 4321);
    expect(await ids(file)).toEqual({ ids: ["key.file-group"], usable: true });
  });
});

describe("new keys", () => {
  test.each(["rsa", "ed25519"] as const)(
    "%s: written for the owner only, and never over another",
    async (type) => {
      const file = join(folder, `new-${type}`, "example.jp", "s1.pem");
      const made = await generatePrivateKey(type);
      await writePrivateKey(file, made);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(join(folder, `new-${type}`))).mode & 0o777).toBe(0o700);
      expect((await readKeyFile(file)).key?.equals(made)).toBe(true);
      await expect(writePrivateKey(file, await generatePrivateKey("ed25519"))).rejects.toThrow(/EEXIST/);
      expect((await readKeyFile(file)).key?.equals(made)).toBe(true);
    },
  );

  test("encrypted when a passphrase is given", async () => {
    const file = join(folder, "encrypted.pem");
    await writePrivateKey(file, ed.privateKey, "open sesame");
    expect(await readFile(file, "utf8")).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    process.env["SEKISHO_TEST_PASS"] = "open sesame";
    expect((await ids(file, { passphrase: "env:SEKISHO_TEST_PASS" })).usable).toBe(true);
  });

  test("a selector says when the key was made", () => {
    const now = Date.UTC(2026, 9, 31, 23, 59);
    expect([datedSelector("rsa", now), datedSelector("ed25519", now)]).toEqual(["s20261031", "e20261031"]);
  });

  test.each([
    ["s20261031", "2026-10-31"],
    ["e20261031", "2026-10-31"],
    ["2026-10", "2026-10-01"],
    ["k202610", "2026-10-01"],
    ["s2026a", undefined],
    ["default", undefined],
    ["s20261399", undefined],
    ["a1202610312", undefined],
  ])("the date of %s is %s", (selector, date) => {
    const found = selectorDate(selector);
    expect(found === undefined ? undefined : new Date(found).toISOString().slice(0, 10)).toBe(date);
  });

  test("after a year a key is told to be old", () => {
    const age = (selector: string): string | undefined =>
      ageFinding({ selector, domain: "example.jp" }, Date.UTC(2026, 9, 31))?.id;
    expect(age("s20251101")).toBeUndefined();
    expect(age("s20251001")).toBe("key.old");
    expect(age("default")).toBeUndefined();
  });
});

describe("records", () => {
  const wanted = { domain: "example.jp", selector: "s1" };

  test.each([
    ["RSA 2048", rsa.privateKey],
    ["RSA 4096", rsaTestKey(4096).privateKey],
    ["Ed25519", ed.privateKey],
  ])("%s: every form reads back as the key, no string over 255 octets", (_, privateKey) => {
    const record = publicRecord({ ...wanted, privateKey });
    if (record === undefined) throw new Error("no record");
    expect(record.name).toBe("s1._domainkey.example.jp");
    expect(isKeyText(record.value, privateKey)).toBe(true);
    for (const text of [record.zoneEntry, record.zoneLine]) {
      const [read] = parseZone(text).records;
      if (read?.type !== "TXT") throw new Error("no TXT");
      expect(read.name).toBe(record.name);
      expect(read.data.text).toBe(record.value);
      expect(Math.max(...read.data.strings.map((string) => string.length))).toBeLessThanOrEqual(255);
    }
    expect(record.zoneLine).not.toContain("\n");
    expect(isKeyText(record.value, ed25519TestKey(4).privateKey)).toBe(false);
  });

  test("RFC 8460 §3: a key for reports says s=tlsrpt", () => {
    const record = publicRecord({ ...wanted, privateKey: ed.privateKey, service: "tlsrpt" });
    expect(record?.value).toMatch(/^v=DKIM1; k=ed25519; s=tlsrpt; p=/);
  });
});

describe("key, record and configuration", () => {
  const key = { domain: "example.jp", selector: "s1", file: "/k", privateKey: rsa.privateKey };
  const good = `v=DKIM1; k=rsa; p=${rsa.publicText}`;
  const name = "s1._domainkey.example.jp";

  test.each([
    ["agree", [good], []],
    ["agree without v= and k=", [`p=${rsa.publicText}`], []],
    ["agree as PKCS#1", [`p=${rsa.pkcs1Text}`], []],
    ["another key", [`p=${rsaTestKey(1024).publicText}`], ["key.record-differs"]],
    ["another kind", [`k=ed25519; p=${ed.publicText}`], ["key.record-differs"]],
    ["cut off at 255", [good.slice(0, 255)], ["key.record-differs"]],
    ["two records", [good, "v=DKIM1; p="], ["key.records-several"]],
    ["RFC 6376 §3.6.1 p= empty", ["v=DKIM1; p="], ["key.record-revoked"]],
    ["no key record", ["v=spf1 -all"], ["key.record-syntax"]],
    ["RFC 6376 §3.6.1 s=", [`s=tlsrpt; p=${rsa.publicText}`], ["key.record-service"]],
    ["RFC 6376 §3.6.1 h=", [`h=sha1; p=${rsa.publicText}`], ["key.record-hash"]],
    ["RFC 6376 §3.6.1 t=y", [`t=y; p=${rsa.publicText}`], ["key.record-testing"]],
    ["t=s where only d= is used", [`t=s; p=${rsa.publicText}`], []],
  ])("%s", async (_, texts, expected) => {
    const dns = memoryResolver({ [name]: texts.map((TXT) => ({ TXT })) });
    expect((await verifyKey(key, dns)).map(({ id }) => id)).toEqual(expected);
  });

  test("what is published and what is in the file is told", async () => {
    const dns = memoryResolver({ [name]: [{ TXT: `p=${rsaTestKey(1024).publicText}` }] });
    expect((await verifyKey(key, dns))[0]?.params).toEqual({
      name,
      file: "/k",
      published: "rsa 1024",
      own: "rsa 2048",
    });
  });

  test("RFC 6376 §3.6.1 t=s forbids i= in a subdomain", async () => {
    const dns = memoryResolver({ [name]: [{ TXT: `t=s; p=${rsa.publicText}` }] });
    expect((await verifyKey({ ...key, signsSubdomainIdentity: true }, dns))[0]?.id).toBe("key.record-strict");
  });

  test("a key for reports", async () => {
    const dns = memoryResolver({ [name]: [{ TXT: `s=tlsrpt; p=${rsa.publicText}` }] });
    expect(await verifyKey({ ...key, service: "tlsrpt" }, dns)).toEqual([]);
  });

  test.each([
    ["there is none", {}, "key.record-missing"],
    [
      "it stands at the selector of opendkim-genkey",
      { "default._domainkey.example.jp": good },
      "key.record-elsewhere",
    ],
    ["it stands at another selector of ours", { "s0._domainkey.example.jp": good }, "key.record-elsewhere"],
    [
      "another key stands here, and this one elsewhere",
      { [name]: `p=${rsaTestKey(1024).publicText}`, "s0._domainkey.example.jp": good },
      "key.record-elsewhere",
    ],
    ["another key stands elsewhere", { "s0._domainkey.example.jp": "v=DKIM1; p=" }, "key.record-missing"],
  ])("no record of this key: %s", async (_, zone, id) => {
    const dns = memoryResolver(Object.fromEntries(Object.entries(zone).map(([at, TXT]) => [at, [{ TXT }]])));
    const found = await verifyKey({ ...key, otherSelectors: ["s0", "s1"] }, dns);
    expect(found.map((one) => one.id)).toEqual([id]);
  });

  test("DNS that does not answer proves nothing", async () => {
    const dns = memoryResolver({ [name]: ["TIMEOUT"] });
    expect((await verifyKey(key, dns)).map(({ id, severity }) => [id, severity])).toEqual([
      ["key.record-unanswered", "warning"],
    ]);
  });
});

describe("loadSigningKeys", () => {
  const row = {
    domain: "example.jp",
    selector: "s1",
    from: [{ domain: "example.jp" }],
    includeSubdomains: false,
    anyDomain: false,
    thirdParty: false,
    identity: "none",
  } as const;

  test("what can be used is loaded, what cannot is told, and a file is read once", async () => {
    const file = await keyFile(pem(rsaTestKey(1024).privateKey));
    const { keys, findings } = await loadSigningKeys({
      keys: [
        { ...row, file },
        { ...row, file, identity: "address" },
        { ...row, selector: "s2", file: join(folder, "none.pem") },
      ],
    });
    expect(keys.map(({ selector, identity, key }) => [selector, identity, key.bits])).toEqual([
      ["s1", "none", 1024],
      ["s1", "address", 1024],
    ]);
    expect(findings.map(({ id }) => id)).toEqual(["key.bits-low", "key.file-unreadable"]);
  });
});
