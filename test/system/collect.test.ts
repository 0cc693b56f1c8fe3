import { createHmac, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openReportStore } from "../../src/store/reports/open.ts";
import { type GeneratedReports, generateReports } from "../report-mails.ts";
import { copyProgram } from "./copied-program.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { Dovecot, imapPassword } from "./dovecot.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { type Postgres, postgresPrograms, startPostgres } from "./postgres.ts";
import { describeWith, freePort, start, until } from "./process.ts";
import { Sekisho } from "./sekisho.ts";

const programs = [
  "/usr/sbin/dovecot",
  "/usr/lib/dovecot/imap",
  "/usr/sbin/postfix",
  "/usr/bin/setpriv",
  join(postgresPrograms(), "postgres"),
];
/** A mailbox that cannot be had is tried ever later. */
const patienceMs = 150_000;
const base = mkdtempSync(join(tmpdir(), "sekisho-collect-"));
const oauthKey = randomBytes(32);

/** The program with its own data, ended with the test. */
class World {
  readonly folder: string;
  readonly sekisho: Sekisho;
  /** A URL; undefined: in the folder of data. */
  store: string | undefined;

  private constructor(folder: string, sekisho: Sekisho, store: string | undefined) {
    this.folder = folder;
    this.sekisho = sekisho;
    this.store = store;
  }

  static async create(collect: (folder: string) => object, store?: string): Promise<World> {
    const folder = mkdtempSync(join(base, "world-"));
    writeFileSync(join(folder, "password"), `${imapPassword}\n`, { mode: 0o600 });
    const listen = `inet:127.0.0.1:${await freePort()}`;
    const sekisho = new Sekisho(folder, { listen }, settings(collect(folder), store));
    const world = new World(folder, sekisho, store);
    onTestFinished(async () => {
      await world.sekisho.end();
    });
    await world.sekisho.start();
    return world;
  }

  /** What the store says; undefined while it is not there or cannot be read. */
  async sums(
    place = this.store,
  ): Promise<{ readonly reports: number; readonly messages: number } | undefined> {
    const { dataDir } = this.sekisho;
    if (place === undefined && !readdirSync(dataDir).includes("reports.sqlite")) return undefined;
    try {
      const store = await openReportStore({ dataDir, ...(place !== undefined && { store: place }) });
      // In this order: what comes in between makes only the days more.
      const { reports } = await store.counts();
      const days = await store.days({});
      await store.close();
      return { reports, messages: days.reduce((sum, { messages }) => sum + messages, 0) };
    } catch {
      return undefined;
    }
  }

  async expectAll(...generated: readonly GeneratedReports[]): Promise<void> {
    await this.expectIn(this.store, ...generated);
  }

  async expectIn(place: string | undefined, ...generated: readonly GeneratedReports[]): Promise<void> {
    const wanted = sumsOf(generated);
    let seen: Awaited<ReturnType<World["sums"]>>;
    const isThere = async (): Promise<boolean> => {
      seen = await this.sums(place);
      return (seen?.reports ?? 0) >= wanted.reports;
    };
    await until("all reports", isThere, patienceMs).catch((error: unknown) => {
      throw new Error(`${JSON.stringify({ wanted, seen })}\n${this.sekisho.output()}`, { cause: error });
    });
    expect(seen).toEqual(wanted);
  }

  /** Until a line of the log says so. */
  async expectLogged(words: RegExp): Promise<void> {
    await until(`${words} in the log`, () => words.test(this.sekisho.output()), patienceMs);
  }

  /** Until `sekisho status` says so: it tells what the collector is at just now. */
  async expectStatus(...words: readonly RegExp[]): Promise<void> {
    let seen = "";
    const isSaid = async (): Promise<boolean> => {
      seen = (await this.sekisho.run("status")).output;
      return words.every((one) => one.test(seen));
    };
    await until(words.join(" and "), isSaid, patienceMs).catch((cause: unknown) => {
      throw new Error(`${seen}\n${this.sekisho.output()}`, { cause });
    });
  }

  /** Lines of the log about documents with that outcome. */
  outcomes(outcome: string): number {
    return this.sekisho.output().split(`collect: document outcome=${outcome} `).length - 1;
  }
}

