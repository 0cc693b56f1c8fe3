import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DeliveredMessage, parseDelivered } from "./delivered-message.ts";
import { complaints, expectRight } from "./expect-right.ts";
import { folderIn, installWith, startVerifier, type Verifier, type VerifierOptions } from "./installation.ts";
import { Load } from "./load.ts";
import { messageOnLoopback } from "./loopback.ts";
import { type MailSink, startMailSink } from "./mail-sink.ts";
import { kindNames, makeAnother, makeMessages, type TestMessage } from "./messages.ts";
import { describeWith, until } from "./process.ts";
import { type Sendmail, type SendmailSettings, sendmailPrograms, startSendmail } from "./sendmail.ts";
import { type SmtpReply, submit } from "./smtp-client.ts";

const programs = [...sendmailPrograms, "/usr/sbin/knotd"];

interface House extends Verifier {
  readonly sendmail: Sendmail;
  readonly sink: MailSink;
  end(): Promise<void>;
}

/** Name server, Sekisho, Sendmail, and where it delivers. */
function install(options: VerifierOptions & Pick<SendmailSettings, "answerTimeout"> = {}): Promise<House> {
  return installWith(async (folder, closers) => {
    const verifier = await startVerifier(folder, { ...options, onLoopback: true }, closers);
    const sink = await startMailSink();
    closers.push(() => sink.stop());
    const [, host, port] = verifier.listen.split(":");
    const sendmail = await startSendmail(folderIn(folder, "sendmail"), {
      milter: verifier.socketPath === undefined ? `inet:${port}@${host}` : `local:${verifier.socketPath}`,
      relayPort: sink.port,
      ...(options.answerTimeout !== undefined && { answerTimeout: options.answerTimeout }),
    });
    closers.push(() => sendmail.stop());
    return { ...verifier, sendmail, sink };
  });
}

/** A time in which the program, or one of its workers, was not there, by `performance.now()`. */
interface Outage {
  readonly killedAt: number;
  readonly restartedAt: number;
}

