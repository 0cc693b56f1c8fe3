import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startTestZone, type TestZone } from "../../test/rotation-zone.ts";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import type { RotatedKey } from "../keys/rotation.ts";
import { createLog, type Log } from "../log.ts";
import { createKeyRotation, type KeyRotation } from "./key-rotation.ts";

const cleanUps: (() => unknown)[] = [];
let folder: string;
let zone: TestZone;
let lines: string[];
let log: Log;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sekisho-key-rotation-"));
  zone = await startTestZone("example.jp");
  lines = [];
  log = createLog({ level: "info", format: "text", write: (line) => lines.push(line) });
  cleanUps.push(
    () => zone.stop(),
    () => rmSync(folder, { recursive: true, force: true }),
  );
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function configOf(rotate: string): Promise<Config> {
  const server = `"127.0.0.1:${zone.port}"`;
  const loaded = await parseConfig(
    `hostname: mx.example.jp
data_dir: ${folder}/data
dns: { nameservers: [${server}], timeout: 5s, authoritative: [{ zone: example.jp, servers: [${server}] }] }
sign: { rotate: { domains: [example.jp], algorithms: [ed25519], check_every: 1s, ${rotate} } }
`,
    { file: "c.yaml" },
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

function start(onChange: () => void = () => {}): KeyRotation {
  const rotation = createKeyRotation({ log, lang: "en", onChange });
  cleanUps.push(() => rotation.close());
  return rotation;
}

async function until(probe: () => boolean): Promise<void> {
  const end = Date.now() + 45_000;
  while (!probe()) {
    if (Date.now() > end) throw new Error(`in vain:\n${lines.join("")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The operator publishes what he is told. */
function publish(keys: readonly RotatedKey[]): void {
  for (const { selector, record } of keys)
    if (record !== undefined) zone.records.set(`${selector}._domainkey.example.jp`, record);
}

test("without rotation the configuration stays as it is, and no file is made", async () => {
  const config: Config = { ...(await configOf("")), sign: { ...(await configOf("")).sign } };
  const { rotate: _, ...sign } = config.sign;
  const rotation = start();
  const without = { ...config, sign };
  expect(await rotation.withKeysInUse(without)).toBe(without);
  rotation.use(without);
});

test("once it is closed nothing of it holds the program up", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  await start().close();
  expect(timers()).toBe(before);
});

test("a new key in use is told to the workers, and the old one let go when they have it", async () => {
  let changes = 0;
  const config = await configOf("every: 2s, jitter: 0s, retire_after: 60s");
  const rotation = start(() => {
    changes += 1;
    // As the supervisor does.
    void rotation.withKeysInUse(config).then((inUse) => rotation.confirm(inUse.sign.keys));
  });
  expect((await rotation.withKeysInUse(config)).sign.keys).toEqual([]);
  rotation.use(config);
  const timer = setInterval(() => publish(rotation.keys()), 50);
  cleanUps.push(() => clearInterval(timer));
  await until(() => rotation.keys().some(({ state }) => state === "active"));
  await until(() => changes > 0);
  const [first] = (await rotation.withKeysInUse(config)).sign.keys;
  expect(first).toMatchObject({ domain: "example.jp", from: [{ domain: "example.jp" }] });
  await until(() => rotation.keys().some((key) => key.state === "retiring" && key.releasedAt !== undefined));
  expect(lines.join("")).toMatch(/key: active domain=example\.jp selector=e\d{8}a from=proved why=switched/);
  expect(lines.join("")).toContain("key: the operator has to change DNS");
});

test("a clock that is set while the configuration is read anew is noticed", async () => {
  const year = 365 * 86_400_000;
  const clock = Date.now;
  let ahead = 0;
  vi.spyOn(Date, "now").mockImplementation(() => clock() + ahead);
  cleanUps.push(() => vi.restoreAllMocks());
  const config = await configOf("every: off");
  const rotation = start();
  rotation.use(config);
  await until(() => rotation.keys().some(({ state }) => state === "generated"));
  ahead = year;
  rotation.use(config);
  await until(() => rotation.keys().some(({ since }) => since > clock() + year / 2));
});

test("the operator gets mail: what to publish, and what was switched", async () => {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, _session, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on("end", () => {
        mails.push(text);
        done();
      });
    },
  });
  const listening = await new Promise<number>((resolve) => {
    const bound = server.listen(0, "127.0.0.1", () => {
      const address = bound.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  cleanUps.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const config = await configOf(`notify: { to: [postmaster@example.jp], server: "127.0.0.1:${listening}" }`);
  const rotation = start();
  rotation.use(config);
  await until(() => mails.length === 1);
  expect(mails[0]).toMatch(/^From: sekisho@mx\.example\.jp/m);
  expect(mails[0]).toMatch(/^Auto-Submitted: auto-generated/m);
  expect(mails[0]).toContain("_domainkey.example.jp. IN TXT");
  publish(rotation.keys());
  await until(() => mails.length === 2);
  expect(mails[1]).toMatch(/^Subject: DKIM: example\.jp is signed with e\d{8}a now/m);
});

test("a mail server that is not there is a line in the log", async () => {
  const config = await configOf('notify: { to: [postmaster@example.jp], server: "127.0.0.1:1" }');
  const rotation = start();
  rotation.use(config);
  await until(() => lines.join("").includes("no mail could be sent"));
});

test("held up: a publisher that fails is counted and told", async () => {
  const config = await configOf("publish: { method: hook, command: [/bin/false] }");
  const rotation = start();
  rotation.use(config);
  await until(() => rotation.isHeldUp());
  expect(rotation.failures().get("publish")).toBe(1);
  expect(lines.join("")).toContain('reason="/bin/false: exit code 1"');
});

test("what is on its way when it is closed is finished first, and goes on from there after", async () => {
  const config = await configOf("publish: { method: hook, command: [/bin/sleep, '60'], timeout: 1s }");
  const rotation = createKeyRotation({ log, lang: "en", onChange: () => {} });
  rotation.use(config);
  await until(() => lines.join("").includes("key: generated"));
  await rotation.close();
  const before = rotation.keys();
  expect(before).toHaveLength(1);
  expect(lines.join("")).toContain("no end in 1000 ms");
  const again = start();
  await again.withKeysInUse(config);
  again.use(config);
  await until(() => again.keys().length > 0);
  expect(again.keys()).toMatchObject(before.map(({ selector }) => ({ selector, state: "generated" })));
});

test("a copy that cannot be made keeps no key from its workers, and is told", async () => {
  const config = await configOf("every: off");
  mkdirSync(join(folder, "data", "state.copy.sqlite.new"), { recursive: true });
  let changes = 0;
  const rotation = start(() => {
    changes += 1;
  });
  rotation.use(config);
  await until(() => rotation.keys().some(({ record }) => record !== undefined));
  publish(rotation.keys());
  await until(() => changes > 0);
  expect(rotation.isHeldUp()).toBe(true);
  expect(rotation.failures().get("fault")).toBeGreaterThan(0);
  expect(lines.join("")).toContain("key rotation: fault");
});

test("a store that cannot be written is a step held up, and the keys in use stay in use", async () => {
  const config = await configOf("every: off");
  const rotation = start(() => {});
  const before = await rotation.withKeysInUse(config);
  const other = new DatabaseSync(join(folder, "data", "state.sqlite"));
  cleanUps.push(() => other.close());
  other.exec("CREATE TRIGGER full BEFORE UPDATE ON revision BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  rotation.use(config);
  await until(() => rotation.isHeldUp());
  expect(lines.join("")).toContain("disk full");
  expect((await rotation.withKeysInUse(config)).sign.keys).toEqual(before.sign.keys);
  other.exec("DROP TRIGGER full");
  await until(() => !rotation.isHeldUp());
  await until(() => rotation.keys().length === 1);
});

test("private keys stand in their files and nowhere else", async () => {
  const seen = join(folder, "seen");
  writeFileSync(
    join(folder, "hook"),
    `#!/bin/sh\ncat >> ${seen}; env >> ${seen}; echo "$@" >> ${seen}; ps -ef >> ${seen}\nexit 1\n`,
  );
  chmodSync(join(folder, "hook"), 0o755);
  const config = await configOf(`publish: { method: hook, command: [${join(folder, "hook")}] }`);
  const rotation = start();
  rotation.use(config);
  await until(() => rotation.failures().get("publish") === 1);
  await until(() => rotation.keys().length === 1);
  const { file = "", selector = "", publicKey = "" } = rotation.keys()[0] ?? {};
  const [secret = ""] = /^[A-Za-z0-9+/=]{40,}$/m.exec(readFileSync(file, "utf8")) ?? [];
  // PKCS#8 of Ed25519 begins alike for every key; what is secret are its last 32 octets.
  const tail = secret.slice(-40);
  expect(tail).toHaveLength(40);
  const data = join(folder, "data");
  const told = [readFileSync(seen, "latin1"), lines.join("")];
  const stored = readdirSync(data)
    .filter((name) => name.startsWith("state"))
    .map((name) => readFileSync(join(data, name), "latin1"));
  expect(told.every((text) => text.includes(selector))).toBe(true);
  expect([...told, ...stored].some((text) => text.includes(publicKey))).toBe(true);
  for (const text of [...told, ...stored]) {
    expect(text).not.toContain("PRIVATE");
    expect(text).not.toContain(tail);
  }
});

test("another configuration while a hook is at work: its step ends, and the domain's key is given up", async () => {
  const hook = "publish: { method: hook, command: [/bin/sleep, '1'], timeout: 10s }";
  const config = await configOf(hook);
  const rotation = start();
  rotation.use(config);
  await until(() => lines.join("").includes("key: generated"));
  const without: Config = {
    ...config,
    sign: {
      ...config.sign,
      ...(config.sign.rotate !== undefined && {
        rotate: {
          ...config.sign.rotate,
          domains: [{ domain: "news.example.jp", includeSubdomains: false, identity: "none" }],
        },
      }),
    },
  };
  rotation.use(without);
  await until(() => /key: retiring domain=example\.jp .*why=abandoned/.test(lines.join("")));
  await until(() => rotation.keys().some(({ domain }) => domain === "news.example.jp"));
  expect(rotation.keys().map(({ domain }) => domain)).toEqual(["news.example.jp"]);
});

test("closed while a new key is being begun: nothing is told of what was cut off", async () => {
  const config = await configOf("every: off");
  const dead = await startTestZone("example.jp");
  await dead.stop();
  const silent: Config = {
    ...config,
    dns: { ...config.dns, nameservers: [{ address: "127.0.0.1", port: dead.port }], authoritative: [] },
  };
  const rotation = createKeyRotation({ log, lang: "en", onChange: () => {} });
  rotation.use(silent);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await rotation.close();
  expect(lines.join("")).not.toContain("cannot be begun");
});

test("held up: a key that cannot be begun, until it is", async () => {
  const config = await configOf("every: off, warn_after: 1s");
  const dead = await startTestZone("example.jp");
  await dead.stop();
  const rotation = start();
  rotation.use({
    ...config,
    dns: {
      ...config.dns,
      nameservers: [{ address: "127.0.0.1", port: dead.port }],
      authoritative: [],
      timeoutMs: 100,
    },
  });
  await until(() => rotation.failures().get("plan") === 1);
  await until(() => rotation.isHeldUp());
  rotation.use(config);
  await until(() => rotation.keys().length === 1);
  await until(() => !rotation.isHeldUp());
});

test("held up: a key that cannot be begun, until a command has begun it", async () => {
  const config = await configOf("every: off, warn_after: 1s");
  const dead = await startTestZone("example.jp");
  await dead.stop();
  const rotation = start();
  const nameservers = [{ address: "127.0.0.1", port: dead.port }];
  rotation.use({ ...config, dns: { ...config.dns, nameservers, authoritative: [], timeoutMs: 100 } });
  await until(() => rotation.isHeldUp());
  const command = createKeyRotation({ log, lang: "en", onChange: () => {} });
  cleanUps.push(() => command.close());
  await command.withKeysInUse(config);
  command.use(config);
  await until(() => rotation.keys().length === 1);
  await until(() => !rotation.isHeldUp());
});

test("a domain that is taken out of the rotation: its key signs no more, and that is told", async () => {
  const config = await configOf("every: off");
  const rotation = start();
  await rotation.withKeysInUse(config);
  rotation.use(config);
  await until(() => rotation.keys().some(({ record }) => record !== undefined));
  publish(rotation.keys());
  await until(() => rotation.keys().some(({ state }) => state === "active"));
  const { rotate: _, ...sign } = config.sign;
  const without: Config = { ...config, sign };
  expect((await rotation.withKeysInUse(without)).sign.keys).toEqual([]);
  // The rotation goes on until the workers have the configuration: it looks at its keys once more.
  await until(() => rotation.keys().length > 0);
  rotation.use(without);
  await until(() => lines.join("").includes("not in use, as its domain does not rotate any more"));
  await until(() => rotation.keys().length === 0);
});