function sumsOf(generated: readonly GeneratedReports[]): {
  readonly reports: number;
  readonly messages: number;
} {
  return {
    reports: generated.reduce((sum, { mails }) => sum + mails.length, 0),
    messages: generated.reduce((sum, { messages }) => sum + messages, 0),
  };
}

function settings(collect: object, store?: string): string {
  const dns = { nameservers: ["127.0.0.1:9"], timeout: "100ms" };
  const place = store === undefined ? "" : `store: ${JSON.stringify(store)}\n`;
  return `dns: ${JSON.stringify(dns)}\nweb: { listen: off }\n${place}collect: ${JSON.stringify(collect)}\n`;
}

describeWith(programs, "reports that come in", () => {
  let dovecot: Dovecot;
  let postgres: Postgres;

  const mailbox = (user: string, folder: string, more: object = {}): object => ({
    host: "127.0.0.1",
    port: dovecot.ports.imap,
    tls: "off",
    user,
    password: `file:${folder}/password`,
    // Only IDLE can bring anything in time.
    poll: "1d",
    ...more,
  });

  beforeAll(async () => {
    chmodSync(base, 0o755);
    const folder = join(base, "dovecot");
    mkdirSync(folder);
    dovecot = await Dovecot.start(folder, oauthKey);
    postgres = await startPostgres(join(base, "postgres"));
  });

  afterAll(async () => {
    await dovecot?.stop();
    await postgres?.stop();
    rmSync(base, { recursive: true, force: true });
  });

  test("leave, move and flag: what is there and what comes by IDLE; unread ones are set aside", async () => {
    const before = [generateReports(7), generateReports(60), generateReports(5)] as const;
    await dovecot.deliver("leave", before[0].mails);
    await dovecot.deliver("move", before[1].mails);
    await dovecot.deliver("flag", before[2].mails, "Reports");
    const world = await World.create((folder) => ({
      mailbox: [
        mailbox("leave", folder),
        mailbox("move", folder, { after: "move Done/2025", unread_to: "Unread" }),
        mailbox("flag", folder, { folders: ["INBOX", "Reports"], after: "flag $Sekisho \\Seen" }),
      ],
    }));
    await world.expectAll(...before);
    const after = [generateReports(2), generateReports(2), generateReports(2)] as const;
    const damaged = Buffer.from(
      "Subject: Report domain: x\r\nContent-Type: application/zip\r\n\r\nPK\x03\x04 no more",
    );
    await dovecot.deliver("leave", after[0].mails);
    await dovecot.deliver("move", [damaged, ...after[1].mails]);
    await dovecot.deliver("flag", after[2].mails);
    await world.expectAll(...before, ...after);

    const count = async (user: string, name: string): Promise<number> =>
      (await dovecot.flags(user, name)).length;
    await until("the moves", async () => (await count("move", "INBOX")) === 0, patienceMs);
    expect(await count("move", "Done.2025")).toBe(62);
    expect(await count("move", "Unread")).toBe(1);
    expect(await dovecot.flags("leave", "INBOX")).toEqual(Array.from({ length: 9 }, () => []));
    const flags = async (name: string): Promise<boolean> =>
      (await dovecot.flags("flag", name)).every((one) => one.toSorted().join(" ") === "$Sekisho \\Seen");
    await until("the flags", async () => (await flags("INBOX")) && (await flags("Reports")), patienceMs);
    expect(world.outcomes("seen")).toBe(0);

    // Started again, it knows what it has read, whatever the way.
    await world.sekisho.end();
    const later = generateReports(1);
    await dovecot.deliver("leave", later.mails);
    await world.sekisho.start();
    await world.expectAll(...before, ...after, later);
    expect(world.outcomes("seen")).toBe(0);
  });

  test("what comes while the mailbox is idle is taken in at once", async () => {
    const [first, second, third] = [generateReports(1), generateReports(1), generateReports(2)] as const;
    await dovecot.deliver("idle", first.mails);
    const world = await World.create((folder) => ({ mailbox: mailbox("idle", folder, { poll: "1h" }) }));
    await world.expectAll(first);
    await dovecot.deliver("idle", second.mails);
    await world.expectAll(first, second);
    // After a round that the server has told of, it is idle again.
    await dovecot.deliver("idle", third.mails);
    await world.expectAll(first, second, third);
  });

  test("implicit TLS and STARTTLS with a certificate of its own; OAuth2 token of a command", async () => {
    const reports = [generateReports(3), generateReports(3)] as const;
    await dovecot.deliver("tls", reports[0].mails);
    await dovecot.deliver("token", reports[1].mails);
    const token = join(base, "token.sh");
    writeFileSync(token, `#!/bin/sh\necho ${accessToken("token")}\n`, { mode: 0o755 });
    const world = await World.create((folder) => ({
      mailbox: [
        mailbox("tls", folder, {
          host: "localhost",
          port: dovecot.ports.imaps,
          tls: "implicit",
          ca: dovecot.ca,
        }),
        mailbox("token", folder, {
          host: "localhost",
          tls: "starttls",
          ca: dovecot.ca,
          password: undefined,
          token_command: [token],
        }),
        // Whose certificate nobody vouches for, and whose password is wrong.
        mailbox("stranger", folder, { host: "localhost", port: dovecot.ports.imaps, tls: "implicit" }),
        mailbox("locked", folder, { password: `file:${token}` }),
      ],
    }));
    await world.expectAll(...reports);
    await world.expectLogged(/locked@.*Authentication failed/);
    await world.expectLogged(/stranger@.*self.signed/i);
    await world.expectStatus(/reports cannot be collected as configured/, /locked@.*waits to try again/);
  });

  test("a connection that is cut in the middle of a fetch", async () => {
    const reports = generateReports(80, 40);
    await dovecot.deliver("cut", reports.mails);
    const octets = [3_000, 12_000, 20_000, 40_000, 1_500];
    const proxy = await startCuttingProxy(dovecot.ports.imap, octets);
    onTestFinished(() => proxy.stop());
    const world = await World.create((folder) => ({
      mailbox: mailbox("cut", folder, { port: proxy.port, after: "move Done" }),
    }));
    await world.expectAll(reports);
    expect(proxy.cuts()).toBe(octets.length);
    await until("the moves", async () => (await dovecot.flags("cut", "INBOX")).length === 0, patienceMs);
    expect((await dovecot.messageIds("cut", "Done")).size).toBe(80);
    const later = generateReports(1);
    await dovecot.deliver("cut", later.mails);
    await world.expectAll(reports, later);
  });

  test("a mail beyond max_size is left where it is, and comes in once it may", async () => {
    const small = generateReports(3);
    const large = generateReports(1, 3_000);
    await dovecot.deliver("large", [...small.mails.slice(0, 1), ...large.mails, ...small.mails.slice(1)]);
    const world = await World.create((folder) => ({
      mailbox: mailbox("large", folder, { max_size: "10KB" }),
    }));
    await world.expectAll(small);
    await world.expectLogged(/reason="larger than max_size"/);
    await world.expectStatus(/1\s+left\s+in\s+the\s+mailbox/);
    // Under another configuration, after a restart, although later ones have been read.
    world.sekisho.configure(settings({ mailbox: mailbox("large", world.folder) }));
    expect(await world.sekisho.reload()).toBe(true);
    await world.expectAll(small, large);
    expect(world.outcomes("seen")).toBe(0);
  });

  test("another UIDVALIDITY: nothing is lost and nothing doubled", async () => {
    const first = generateReports(10);
    await dovecot.deliver("valid", first.mails, "Reports");
    const world = await World.create((folder) => ({
      mailbox: mailbox("valid", folder, { folders: ["Reports"] }),
    }));
    await world.expectAll(first);
    const client = await dovecot.client("valid");
    const before = (await client.status("Reports", { uidValidity: true })) || undefined;
    await client.mailboxDelete("Reports");
    await sleep(1_100);
    await client.mailboxCreate("Reports");
    const second = generateReports(10);
    // The same mails again, some of them, in another order; their UIDs were those of others.
    for (const mail of [...first.mails.slice(5), ...second.mails]) await client.append("Reports", mail);
    const after = (await client.status("Reports", { uidValidity: true })) || undefined;
    await client.logout();
    expect(after?.uidValidity).not.toBe(before?.uidValidity);
    await world.expectAll(first, second);
    await until("the old ones", () => world.outcomes("seen") === 5, patienceMs);
  });

  test("a server that goes away and comes back", async () => {
    const reports = [generateReports(3), generateReports(3)] as const;
    await dovecot.deliver("restart", reports[0].mails);
    const world = await World.create((folder) => ({ mailbox: mailbox("restart", folder) }));
    await world.expectAll(reports[0]);
    await dovecot.stop();
    await world.expectLogged(/WARN {2}collect: mailbox/);
    await dovecot.start();
    await dovecot.deliver("restart", reports[1].mails);
    await world.expectAll(...reports);
    expect(world.outcomes("seen")).toBe(0);
  });

  test("killed again and again", async () => {
    const reports = generateReports(300, 20);
    await dovecot.deliver("killed", reports.mails);
    const world = await World.create((folder) => ({
      mailbox: mailbox("killed", folder, { after: "move Done" }),
    }));
    for (let round = 0; round < 4; round += 1) {
      const had = (await world.sums())?.reports ?? 0;
      await until(
        "some more",
        async () => ((await world.sums())?.reports ?? 0) > Math.min(299, had),
        patienceMs,
      );
      await world.sekisho.end("SIGKILL");
      await world.sekisho.start();
    }
    await world.expectAll(reports);
    await until("the moves", async () => (await dovecot.flags("killed", "INBOX")).length === 0, patienceMs);
    expect((await dovecot.messageIds("killed", "Done")).size).toBe(300);
  });

  test("SIGHUP to another store: everything comes into that, and nothing more into the one before", async () => {
    const reports = [generateReports(5), generateReports(2), generateReports(1)] as const;
    await dovecot.deliver("moved", reports[0].mails);
    const box = (folder: string): object => ({ mailbox: mailbox("moved", folder) });
    const world = await World.create(box);
    await world.expectAll(reports[0]);
    // The URL stands in a file, as it holds a password.
    const [first, second] = [postgres.newDatabase(), postgres.newDatabase()] as const;
    const file = join(world.folder, "store");
    const moveTo = async (url: string): Promise<void> => {
      writeFileSync(file, `${url}\n`, { mode: 0o600 });
      world.sekisho.configure(settings(box(world.folder), `file:${file}`));
      expect(await world.sekisho.reload()).toBe(true);
      world.store = url;
    };
    await moveTo(first);
    await world.expectAll(reports[0]);
    await dovecot.deliver("moved", reports[1].mails);
    await world.expectAll(reports[0], reports[1]);
    // The same words in the configuration.
    await moveTo(second);
    await world.expectAll(reports[0], reports[1]);
    await dovecot.deliver("moved", reports[2].mails);
    await world.expectAll(...reports);
    await world.expectIn(first, reports[0], reports[1]);
    expect(world.outcomes("seen")).toBe(0);
    world.sekisho.configure(settings(box(world.folder)));
    world.store = undefined;
    // Nothing but what has come since.
    await world.expectAll(reports[0]);
    expect(await world.sekisho.reload()).toBe(true);
    await world.expectAll(...reports);
    expect(world.outcomes("seen")).toBe(0);
  });

  test("PostgreSQL: by IMAP and by LMTP at once, killed in between", async () => {
    const reports = [generateReports(100, 20), generateReports(25, 20)] as const;
    await dovecot.deliver("server", reports[0].mails);
    const port = await freePort();
    const world = await World.create(
      (folder) => ({
        mailbox: mailbox("server", folder, { after: "move Done" }),
        lmtp: { listen: `inet:127.0.0.1:${port}`, recipients: ["dmarc@rcpt.example"] },
      }),
      postgres.newDatabase(),
    );
    const postfix = await startMta({
      transport_maps: `inline:{ { dmarc@rcpt.example = lmtp:inet:127.0.0.1:${port} } }`,
    });
    for (const mail of reports[1].mails)
      postfix.submitLocally("noreply@reporter.example", "dmarc@rcpt.example", mail.toString());
    for (let round = 0; round < 2; round += 1) {
      const had = (await world.sums())?.reports ?? 0;
      const isMore = async (): Promise<boolean> => {
        // By itself Postfix waits for minutes once nobody answered, and the mailbox may be empty by then.
        await flush(postfix);
        return ((await world.sums())?.reports ?? 0) > Math.min(124, had);
      };
      await until("some more", isMore, patienceMs);
      await world.sekisho.end("SIGKILL");
      await world.sekisho.start();
    }
    await deliverAll(postfix, 25);
    await world.expectAll(...reports);
    await until("the moves", async () => (await dovecot.flags("server", "INBOX")).length === 0, patienceMs);
    expect((await dovecot.messageIds("server", "Done")).size).toBe(100);
  });

  test("the collector alone is killed: mail goes on, and so do reports", async () => {
    const reports = [generateReports(3), generateReports(3)] as const;
    await dovecot.deliver("alone", reports[0].mails);
    const world = await World.create((folder) => ({ mailbox: mailbox("alone", folder) }));
    await world.expectAll(reports[0]);
    const isCollector = (pid: number): boolean => titleOf(pid).includes("collector");
    let collector: number | undefined;
    await until("the collector", () => {
      collector = world.sekisho.workers().find(isCollector);
      return collector !== undefined;
    });
    // Never -1, which is everybody.
    process.kill(collector ?? Number.NaN, "SIGKILL");
    await dovecot.deliver("alone", reports[1].mails);
    await world.expectAll(...reports);
    await world.expectLogged(/the process that collects reports has ended \(SIGKILL\)/);
  });

  test("SIGHUP: another mailbox, and a receiver", async () => {
    const reports = generateReports(3);
    await dovecot.deliver("hup", reports.mails);
    const world = await World.create(() => ({}));
    expect(world.sekisho.workers().some((pid) => titleOf(pid).includes("collector"))).toBe(false);
    world.sekisho.configure(settings({ mailbox: mailbox("hup", world.folder) }));
    expect(await world.sekisho.reload()).toBe(true);
    await world.expectAll(reports);
    const port = await freePort();
    const rcpt = async (address: string): Promise<string> => {
      const client = start("/usr/bin/python3", [
        "-c",
        `import smtplib; s = smtplib.LMTP("127.0.0.1", ${port}); s.ehlo(); s.mail("a@example.com"); print(s.rcpt("${address}")[0])`,
      ]);
      await client.ended;
      return client.output().trim();
    };
    const lmtp = (...recipients: readonly string[]): string =>
      settings({ lmtp: { listen: `inet:127.0.0.1:${port}`, recipients } });
    world.sekisho.configure(lmtp("a@rcpt.example"));
    expect(await world.sekisho.reload()).toBe(true);
    expect([await rcpt("a@rcpt.example"), await rcpt("b@rcpt.example")]).toEqual(["250", "550"]);
    // At the same place, for others.
    world.sekisho.configure(lmtp("b@rcpt.example"));
    expect(await world.sekisho.reload()).toBe(true);
    expect([await rcpt("a@rcpt.example"), await rcpt("b@rcpt.example")]).toEqual(["550", "250"]);
    world.sekisho.configure(settings({}));
    expect(await world.sekisho.reload()).toBe(true);
    expect(await rcpt("b@rcpt.example")).toContain("ConnectionRefusedError");
  });

  test("a Maildir and a folder of files", async () => {
    const reports = [generateReports(60), generateReports(2)] as const;
    const maildir = join(mkdtempSync(join(base, "maildir-")), "box");
    const files = mkdtempSync(join(base, "files-"));
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name), { recursive: true });
    for (const [index, mail] of reports[0].mails.entries())
      writeFileSync(join(maildir, "new", `${index}.x`), mail);
    const world = await World.create(() => ({
      folder: [
        { path: maildir, poll: "1s", after: "delete" },
        { path: files, poll: "1s", after: `move ${join(files, "done")}` },
      ],
    }));
    for (const [index, mail] of reports[1].mails.entries()) writeFileSync(join(files, `${index}.eml`), mail);
    await world.expectAll(...reports);
    await until("the files to go", () => readdirSync(join(maildir, "new")).length === 0, patienceMs);
    const done = join(files, "done");
    await until("the files to move", () => existsSync(done) && readdirSync(done).length === 2, patienceMs);
  });

  test("Postfix hands over by LMTP; while the store cannot be used it keeps them", async () => {
    const port = await freePort();
    const postfix = await startMta({
      transport_maps: `inline:{ { dmarc@rcpt.example = lmtp:inet:127.0.0.1:${port} } }`,
    });
    const world = await World.create(() => ({
      lmtp: { listen: `inet:127.0.0.1:${port}`, recipients: ["dmarc@rcpt.example"] },
    }));
    await world.expectLogged(/collect: receiver is up/);
    const send = (reports: GeneratedReports): void => {
      for (const mail of reports.mails)
        postfix.submitLocally("noreply@reporter.example", "dmarc+univ@rcpt.example", mail.toString());
    };
    const reports = [generateReports(5), generateReports(3)] as const;
    send(reports[0]);
    await world.expectAll(reports[0]);
    // The program may be writing still.
    const lock = new DatabaseSync(join(world.sekisho.dataDir, "reports.sqlite"), { timeout: patienceMs });
    lock.exec("BEGIN IMMEDIATE");
    send(reports[1]);
    await until("Postfix to defer", () => /status=deferred.*451 4\.3\.0/.test(postfix.log()), patienceMs);
    lock.exec("ROLLBACK");
    lock.close();
    await deliverAll(postfix, 8);
    await world.expectAll(...reports);
    expect(postfix.log()).toMatch(/status=sent \(250/);
  });

  test("Postfix pipes into report import; while the store cannot be used it keeps them", async () => {
    const world = await World.create(() => ({}));
    const program = copyProgram(mkdtempSync(join(base, "program-")));
    const command = world.sekisho.command(program, "report", "import", "--pipe", "-").join(" ");
    const postfix = await startMta(
      {
        transport_maps: "inline:{ { dmarc@rcpt.example = reports: } }",
        reports_destination_recipient_limit: "1",
      },
      [`reports unix - n n - 2 pipe flags= user=nobody argv=${command}`],
    );
    // Any user that may write there; reports of a pipe are not for root.
    for (const path of [world.folder, world.sekisho.dataDir]) chownSync(path, 65_534, 65_534);
    const reports = generateReports(3);
    for (const mail of reports.mails)
      postfix.submitLocally("noreply@reporter.example", "dmarc@rcpt.example", mail.toString());
    await world.expectAll(reports);
    await deliverAll(postfix, 3);
    // What nobody can read is kept and is not bounced.
    postfix.submitLocally(
      "noreply@reporter.example",
      "dmarc@rcpt.example",
      "Content-Type: application/zip\n\nPK\x03\x04 no",
    );
    await deliverAll(postfix, 4);
    expect(postfix.log()).not.toMatch(/status=bounced/);
    chmodSync(world.sekisho.dataDir, 0o500);
    for (const name of readdirSync(world.sekisho.dataDir).filter((one) => one.startsWith("reports.sqlite")))
      chmodSync(join(world.sekisho.dataDir, name), 0o400);
    const later = generateReports(1);
    const deferred = (): number => postfix.log().split("status=deferred").length;
    const before = deferred();
    postfix.submitLocally("noreply@reporter.example", "dmarc@rcpt.example", String(later.mails[0]));
    await until("Postfix to defer", () => deferred() > before, patienceMs);
    for (const name of readdirSync(world.sekisho.dataDir).filter((one) => one.startsWith("reports.sqlite")))
      chmodSync(join(world.sekisho.dataDir, name), 0o600);
    chmodSync(world.sekisho.dataDir, 0o700);
    await deliverAll(postfix, 5);
    await world.expectAll(reports, later);
  });

  /** Also what Postfix would try again only later. */
  async function flush(postfix: Postfix): Promise<void> {
    await start("/usr/sbin/postqueue", ["-c", postfix.etc, "-f"]).ended;
  }

  async function deliverAll(postfix: Postfix, mails: number): Promise<void> {
    const isEmpty = async (): Promise<boolean> => {
      await flush(postfix);
      await sleep(500);
      return postfix.log().split(": removed").length - 1 === mails;
    };
    await until("the queue to be empty", isEmpty, patienceMs).catch((cause: unknown) => {
      throw new Error(postfix.log(), { cause });
    });
  }

  async function startMta(
    more: Readonly<Record<string, string>>,
    services: readonly string[] = [],
  ): Promise<Postfix> {
    const folder = mkdtempSync(join(base, "postfix-"));
    const unixLmtp = "lmtp unix - - n - - lmtp";
    const options = { recipient_delimiter: "+", minimal_backoff_time: "1s", maximal_backoff_time: "2s" };
    const postfix = await startPostfix(folder, { ...options, ...more }, [unixLmtp, ...services]);
    onTestFinished(() => postfix.stop());
    return postfix;
  }
});

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** A JSON web token that Dovecot can check by itself. */
function accessToken(user: string): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = part({ alg: "HS256", typ: "JWT" });
  const signed = `${head}.${part({ sub: user, iat: now - 10, nbf: now - 10, exp: now + 3600 })}`;
  return `${signed}.${createHmac("sha256", oauthKey).update(signed).digest("base64url")}`;
}
