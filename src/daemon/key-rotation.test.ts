import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, expect, test } from "vitest";
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
  rotation.use(without);
  await until(() => lines.join("").includes("not in use, as its domain does not rotate any more"));
  expect(rotation.keys()).toEqual([]);
});
