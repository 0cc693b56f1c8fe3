import { connect, type Socket } from "node:net";

export interface SmtpReply {
  readonly code: number;
  readonly text: string;
  /** From the end of what was sent to the reply. */
  readonly waitedMs: number;
}

export interface Submission {
  /** Who the server is to see: by XCLIENT, or as the address that the connection comes from. */
  readonly client: { readonly ip: string; readonly name?: string; readonly helo: string };
  /** The name that the client has logged in with. */
  readonly login?: string;
  /** Empty for the null sender. */
  readonly mailFrom: string;
  readonly rcptTo: string;
  readonly message: Buffer;
  readonly smtputf8?: boolean;
  /** The client does not say BODY=8BITMIME. */
  readonly undeclared?: boolean;
}

/** The connection went away, or the server did not answer as SMTP. */
export class SmtpConnectionError extends Error {}

/** `source`: connections come from the client's own address, which is one of loopback, and there is no XCLIENT. */
export type ClientBy = "xclient" | "source";

/** Sends one message over a connection of its own. The reply is the first that is not 2xx or 3xx, or that to DATA. */
export async function submit(
  port: number,
  submission: Submission,
  clientBy: ClientBy = "xclient",
): Promise<SmtpReply> {
  const session = await SmtpSession.open(port, clientBy === "source" ? submission.client.ip : undefined);
  try {
    return await session.send(submission);
  } finally {
    await session.quit();
  }
}

export class SmtpSession {
  readonly #socket: Socket;
  readonly #xclient: boolean;
  #login: string | undefined;
  #buffer = "";
  #waiting: { resolve(reply: SmtpReply): void; reject(error: Error): void; since: number } | undefined;
  #broken: Error | undefined;

  private constructor(socket: Socket, xclient: boolean) {
    this.#socket = socket;
    this.#xclient = xclient;
    socket.setTimeout(120_000, () => socket.destroy(new Error("no answer in 120 s")));
    socket.on("data", (chunk) => this.#received(chunk.toString("latin1")));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("closed")));
  }

  /** @param source The address on loopback to come from; without it the client is told by XCLIENT. */
  static async open(port: number, source?: string): Promise<SmtpSession> {
    const host = source?.includes(":") ? "::1" : "127.0.0.1";
    const from = source === undefined ? {} : { localAddress: source };
    const session = new SmtpSession(connect({ port, host, noDelay: true, ...from }), source === undefined);
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
  async begin(submission: Submission): Promise<SmtpReply> {
    const { client, mailFrom, rcptTo, smtputf8, undeclared } = submission;
    const steps = [
      ...(this.#xclient ? xclientSteps(submission) : []),
      `EHLO ${client.helo}`,
      ...(this.#xclient ? [] : this.#loginSteps(submission)),
      `MAIL FROM:<${mailFrom}>${undeclared === true ? "" : " BODY=8BITMIME"}${smtputf8 ? " SMTPUTF8" : ""}`,
      `RCPT TO:<${rcptTo}>`,
    ];
    for (const step of steps) {
      const reply = await this.#command(step);
      if (reply.code >= 400) return reply;
    }
    return this.#command("DATA");
  }

  /** RFC 4954 §4: once a session. */
  #loginSteps({ login }: Submission): string[] {
    if (login === this.#login) return [];
    this.#login = login;
    return [`AUTH PLAIN ${Buffer.from(`\0${login}\0secret`).toString("base64")}`];
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

function xclientSteps({ client, login }: Submission): string[] {
  const attributes = {
    ADDR: client.ip.includes(":") ? `IPV6:${client.ip}` : client.ip,
    NAME: client.name ?? "[UNAVAILABLE]",
    PORT: "4711",
    LOGIN: login ?? "[UNAVAILABLE]",
  };
  const written = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  return ["EHLO test.example", `XCLIENT ${written.join(" ")}`];
}