describeWith(programs, "500 messages through Sendmail: reloads, workers and the program killed", () => {
  const messages = makeMessages().map((message) => asSendmailWrites(messageOnLoopback(message)));
  const outages: Outage[] = [];
  const workerOutages: Outage[] = [];
  let reloads = 0;
  let house: House;
  let load: Load;
  let delivered: Map<string, DeliveredMessage[]>;

  async function killAfter(accepted: number): Promise<void> {
    await until(`${accepted} messages`, () => load.accepted.length >= accepted, 120_000);
    const killedAt = performance.now();
    await house.sekisho.end("SIGKILL");
    const refused = load.refused.length;
    await until("messages to be refused", () => load.refused.length >= refused + 40, 60_000);
    await house.sekisho.start();
    outages.push({ killedAt, restartedAt: performance.now() });
  }

  async function killWorkerAfter(accepted: number): Promise<void> {
    await until(
      `${accepted} messages and all workers`,
      () => load.accepted.length >= accepted && house.sekisho.allWorkersAreBack(),
      120_000,
    );
    const [pid = 0] = house.sekisho.workers();
    const killedAt = performance.now();
    await house.sekisho.killWorker(pid);
    // The other workers take all connections from here on.
    workerOutages.push({ killedAt, restartedAt: performance.now() });
  }

  /** One after the other, as the mail goes on: whatever the machine does in a second. */
  async function disturb(): Promise<void> {
    for (const accepted of [40, 80]) await killWorkerAfter(accepted);
    await killAfter(120);
    for (const accepted of [200, 250]) await killWorkerAfter(accepted);
    await killAfter(300);
    for (const accepted of [380, 420]) await killWorkerAfter(accepted);
  }

  async function reloadAgainAndAgain(): Promise<void> {
    for (;;) {
      const enough = load.accepted.length + 40;
      await Promise.race([
        sleep(1000),
        until("some mail", () => load.accepted.length >= enough).catch(() => {}),
      ]);
      if (load.accepted.length >= messages.length) return;
      // It knows what the signal means as soon as it has workers.
      if (house.sekisho.workers().length === 0) continue;
      house.sekisho.signal("SIGHUP");
      reloads += 1;
    }
  }

  beforeAll(async () => {
    house = await install();
    load = new Load(house.sendmail.port, messages, "source");
    await Promise.all([load.run(32), disturb(), reloadAgainAndAgain()]);
    await until("delivery", () => house.sink.delivered.length >= messages.length, 60_000);
    delivered = Map.groupBy(house.sink.delivered.map(parseDelivered), ({ token }) => token);
  }, 480_000);

  afterAll(() => house?.end(), 60_000);

  test.each(kindNames)("%s", (kind) => {
    for (const message of messages.filter((one) => one.kind === kind)) {
      const copies = delivered.get(message.token) ?? [];
      expect(copies).toHaveLength(1);
      for (const copy of copies) expectRight(copy, message, ["authentication-results"]);
    }
  });

  test("nothing else is delivered, and nothing is left behind", () => {
    expect(messages).toHaveLength(500);
    expect(delivered.size).toBe(500);
    expect(house.sink.delivered).toHaveLength(500);
    const queueIds = [...delivered.values()].flat().map(({ queueId }) => queueId);
    expect(queueIds.toSorted()).toEqual(load.accepted.map(({ queueId }) => queueId).toSorted());
    expect(house.sendmail.queued()).toEqual([]);
    expect(house.sendmail.quarantined()).toEqual([]);
  });

  test("while the program is away the MTA answers 4xx, and only then", () => {
    expect(outages).toHaveLength(2);
    for (const { killedAt, restartedAt } of outages) {
      const during = load.refused.filter(({ at }) => at > killedAt && at < restartedAt);
      expect(during.length).toBeGreaterThanOrEqual(32);
    }
    expect(workerOutages.length).toBeGreaterThanOrEqual(3);
    expect(reloads).toBeGreaterThanOrEqual(5);
    const all = [...outages, ...workerOutages];
    for (const { reply, openedAt, at } of load.refused) {
      // 454 is the answer to AUTH.
      expect(reply?.code === 454 ? 451 : reply?.code).toBe(451);
      expect(reply?.text).toMatch(/^4\.3\.[02] Please try again later$/);
      // A connection that was there before stays bad; a new one is good as soon as the program listens.
      expect(all.some(({ killedAt, restartedAt }) => at > killedAt && openedAt < restartedAt)).toBe(true);
    }
  });

  test("the log of Sendmail tells the same", async () => {
    const count = (pattern: RegExp): number => house.sendmail.log().match(pattern)?.length ?? 0;
    await until("the last line", () => count(/stat=Sent/g) >= 500);
    expect(count(/stat=(?!Sent|Please try again later$|aborted by sender$)/gm)).toBe(0);
    expect(count(/Milter \(sekisho\) insert \(0\): header: Authentication-Results: /g)).toBe(500);
    expect(count(/Milter accept: message/g)).toBe(500);
    expect(count(/AUTH=server, relay=.* authid=user, mech=PLAIN/g)).toBeGreaterThanOrEqual(1);
    const said = house.sendmail.log().match(/^.*(?:Milter \(sekisho\): |SYSERR).*$/gm) ?? [];
    expect(said.filter((line) => !/: init success to negotiate$/.test(line) && !isOfKill(line))).toEqual([]);
  });

  test("the program's own log has no fault", () => {
    const output = house.sekisho.output();
    expect(output).toMatch(/INFO {2}message queueId=/);
    expect(complaints(output, /worker \d+ has ended/)).toEqual([]);
  });

  test("explain tells of a message by Sendmail's queue id", async () => {
    // Another one: the record of one that came just before a kill may be lost.
    const { submission, token } = messageOnLoopback(makeAnother("IPv6 client"));
    const { text } = await submit(house.sendmail.port, submission, "source");
    const queueId = queueIdOf(text);
    let output = "";
    await until("the record", async () => {
      const explained = await house.sekisho.run("explain", queueId, "--json");
      output = explained.output;
      return explained.code === 0;
    });
    expect(JSON.parse(output)).toMatchObject({
      queueId,
      messageId: `<${token}@author.example>`,
      client: { origin: "stranger", ip: "::1" },
      results: { spf: { result: "pass" } },
    });
  });

  test("mail of this host is not verified", async () => {
    const id = "<from.this.host@rcpt.example>";
    const message = `From: root@rcpt.example\r\nMessage-ID: ${id}\r\n\r\nHello.`;
    await house.sendmail.submitLocally("root@rcpt.example", "someone@rcpt.example", message);
    const find = (): Buffer | undefined => house.sink.delivered.find((octets) => octets.includes(id));
    await until("delivery", () => find() !== undefined);
    expect(find()?.toString()).toMatch(/^Authentication-Results: mx\.rcpt\.example; none\nReceived: /);
    await until("the line", () => / origin=local /.test(house.sekisho.output()));
  });
});

