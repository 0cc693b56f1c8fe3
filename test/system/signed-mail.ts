import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { openDkimVerification } from "../../src/core/dkim/verify.ts";
import { createDnsClient, type DnsClient } from "../../src/core/dns/client.ts";
import { askDirectly } from "../../src/core/dns/direct.ts";
import type { DnsResolver } from "../../src/core/dns/resolver.ts";
import type { ServerAddress } from "../../src/core/dns/server-address.ts";
import { parseHead } from "../../src/core/message/message.ts";
import { applyLikePostfix, MilterClient } from "../milter-client.ts";

/** A message as it left, and what became of it. */
export interface SentMail {
  readonly at: number;
  readonly text: string;
  readonly selectors: readonly string[];
}

export interface Verdict {
  readonly mail: SentMail;
  /** "cold": the server is asked for this message; "warm": a cache that has asked for the selectors all the time. */
  readonly by: "cold" | "warm";
  readonly at: number;
  readonly results: readonly string[];
}

/** A server that takes so long is on a busy machine; by then the mail has been on its way for too long. */
const slowMs = 20_000;

/** Mail that goes through the milter all the while, verified with what one server says at that moment. */
export class SignedMail {
  readonly sent: SentMail[] = [];
  readonly verdicts: Verdict[] = [];
  /** What the milter let pass without a signature. */
  readonly unsigned: string[] = [];
  readonly #port: number;
  readonly #domain: string;
  readonly #server: ServerAddress;
  /** Keeps that a name is not there for as long as it may. */
  readonly #warm: DnsClient;
  /** How long mail may be on its way (ms). */
  readonly #travelMs: number;
  #isOver = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(port: number, domain: string, server: ServerAddress, travelMs: number) {
    this.#port = port;
    this.#domain = domain;
    this.#server = server;
    this.#travelMs = travelMs;
    this.#warm = createDnsClient({ servers: [server], timeoutMs: slowMs });
  }

  begin(): void {
    this.#work = Promise.all([this.#send(), this.#receiveLater(), this.#spoilCache()]);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#work;
    this.#warm.close();
  }

  /** Those that no verifier would take. */
  broken(): readonly Verdict[] {
    return this.verdicts.filter(({ results }) => !results.includes("pass") || results.includes("permerror"));
  }

  async #send(): Promise<void> {
    while (!this.#isOver) {
      // While the program is down the MTA would keep the mail.
      await this.#sendOne().catch(() => {});
      await sleep(100);
    }
  }

  async #sendOne(): Promise<void> {
    const client = await MilterClient.open({ port: this.#port });
    try {
      await client.connect({ hostname: "localhost", address: "127.0.0.1" });
      await client.helo();
      const raw = [
        `From: Taro <taro@${this.#domain}>`,
        "To: hanako@rcpt.example",
        `Subject: ${this.sent.length}`,
        `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
        `Message-ID: <${this.sent.length}@${this.#domain}>`,
        "",
        "Hello.",
        "",
      ].join("\r\n");
      const from = `taro@${this.#domain}`;
      // It is signed after this, however late the answer is read here.
      const at = Date.now();
      const outcome = await client.message({ raw, from, to: ["hanako@rcpt.example"] });
      const text = applyLikePostfix(raw, outcome.edits, client.agreed);
      const selectors = [...text.matchAll(/\bs=([a-z0-9]+);/g)].map((match) => match[1] ?? "");
      if (selectors.length === 0) this.#noteUnsigned(outcome.verdict.code, text);
      else await this.#receive({ at, text, selectors }, true);
    } finally {
      client.destroy();
    }
  }

  /** Mail that is put off comes again. */
  #noteUnsigned(verdict: string, text: string): void {
    if (verdict === "a" || verdict === "c")
      this.unsigned.push(`${new Date().toISOString()} ${verdict} ${text}`);
  }

  async #receive(mail: SentMail, isNew: boolean): Promise<void> {
    if (isNew) this.sent.push(mail);
    const cold: DnsResolver = {
      query: async (name, type) =>
        (await askDirectly(this.#server, name, type, { timeoutMs: slowMs })).answer,
    };
    await this.#judge(mail, "cold", cold);
    if (isNew) await this.#judge(mail, "warm", this.#warm);
  }

  /** What this machine was too busy to verify in time is no mail that the keys are kept for. */
  async #judge(mail: SentMail, by: Verdict["by"], dns: DnsResolver): Promise<void> {
    const at = Date.now();
    const results = await verify(mail.text, dns);
    if (Date.now() <= mail.at + this.#travelMs) this.verdicts.push({ mail, by, at, results });
  }

  /** Mail that has waited in queues: what was signed by each set of keys last, as late as is still in time. */
  async #receiveLater(): Promise<void> {
    while (!this.#isOver) {
      const now = Date.now();
      const inTime = this.sent.filter(({ at }) => at > now - this.#travelMs);
      const oldest = new Map(inTime.toReversed().map((mail) => [mail.selectors.join(), mail]));
      for (const mail of oldest.values()) await this.#receive(mail, false);
      await sleep(300);
    }
  }

  /** Somebody asks for selectors before they are published. */
  async #spoilCache(): Promise<void> {
    while (!this.#isOver) {
      const dates = [0, 86_400_000].map((ms) =>
        new Date(Date.now() + ms).toISOString().slice(0, 10).replaceAll("-", ""),
      );
      for (const date of dates)
        for (const letter of "abcdef")
          for (const type of "se")
            await this.#warm.query(`${type}${date}${letter}._domainkey.${this.#domain}`, "TXT");
      await sleep(200);
    }
  }
}

async function verify(text: string, dns: DnsResolver): Promise<readonly string[]> {
  const split = text.indexOf("\r\n\r\n") + 4;
  const verification = openDkimVerification(parseHead(Buffer.from(text.slice(0, split), "latin1")), {
    dns,
    clock: systemClock,
  });
  verification.body(Buffer.from(text.slice(split), "latin1"));
  return (await verification.finish()).map(({ result }) => result);
}
