import { afterAll, beforeAll, expect, test } from "vitest";
import { type DeliveredMessage, parseDelivered } from "./delivered-message.ts";
import { expectRight } from "./expect-right.ts";
import { folderIn, installWith, startVerifier, type Verifier, type VerifierOptions } from "./installation.ts";
import { Load } from "./load.ts";
import { messageOnLoopback } from "./loopback.ts";
import { type MailSink, startMailSink } from "./mail-sink.ts";
import { kindNames, makeMessages } from "./messages.ts";
import { describeWith, until } from "./process.ts";
import { type Sendmail, sendmailPrograms, startSendmail } from "./sendmail.ts";

const programs = [...sendmailPrograms, "/usr/sbin/knotd"];

interface House extends Verifier {
  readonly sendmail: Sendmail;
  readonly sink: MailSink;
  end(): Promise<void>;
}

/** Name server, Sekisho, Sendmail, and where it delivers. */
function install(options: VerifierOptions = {}): Promise<House> {
  return installWith(async (folder, closers) => {
    const verifier = await startVerifier(folder, { ...options, onLoopback: true }, closers);
    const sink = await startMailSink();
    closers.push(() => sink.stop());
    const [, host, port] = verifier.listen.split(":");
    const sendmail = await startSendmail(folderIn(folder, "sendmail"), {
      milter: verifier.socketPath === undefined ? `inet:${port}@${host}` : `local:${verifier.socketPath}`,
      relayPort: sink.port,
    });
    closers.push(() => sendmail.stop());
    return { ...verifier, sendmail, sink };
  });
}

describeWith(
  programs,
  "500 messages through Sendmail over 32 connections while the program is killed twice",
  () => {
    const messages = makeMessages().map(messageOnLoopback);
    let house: House;
    let load: Load;
    let delivered: Map<string, DeliveredMessage[]>;

    beforeAll(async () => {
      house = await install();
      load = new Load(house.sendmail.port, messages, "source");
      try {
        await load.run(32);
        await until("delivery", () => house.sink.delivered.length >= messages.length, 60_000);
      } catch (e) {
        console.log(house.sendmail.log().slice(-6000), house.sekisho.output().slice(-3000));
        throw e;
      }
      const { writeFileSync } = await import("node:fs");
      writeFileSync("/tmp/smx/mail.log", house.sendmail.log());
      writeFileSync("/tmp/smx/sek.log", house.sekisho.output());
      delivered = Map.groupBy(house.sink.delivered.map(parseDelivered), ({ token }) => token);
    }, 240_000);

    afterAll(() => house?.end(), 60_000);

    test.each(kindNames)("%s", (kind) => {
      for (const message of messages.filter((one) => one.kind === kind)) {
        const copies = delivered.get(message.token) ?? [];
        expect(copies).toHaveLength(1);
        for (const copy of copies) expectRight(copy, message, ["authentication-results"]);
      }
    });
  },
);