function queueIdOf(text: string): string {
  return /^2\.0\.0 (\w+) Message accepted/.exec(text)?.[1] ?? "";
}

/** Lines that must come when the program at the other end of a connection goes away. */
function isOfKill(line: string): boolean {
  return /: (?:to error state|init failed to \w+|(?:open|error connecting to filter)\b.*: Connection \w+ by .*|(?:write|read|cmd read)\b.* returned .*)$/.test(
    line,
  );
}

/** Without SMTPUTF8 Sendmail puts a DEL before each octet from 0x80 to 0x9f of an address, with a filter or without. */
function asSendmailWrites(message: TestMessage): TestMessage {
  if (!message.kept.includes("日本語.example")) return message;
  const marked = message.kept
    .toString("latin1")
    .replace(/<[^<>\n]*\.example>|(?<=^From: )[^<\n]*$/m, (address) =>
      address.replace(/[\x80-\x9f]/g, "\x7f$&"),
    );
  return { ...message, kept: Buffer.from(marked, "latin1") };
}

describeWith(programs, "what is done with verdicts, at Sendmail", () => {
  function send(house: House, message: TestMessage): Promise<SmtpReply> {
    return submit(house.sendmail.port, message.submission, "source");
  }

  /** The header of the message as it was delivered. */
  async function arrival(house: House, { token }: TestMessage): Promise<string> {
    const find = (): Buffer | undefined => house.sink.delivered.find((octets) => octets.includes(token));
    await until("delivery", () => find() !== undefined);
    return find()?.toString("latin1").split("\n\n", 1)[0] ?? "";
  }

  function another(kind: string): TestMessage {
    return messageOnLoopback(makeAnother(kind));
  }

  describe("reject, quarantine and tempfail over a unix socket", () => {
    let house: House;
    beforeAll(async () => {
      house = await install({
        socket: "unix",
        verify:
          "{ enforce: reject, own_domains: [author.example], spf: { on_permerror: defer }, " +
          "overrides: [{ domain: third.example, action: reject }] }",
      });
    }, 120_000);
    afterAll(() => house?.end(), 60_000);

    test("reject: the client gets 550 5.7.1 and the word DMARC, and so does the log", async () => {
      const text = "5.7.1 Email rejected per DMARC policy for author.example (own-domain)";
      expect(await send(house, another("spoofed"))).toMatchObject({ code: 550, text });
      await until("the line", () => house.sendmail.log().includes(`reject=550 ${text}`));
      expect(house.sink.delivered).toEqual([]);
    });

    test("quarantine: delivered with our field, and only ours", async () => {
      const message = another("From with a U-label, spoofed");
      expect(await send(house, message)).toMatchObject({ code: 250 });
      expect((await arrival(house, message)).match(/^x-sekisho-[^\n]*/gim)).toEqual([
        expect.stringMatching(
          /^X-Sekisho-Quarantine: dmarc; domain=xn--wgv71a119e\.example; policy=quarantine/,
        ),
      ]);
    });

    test("tempfail: 451, and nothing is delivered", async () => {
      const before = house.sink.delivered.length;
      expect(await send(house, another("two SPF records, no DMARC"))).toMatchObject({
        code: 451,
        text: expect.stringMatching(/^4\.7\.24 SPF MAIL FROM check of broken\.example/),
      });
      await until("the line", () => house.sendmail.log().includes("reject=451 4.7.24 "));
      expect(house.sink.delivered).toHaveLength(before);
    });

    test("what passes is delivered as it is", async () => {
      const message = another("signed with RSA");
      expect(await send(house, message)).toMatchObject({ code: 250 });
      expect(await arrival(house, message)).not.toMatch(/x-sekisho/i);
    });
  });

  describe("hold and shadow; an answer of several lines", () => {
    let house: House;
    beforeAll(async () => {
      house = await install({
        verify:
          "{ enforce: quarantine, quarantine_action: hold, spf: { on_fail: reject }, " +
          "shadow: { rules: { raw_8bit_header: reject } } }",
      });
    }, 120_000);
    afterAll(() => house?.end(), 60_000);

    test("hold: accepted and kept in quarantine, and delivered with our field when let out", async () => {
      const message = another("strict alignment, a subdomain signed");
      const reply = await send(house, message);
      expect(reply.code).toBe(250);
      const queueId = queueIdOf(reply.text);
      await until("quarantine", () => house.sendmail.quarantined().length > 0);
      expect(house.sendmail.quarantined()).toEqual([`hf${queueId}`]);
      const reason = "dmarc; reason=enforce.quarantine; policy=reject; domain=strict.example";
      const listed = (await house.sendmail.listQuarantined()).replace(/\s+/g, " ");
      expect(listed).toContain(queueId);
      expect(listed).toContain(`QUARANTINE: ${reason.slice(0, 60)}`);
      await until("the line of Sendmail", () =>
        house.sendmail.log().includes(`milter=sekisho, quarantine=${reason}`),
      );
      await until("our line", () => house.sekisho.output().includes(" action=hold "));
      expect(house.sink.delivered).toEqual([]);
      await house.sendmail.release(queueId);
      await arrival(house, message);
      for (const copy of house.sink.delivered.map(parseDelivered))
        expectRight(copy, message, ["authentication-results"]);
      expect(house.sendmail.quarantined()).toEqual([]);
    });

    test("shadow: delivered as ever, recorded, and told by sekisho shadow", async () => {
      const message = another("8-bit body");
      const reply = await send(house, message);
      expect(reply.code).toBe(250);
      expect(await arrival(house, message)).not.toMatch(/x-sekisho/i);
      const queueId = queueIdOf(reply.text);
      await until("the record", async () => (await house.sekisho.run("explain", queueId)).code === 0);
      const { code, output } = await house.sekisho.run("shadow", "--lang", "en");
      expect(code).toBe(1);
      expect(output).toContain(queueId);
    });

    test("an answer of two lines with a percent sign arrives as it is", async () => {
      const { submission } = another("unsigned");
      const replied = submit(
        house.sendmail.port,
        { ...submission, mailFrom: "a@explains.example" },
        "source",
      );
      const text = "5.7.23 100% of mail from 127.0.2.25 is refused";
      expect(await replied).toMatchObject({ code: 550, text });
      await until("the line", () =>
        house.sendmail.log().includes("SPF MAIL FROM check failed for explains.example"),
      );
    });
  });
});

describeWith(
  sendmailPrograms,
  "a name server that is silent for longer than Sendmail waits for one answer",
  () => {
    let house: House;
    const silent = createSocket("udp4");
    beforeAll(async () => {
      await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
      const nameserverPort = silent.address().port;
      house = await install({
        nameserverPort,
        dnsTimeout: "60s",
        timeBudget: "13s",
        answerTimeout: "10s",
      });
    }, 120_000);
    afterAll(async () => {
      await house?.end();
      silent.close();
    }, 60_000);

    test("it is kept waiting by progress packets, and the message goes on", async () => {
      const { submission } = messageOnLoopback(makeAnother("signed with both"));
      const reply = await submit(house.sendmail.port, submission, "source");
      expect(reply.code).toBe(250);
      expect(reply.waitedMs).toBeGreaterThan(10_000);
      await until("delivery", () => house.sink.delivered.length > 0);
      const [copy] = house.sink.delivered.map(parseDelivered);
      expect(copy?.statements.map((statement) => statement.split(" ", 1)[0])).toEqual([
        "iprev=temperror",
        "spf=temperror",
        "spf=temperror",
        "dkim=temperror",
        "dkim=temperror",
        "dmarc=temperror",
      ]);
    });
  },
);
