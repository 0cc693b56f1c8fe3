import { setTimeout as sleep } from "node:timers/promises";
import type { TestMessage } from "./messages.ts";
import { SmtpConnectionError, type SmtpReply, SmtpSession } from "./smtp-client.ts";

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
const maxAttempts = 200;

/** Sends messages over many connections, and each as often as it takes until it is accepted. */
export class Load {
  readonly accepted: Acceptance[] = [];
  readonly refused: Refusal[] = [];
  readonly #port: number;
  readonly #waiting: TestMessage[];

  constructor(port: number, messages: readonly TestMessage[]) {
    this.#port = port;
    this.#waiting = messages.toReversed();
  }

  /** Rejects when a message is refused for good, or too often. */
  async run(connections: number): Promise<void> {
    await Promise.all(Array.from({ length: connections }, () => this.#work()));
  }

  /** One connection after the other, as after each failure a client begins anew. */
  async #work(): Promise<void> {
    let line: Line | undefined;
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      for (let attempt = 1; ; attempt++) {
        if (attempt > maxAttempts) throw new Error(`${next.kind}: never accepted`);
        line = await this.#attempt(next, line);
        if (line !== undefined) break;
        await sleep(pauseMs);
      }
    }
    await line?.session.quit();
  }

  /** @returns The connection when the message has been accepted. */
  async #attempt(message: TestMessage, open: Line | undefined): Promise<Line | undefined> {
    const openedAt = open?.openedAt ?? performance.now();
    let session = open?.session;
    try {
      session ??= await SmtpSession.open(this.#port);
      const reply = await session.send(message.submission);
      if (reply.code < 400) {
        this.#accept(message, reply);
        return { session, openedAt };
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
    const queueId = /queued as ([0-9A-F]+)/.exec(text)?.[1] ?? "";
    this.accepted.push({ token, queueId, at: performance.now(), waitedMs });
  }
}

interface Line {
  readonly session: SmtpSession;
  readonly openedAt: number;
}
