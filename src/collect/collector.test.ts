import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { ImapServer } from "../../test/imap-server.ts";
import { aggregateXml, mailOf } from "../../test/report-files.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { createLog } from "../log.ts";
import { type Collector, createCollector } from "./collector.ts";

const noHandles: ReadonlyMap<string, object> = new Map();

async function configOf(dataDir: string, collect: Partial<Config["collect"]>): Promise<Config> {
  const loaded = await parseConfig(`hostname: mx.example.com\ndata_dir: ${dataDir}`, { file: "test" });
  if (!loaded.ok) throw new Error("no configuration");
  return { ...loaded.config, collect: { ...loaded.config.collect, ...collect } };
}

function collectorWith(dns: DnsResolver = memoryResolver({}), lines: string[] = []): Collector {
  const log = createLog({ level: "warn", format: "text", write: (line) => void lines.push(line) });
  const collector = createCollector({ dns, clock: systemClock, log });
  onTestFinished(() => collector.close(1_000));
  return collector;
}

async function until(probe: () => boolean): Promise<void> {
  for (let tries = 0; !probe(); tries += 1) {
    if (tries > 1_000) throw new Error("in vain");
    await sleep(20);
  }
}

test("a store that can be used again is told of as such, though nothing has come in since", async () => {
  const dataDir = temporaryFolder();
  const server = await ImapServer.start([]);
  writeFileSync(join(dataDir, "password"), "secret\n", { mode: 0o600 });
  const mailbox = {
    host: "127.0.0.1",
    port: server.port,
    tls: "off",
    user: "u",
    login: { kind: "password", password: `file:${join(dataDir, "password")}` },
    folders: ["INBOX"],
    idle: false,
    pollMs: 30,
    after: { kind: "leave" },
    maxSize: 1_000_000,
  } as const;
  // Where the store is to be lies something else.
  mkdirSync(join(dataDir, "reports.sqlite"));
  const collector = collectorWith();
  await collector.use(await configOf(dataDir, { mailboxes: [mailbox] }), noHandles);
  await until(() => collector.status().storeError !== undefined);
  expect(collector.status().storeTrouble).toMatchObject({
    place: { kind: "file" },
    failure: { fault: "cannot-open" },
  });
  expect(collector.status().ways[0]?.state).not.toBe("up");
  rmSync(join(dataDir, "reports.sqlite"), { recursive: true });
  await until(() => collector.status().ways[0]?.state === "up");
  expect(collector.status()).not.toHaveProperty("storeError");
});

test("of a mail with very many documents some are logged, and all are counted", async () => {
  const folder = temporaryFolder();
  const mail = join(folder, "1.eml");
  writeFileSync(mail, mailOf([{ type: "text/xml", octets: "<feedback></feedback>".repeat(70) }]));
  utimesSync(mail, 1e9, 1e9);
  const lines: string[] = [];
  const collector = collectorWith(memoryResolver({}), lines);
  const watched = { path: folder, pollMs: 1_000, after: { kind: "leave" } } as const;
  await collector.use(await configOf(temporaryFolder(), { folders: [watched] }), noHandles);
  await until(() => collector.status().arrivals === 1);
  expect(collector.status().documents).toEqual([{ kind: "unread", outcome: "unread", count: 70 }]);
  expect(lines.filter((line) => line.includes("collect: document"))).toHaveLength(50);
  expect(lines.filter((line) => line.includes("collect: more documents count=20"))).toHaveLength(1);
});

test("what does not come to an end is not waited for beyond the grace", async () => {
  const folder = temporaryFolder();
  const mail = join(folder, "1.eml");
  writeFileSync(mail, mailOf([{ type: "text/xml", octets: aggregateXml() }]));
  const now = Date.now() / 1_000;
  utimesSync(mail, now - 60, now - 60);
  let asked = 0;
  const silent: DnsResolver = {
    query: () => {
      asked += 1;
      return new Promise(() => {});
    },
  };
  const collector = collectorWith(silent);
  const watched = { path: folder, pollMs: 1_000, after: { kind: "leave" } } as const;
  await collector.use(await configOf(temporaryFolder(), { folders: [watched] }), noHandles);
  await until(() => asked > 0);
  const closed = collector.close(100).then(() => "closed");
  expect(await Promise.race([closed, sleep(10_000, "open", { ref: false })])).toBe("closed");
  // The system and the supervisor both say so.
  await collector.close(100);
});
