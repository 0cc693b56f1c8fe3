import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { holdLease } from "../../src/collect/hold-lease.ts";
import type { Incoming } from "../../src/collect/input/arrival.ts";
import { watchMailFolder } from "../../src/collect/input/imap.ts";
import type { WayIn, WayInServices } from "../../src/collect/input/way-in.ts";
import type { MailboxConfig } from "../../src/config/collect-config.ts";
import { createLog } from "../../src/log.ts";
import { openSqliteReportsWhenFree } from "../../src/store/reports/sqlite-reports.ts";
import { openStateInMemory } from "../../src/store/sqlite-state.ts";
import { Dovecot, imapPassword } from "./dovecot.ts";
import { describeWith, until } from "./process.ts";

const programs = ["/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/bin/setpriv"];
const base = mkdtempSync(join(tmpdir(), "sekisho-imap-"));
const patienceMs = 60_000;

interface Watched {
  readonly way: WayIn;
  readonly taken: readonly string[];
  readonly lost: readonly string[];
  readonly log: readonly string[];
}

function mailsOf(count: number, octets = 0): readonly Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(`Subject: ${index}\r\n\r\n${"x".repeat(octets)}\r\n`),
  );
}

describeWith(programs, "mailboxes of Dovecot", () => {
  let dovecot: Dovecot;
  const place = join(base, "dovecot");

  const unshared: WayInServices["alone"] = (_, work) => work().then(() => true);
  const watch = (
    user: string,
    config: Partial<MailboxConfig>,
    folder = "INBOX",
    alone = unshared,
  ): Watched => {
    const [taken, lost, log]: [string[], string[], string[]] = [[], [], []];
    const way = watchMailFolder(
      {
        host: "127.0.0.1",
        port: dovecot.ports.imap,
        tls: "off",
        user,
        login: { kind: "password", password: `file:${join(base, "password")}` },
        folders: [folder],
        idle: true,
        pollMs: 200,
        after: { kind: "move", folder: "Done" },
        maxSize: 1_000_000,
        ...config,
      },
      folder,
      {
        take: async (incoming: AsyncIterable<Incoming>) => {
          for await (const one of incoming)
            if (one.kind === "lost") lost.push(one.lost.via);
            else {
              taken.push(/Subject: (\d+)/.exec(one.arrival.octets.toString())?.[1] ?? "?");
              await one.arrival.done?.([]);
            }
        },
        state: openStateInMemory(),
        storeId: async () => "5e15",
        alone,
        log: createLog({ level: "info", format: "text", write: (line) => void log.push(line) }),
      },
    );
    onTestFinished(() => way.close(1_000));
    return { way, taken, lost, log };
  };
  const count = async (user: string, folder: string): Promise<number> =>
    (await dovecot.flags(user, folder)).length;

  beforeAll(async () => {
    chmodSync(base, 0o755);
    mkdirSync(place);
    writeFileSync(join(base, "password"), `${imapPassword}\n`, { mode: 0o600 });
    dovecot = await Dovecot.start(place, randomBytes(32));
  }, 60_000);

  afterAll(async () => {
    await dovecot?.stop();
    rmSync(base, { recursive: true, force: true });
  });

  test("two that share a store take turns: each mail is taken in and moved once", async () => {
    await dovecot.deliver("turns", mailsOf(200, 2_000));
    const stores = await Promise.all(
      ["a", "b"].map(() => openSqliteReportsWhenFree(join(base, "shared.sqlite"))),
    );
    const both = stores.map(({ leases }, index) =>
      watch("turns", {}, "INBOX", (name, work) => holdLease(leases, name, `host ${index}`, work)),
    );
    onTestFinished(async () => {
      for (const { way } of both) await way.close(1_000);
      for (const store of stores) await store.close();
    });
    await until("the moves", async () => (await count("turns", "INBOX")) === 0, patienceMs);
    await dovecot.deliver("turns", mailsOf(210, 2_000).slice(200));
    await until("what came later", async () => (await count("turns", "Done")) >= 210, patienceMs);
    const all = both.flatMap(({ taken }) => taken);
    expect(all).toHaveLength(210);
    expect(new Set(all).size).toBe(210);
    expect(await count("turns", "Done")).toBe(210);
  }, 120_000);

  test("two at one mailbox: everything is taken in and moved, without errors", async () => {
    await dovecot.deliver("two", mailsOf(400, 2_000));
    const both = [watch("two", {}), watch("two", {})];
    await until("the moves", async () => (await count("two", "INBOX")) === 0, patienceMs);
    await until("both to be done", () => both.every(({ way }) => way.status().state === "up"), patienceMs);
    expect(new Set(both.flatMap(({ taken }) => taken)).size).toBe(400);
    // Dovecot copies what both move at the same moment twice; in the store it counts once.
    expect(await count("two", "Done")).toBeGreaterThanOrEqual(400);
    expect(both.flatMap(({ lost }) => lost)).toEqual([]);
    expect(both.flatMap(({ log }) => log).filter((line) => line.includes("WARN")).length).toBeLessThan(3);
  }, 120_000);

  test("a mail that the server cannot read is left, and the others come in", async () => {
    await dovecot.deliver("odd", mailsOf(9));
    const folder = join(place, "mail/odd");
    const [name = ""] = ["new", "cur"].flatMap((part) =>
      readdirSync(join(folder, part)).map((one) => join(folder, part, one)),
    );
    chmodSync(name, 0o000);
    const { way, taken, lost } = watch("odd", {});
    await until("the others", () => taken.length === 8, patienceMs);
    await until("it to be left", () => way.status().left === 1, 3 * patienceMs);
    expect(lost).toHaveLength(1);
    await dovecot.deliver("odd", mailsOf(1));
    await until("what comes later", async () => (await count("odd", "Done")) >= 9, patienceMs);
    expect(taken).toHaveLength(9);
    expect(await count("odd", "Done")).toBe(9);
  }, 300_000);

  test("a folder that is renamed and made anew", async () => {
    await dovecot.deliver("renamed", mailsOf(3), "Reports");
    const { way, taken } = watch("renamed", { after: { kind: "leave" } }, "Reports");
    await until("the first", () => way.status().lastSuccess !== undefined, patienceMs);
    const client = await dovecot.client("renamed");
    await client.mailboxRename("Reports", "Old");
    await client.mailboxCreate("Reports");
    for (const mail of mailsOf(5).slice(3)) await client.append("Reports", mail);
    await client.logout();
    await until("what is in the new one", () => taken.length >= 5, patienceMs);
    expect(taken.toSorted()).toEqual(["0", "1", "2", "3", "4"]);
  }, 120_000);

  test("without MOVE and UIDPLUS what others have marked as deleted stays", async () => {
    await dovecot.stop();
    appendFileSync(join(place, "dovecot.conf"), "imap_capability = IMAP4rev1 IDLE LITERAL+ NAMESPACE\n");
    await dovecot.start();
    await dovecot.deliver("plain", mailsOf(5));
    const client = await dovecot.client("plain");
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("2", ["\\Deleted"]);
    await client.logout();
    const { way, taken } = watch("plain", {});
    await until("the others", () => way.status().lastSuccess !== undefined, patienceMs);
    expect(taken).toEqual(["0", "2", "3", "4"]);
    expect(await count("plain", "Done")).toBe(4);
    expect(await dovecot.flags("plain", "INBOX")).toEqual(Array.from({ length: 5 }, () => ["\\Deleted"]));
  }, 120_000);
});
