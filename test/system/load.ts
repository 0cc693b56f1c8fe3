import { setTimeout as sleep } from "node:timers/promises";
import type { TestMessage } from "./messages.ts";
import { type ClientBy, SmtpConnectionError, type SmtpReply, SmtpSession } from "./smtp-client.ts";

/** An attempt that came to nothing. Times are those of `performance.now()`. */
export interface Refusal {
  readonly token: string;
  /** Undefined when the connection was lost. */
  readonly reply: SmtpReply | undefined;
  /** When the SMTP connection was opened. */
  readonly openedAt: number;
  readonly at: number;
}

export interface Acceptance {
  readonly token: string;
  readonly queueId: string;
  readonly at: number;
  /** From the end of the message to the reply. */
  readonly waitedMs: number;
}

const pauseMs = 200;
/** For one message: longer than any outage, also on a machine that is slow to start things. */
const patienceMs = 240_000;

/** Sends messages over many connections, and each as often as it takes until it is accepted. */
export class Load {
  readonly accepted: Acceptance[] = [];
  readonly refused: Refusal[] = [];
  readonly #port: number;
  readonly #clientBy: ClientBy;
  readonly #waiting: TestMessage[];

  constructor(port: number, messages: readonly TestMessage[], clientBy: ClientBy = "xclient") {
    this.#port = port;
    this.#clientBy = clientBy;
    this.#waiting = messages.toReversed();
  }

  /** Rejects when a message is refused for good, or for too long. */
  async run(connections: number): Promise<void> {
    await Promise.all(Array.from({ length: connections }, () => this.#work()));
  }

  /** One connection after the other, as after each failure a client begins anew. */
  async #work(): Promise<void> {
    let line: Line | undefined;
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      for (const since = performance.now(); ; ) {
        if (performance.now() - since > patienceMs) throw new Error(`${next.kind}: never accepted`);
        line = await this.#attempt(next, line);
        if (line !== undefined) break;
        await sleep(pauseMs);
      }
    }
    await line?.session.quit();
  }

  /** @returns The connection when the message has been accepted. */
  async #attempt(message: TestMessage, open: Line | undefined): Promise<Line | undefined> {
    const { client, login = "" } = message.submission;
    const source = this.#clientBy === "source" ? client.ip : undefined;
    // By XCLIENT a connection may change its client, else not; nor can a login be undone.
    const clientKey = source === undefined ? "" : `${source} ${login}`;
    const kept = open?.clientKey === clientKey ? open : undefined;
    if (kept === undefined) await open?.session.quit();
    const openedAt = kept?.openedAt ?? performance.now();
    let session = kept?.session;
    try {
      session ??= await SmtpSession.open(this.#port, source);
      const reply = await session.send(message.submission);
      if (reply.code < 400) {
        this.#accept(message, reply);
        return { session, openedAt, clientKey };
      }
      if (reply.code >= 500) throw new Error(`${message.kind}: ${reply.code} ${reply.text}`);
      this.refused.push({ token: message.token, reply, openedAt, at: performance.now() });
    } catch (error) {
      if (!(error instanceof SmtpConnectionError)) throw error;
      this.refused.push({ token: message.token, reply: undefined, openedAt, at: performance.now() });
    }
    await session?.quit();
    return undefined;
  }

  #accept({ token }: TestMessage, { text, waitedMs }: SmtpReply): void {
    const queueId =
      /queued as ([0-9A-F]+)|2\.0\.0 (\w+) Message accepted/.exec(text)?.slice(1).join("") ?? "";
    this.accepted.push({ token, queueId, at: performance.now(), waitedMs });
  }
}

interface Line {
  readonly session: SmtpSession;
  readonly openedAt: number;
  /** What the next message on it must have in common. */
  readonly clientKey: string;
}
