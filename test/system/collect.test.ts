import { createHmac, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
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
import { startCuttingProxy } from "./cutting-proxy.ts";
import { Dovecot, imapPassword } from "./dovecot.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { describeWith, freePort, start, until } from "./process.ts";
import { Sekisho } from "./sekisho.ts";

const programs = ["/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/sbin/postfix", "/usr/bin/setpriv"];
const patienceMs = 60_000;
const base = mkdtempSync(join(tmpdir(), "sekisho-collect-"));
const oauthKey = randomBytes(32);

/** The program with its own data, ended with the test. */
class World {
  readonly folder: string;
  readonly sekisho: Sekisho;

  private constructor(folder: string, sekisho: Sekisho) {
    this.folder = folder;
    this.sekisho = sekisho;
  }

  static async create(collect: (folder: string) => object): Promise<World> {
    const folder = mkdtempSync(join(base, "world-"));
    writeFileSync(join(folder, "password"), `${imapPassword}\n`, { mode: 0o600 });
    const listen = `inet:127.0.0.1:${await freePort()}`;
    const world = new World(folder, new Sekisho(folder, { listen }, settings(collect(folder))));
    onTestFinished(async () => {
      await world.sekisho.end();
    });
    await world.sekisho.start();
    return world;
  }

  /** What the store says; undefined while it is not there or cannot be read. */
  async sums(): Promise<{ readonly reports: number; readonly messages: number } | undefined> {
    const { dataDir } = this.sekisho;
    if (!readdirSync(dataDir).includes("reports.sqlite")) return undefined;
    try {
      const store = await openReportStore({ dataDir });
      const days = await store.days({});
      const { reports } = await store.counts();
      await store.close();
      return { reports, messages: days.reduce((sum, { messages }) => sum + messages, 0) };
    } catch {
      return undefined;
    }
  }

  async expectAll(...generated: readonly GeneratedReports[]): Promise<void> {
    const wanted = {
      reports: generated.reduce((sum, { mails }) => sum + mails.length, 0),
      messages: generated.reduce((sum, { messages }) => sum + messages, 0),
    };
    let seen: unknown;
    const isThere = async (): Promise<boolean> => {
      const sums = await this.sums();
      seen = sums;
      return (sums?.reports ?? 0) >= wanted.reports;
    };
    await until("all reports", isThere, patienceMs).catch((error: unknown) => {
      throw new Error(`${JSON.stringify({ wanted, seen })}\n${this.sekisho.output()}`, { cause: error });
    });
    expect(await this.sums()).toEqual(wanted);
  }

  /** Lines of the log about documents with that outcome. */
  outcomes(outcome: string): number {
    return this.sekisho.output().split(`collect: document outcome=${outcome} `).length - 1;
  }
}

function settings(collect: object): string {
  const dns = { nameservers: ["127.0.0.1:9"], timeout: "100ms" };
  return `dns: ${JSON.stringify(dns)}\nweb: { listen: off }\ncollect: ${JSON.stringify(collect)}\n`;
}

describeWith(programs, "reports that come in", () => {
  let dovecot: Dovecot;

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
  }, 60_000);

  afterAll(async () => {
    await dovecot?.stop();
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
    await until("the moves", async () => (await count("move", "INBOX")) === 0);
    expect(await count("move", "Done.2025")).toBe(62);
    expect(await count("move", "Unread")).toBe(1);
    expect(await dovecot.flags("leave", "INBOX")).toEqual(Array.from({ length: 9 }, () => []));
    const flags = async (name: string): Promise<boolean> =>
      (await dovecot.flags("flag", name)).every((one) => one.toSorted().join(" ") === "$Sekisho \\Seen");
    await until("the flags", async () => (await flags("INBOX")) && (await flags("Reports")));
    expect(world.outcomes("seen")).toBe(0);

    // Started again, it knows what it has read, whatever the way.
    await world.sekisho.end();
    const later = generateReports(1);
    await dovecot.deliver("leave", later.mails);
    await world.sekisho.start();
    await world.expectAll(...before, ...after, later);
    expect(world.outcomes("seen")).toBe(0);
  }, 180_000);

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
    await until(
      "the refusals",
      () => /locked@.*Authentication failed/.test(world.sekisho.output()),
      patienceMs,
    );
    expect(world.sekisho.output()).toMatch(/stranger@.*self.signed/i);
    const { output } = await world.sekisho.run("status");
    expect(output).toContain("reports cannot be collected as configured");
    expect(output).toMatch(/locked@.*waits to try again/);
  }, 120_000);

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
    await until("the moves", async () => (await dovecot.flags("cut", "INBOX")).length === 0);
    expect((await dovecot.flags("cut", "Done")).length).toBe(80);
    const later = generateReports(1);
    await dovecot.deliver("cut", later.mails);
    await world.expectAll(reports, later);
  }, 120_000);

  test("a mail beyond max_size is left where it is, and comes in once it may", async () => {
    const small = generateReports(3);
    const large = generateReports(1, 3_000);
    await dovecot.deliver("large", [...small.mails.slice(0, 1), ...large.mails, ...small.mails.slice(1)]);
    const world = await World.create((folder) => ({
      mailbox: mailbox("large", folder, { max_size: "10KB" }),
    }));
    await world.expectAll(small);
    expect(world.sekisho.output()).toContain('reason="larger than max_size"');
    // Under another configuration, after a restart, although later ones have been read.
    world.sekisho.configure(settings({ mailbox: mailbox("large", world.folder) }));
    expect(await world.sekisho.reload()).toBe(true);
    await world.expectAll(small, large);
    expect(world.outcomes("seen")).toBe(0);
  }, 120_000);

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
    await until("the old ones", () => world.outcomes("seen") === 5);
  }, 120_000);

  test("a server that goes away and comes back", async () => {
    const reports = [generateReports(3), generateReports(3)] as const;
    await dovecot.deliver("restart", reports[0].mails);
    const world = await World.create((folder) => ({ mailbox: mailbox("restart", folder) }));
    await world.expectAll(reports[0]);
    await dovecot.stop();
    await until("the end to be noticed", () => world.sekisho.output().includes("WARN  collect: mailbox"));
    await dovecot.start();
    await dovecot.deliver("restart", reports[1].mails);
    await world.expectAll(...reports);
    expect(world.outcomes("seen")).toBe(0);
  }, 120_000);

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
    expect((await dovecot.flags("killed", "Done")).length).toBe(300);
  }, 180_000);

  test("the collector alone is killed: mail goes on, and so do reports", async () => {
    const reports = [generateReports(3), generateReports(3)] as const;
    await dovecot.deliver("alone", reports[0].mails);
    const world = await World.create((folder) => ({ mailbox: mailbox("alone", folder) }));
    await world.expectAll(reports[0]);
    const isCollector = (pid: number): boolean => titleOf(pid).includes("collector");
    const collector = world.sekisho.workers().find(isCollector);
    process.kill(collector ?? -1, "SIGKILL");
    await dovecot.deliver("alone", reports[1].mails);
    await world.expectAll(...reports);
    expect(world.sekisho.output()).toContain("the process that collects reports has ended (SIGKILL)");
  }, 120_000);

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
  }, 120_000);

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
    await until("the files to go", () => readdirSync(join(maildir, "new")).length === 0);
    await until("the files to move", () => readdirSync(join(files, "done")).length === 2);
  }, 120_000);

  test("Postfix hands over by LMTP; while the store cannot be used it keeps them", async () => {
    const port = await freePort();
    const postfix = await startMta({
      transport_maps: `inline:{ { dmarc@rcpt.example = lmtp:inet:127.0.0.1:${port} } }`,
    });
    const world = await World.create(() => ({
      lmtp: { listen: `inet:127.0.0.1:${port}`, recipients: ["dmarc@rcpt.example"] },
    }));
    await until("the receiver", () => world.sekisho.output().includes("collect: receiver is up"), patienceMs);
    const send = (reports: GeneratedReports): void => {
      for (const mail of reports.mails)
        postfix.submitLocally("noreply@reporter.example", "dmarc+univ@rcpt.example", mail.toString());
    };
    const reports = [generateReports(5), generateReports(3)] as const;
    send(reports[0]);
    await world.expectAll(reports[0]);
    const lock = new DatabaseSync(join(world.sekisho.dataDir, "reports.sqlite"));
    lock.exec("BEGIN IMMEDIATE");
    send(reports[1]);
    await until("Postfix to defer", () => /status=deferred.*451 4\.3\.0/.test(postfix.log()), patienceMs);
    lock.exec("ROLLBACK");
    lock.close();
    await deliverAll(postfix, 8);
    await world.expectAll(...reports);
    expect(postfix.log()).toMatch(/status=sent \(250/);
  }, 180_000);

  test("Postfix pipes into report import; while the store cannot be used it keeps them", async () => {
    const world = await World.create(() => ({}));
    const command = [...world.sekisho.command("report", "import", "--pipe", "-")].join(" ");
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
    postfix.submitLocally("noreply@reporter.example", "dmarc@rcpt.example", String(later.mails[0]));
    await until("Postfix to defer", () => /status=deferred/.test(postfix.log()), patienceMs);
    for (const name of readdirSync(world.sekisho.dataDir).filter((one) => one.startsWith("reports.sqlite")))
      chmodSync(join(world.sekisho.dataDir, name), 0o600);
    chmodSync(world.sekisho.dataDir, 0o700);
    await deliverAll(postfix, 5);
    await world.expectAll(reports, later);
  }, 180_000);

  /** Also what Postfix would try again only later. */
  async function deliverAll(postfix: Postfix, mails: number): Promise<void> {
    const isEmpty = async (): Promise<boolean> => {
      await start("/usr/sbin/postqueue", ["-c", postfix.etc, "-f"]).ended;
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
