import { connect, type Socket } from "node:net";

export interface SmtpReply {
  readonly code: number;
  readonly text: string;
  /** From the end of what was sent to the reply. */
  readonly waitedMs: number;
}

export interface Submission {
  /** Sets the client's address, name and HELO by XCLIENT. */
  readonly client: { readonly ip: string; readonly name?: string; readonly helo: string };
  /** The name that the client has logged in with. */
  readonly login?: string;
  /** Empty for the null sender. */
  readonly mailFrom: string;
  readonly rcptTo: string;
  readonly message: Buffer;
  readonly smtputf8?: boolean;
}

/** The connection went away, or the server did not answer as SMTP. */
export class SmtpConnectionError extends Error {}

/** Sends one message over a connection of its own. The reply is the first that is not 2xx or 3xx, or that to DATA. */
export async function submit(port: number, submission: Submission): Promise<SmtpReply> {
  const session = await SmtpSession.open(port);
  try {
    return await session.send(submission);
  } finally {
    await session.quit();
  }
}

export class SmtpSession {
  readonly #socket: Socket;
  #buffer = "";
  #waiting: { resolve(reply: SmtpReply): void; reject(error: Error): void; since: number } | undefined;
  #broken: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setTimeout(120_000, () => socket.destroy(new Error("no answer in 120 s")));
    socket.on("data", (chunk) => this.#received(chunk.toString("latin1")));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("closed")));
  }

  static async open(port: number): Promise<SmtpSession> {
    const session = new SmtpSession(connect({ port, host: "127.0.0.1", noDelay: true }));
    const greeting = await session.#reply();
    if (greeting.code !== 220) throw new SmtpConnectionError(`greeting ${greeting.code} ${greeting.text}`);
    return session;
  }

  /** The reply is the first that is not 2xx or 3xx, after which the session is of no more use, or that to the message. */
  async send(submission: Submission): Promise<SmtpReply> {
    const begun = await this.begin(submission);
    if (begun.code >= 400) return begun;
    this.write(submission.message);
    return this.finish();
  }

  /** Up to the reply to DATA, or the first that is not 2xx or 3xx. */
  async begin({ client, login, mailFrom, rcptTo, smtputf8 }: Submission): Promise<SmtpReply> {
    const address = client.ip.includes(":") ? `IPV6:${client.ip}` : client.ip;
    const xclient = {
      ADDR: address,
      NAME: client.name ?? "[UNAVAILABLE]",
      PORT: "4711",
      LOGIN: login ?? "[UNAVAILABLE]",
    };
    const attributes = Object.entries(xclient).map(([name, value]) => `${name}=${value}`);
    const steps = [
      "EHLO test.example",
      `XCLIENT ${attributes.join(" ")}`,
      `EHLO ${client.helo}`,
      `MAIL FROM:<${mailFrom}> BODY=8BITMIME${smtputf8 ? " SMTPUTF8" : ""}`,
      `RCPT TO:<${rcptTo}>`,
    ];
    for (const step of steps) {
      const reply = await this.#command(step);
      if (reply.code >= 400) return reply;
    }
    return this.#command("DATA");
  }

  /** The message or a part of it that ends with a line; the last part ends in CRLF. */
  write(part: Buffer): void {
    this.#socket.write(dotStuffed(part));
  }

  finish(): Promise<SmtpReply> {
    return this.#command(".");
  }

  async quit(): Promise<void> {
    if (this.#broken === undefined) await this.#command("QUIT").catch(() => {});
    this.#socket.destroy();
  }

  #command(line: string): Promise<SmtpReply> {
    const reply = this.#reply();
    this.#socket.write(`${line}\r\n`);
    return reply;
  }

  #reply(): Promise<SmtpReply> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) reject(this.#broken);
      else this.#waiting = { resolve, reject, since: performance.now() };
    });
  }

  #received(text: string): void {
    this.#buffer += text;
    const last = /^(\d{3}) ([^\n]*)\n/m.exec(this.#buffer);
    if (last === null) return;
    this.#buffer = this.#buffer.slice(last.index + last[0].length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    const waitedMs = performance.now() - waiting.since;
    waiting.resolve({ code: Number(last[1]), text: (last[2] ?? "").trim(), waitedMs });
  }

  #fail(error: Error): void {
    this.#broken ??= new SmtpConnectionError(error.message);
    this.#waiting?.reject(this.#broken);
    this.#waiting = undefined;
  }
}

/** RFC 5321 §4.5.2: a dot more at the start of each line that begins with one; ends in CRLF. */
function dotStuffed(message: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  if (message[0] === 0x2e) parts.push(Buffer.from("."));
  for (let at = message.indexOf("\n."); at >= 0; at = message.indexOf("\n.", at + 1)) {
    parts.push(message.subarray(from, at + 1), Buffer.from("."));
    from = at + 1;
  }
  parts.push(message.subarray(from));
  if (message.at(-1) !== 0x0a) parts.push(Buffer.from("\r\n"));
  return Buffer.concat(parts);
}
