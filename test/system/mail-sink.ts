import { type AddressInfo, createServer, type Socket } from "node:net";

/** The end of all mail: an SMTP server that takes every message and keeps it octet by octet. */
export interface MailSink {
  readonly port: number;
  /** The messages so far, with LF line ends. */
  readonly delivered: readonly Buffer[];
  stop(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startMailSink(): Promise<MailSink> {
  const delivered: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const session = new SinkSession(socket, (message) => delivered.push(message));
    socket.on("data", (chunk) => session.received(chunk));
    socket.write("220 sink.example ESMTP\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    delivered,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const endOfData = Buffer.from("\r\n.\r\n");

/** One connection. The client is one that waits for each reply, as PIPELINING is not offered. */
class SinkSession {
  readonly #socket: Socket;
  readonly #keep: (message: Buffer) => void;
  #line = "";
  /** While a message comes. */
  #parts: Buffer[] | undefined;
  #tail: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, keep: (message: Buffer) => void) {
    this.#socket = socket;
    this.#keep = keep;
  }

  received(chunk: Buffer): void {
    if (this.#parts === undefined) this.#commands(chunk.toString("latin1"));
    else this.#data(this.#parts, chunk);
  }

  #commands(text: string): void {
    const lines = (this.#line + text).split("\r\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) this.#command(line.slice(0, 4).toUpperCase());
  }

  #command(verb: string): void {
    if (verb === "DATA") this.#parts = [];
    const replies: Readonly<Record<string, string>> = {
      EHLO: "250-sink.example\r\n250-SIZE\r\n250 8BITMIME",
      DATA: "354 go on",
      QUIT: "221 bye",
    };
    this.#socket.write(`${replies[verb] ?? "250 ok"}\r\n`);
    if (verb === "QUIT") this.#socket.end();
  }

  #data(parts: Buffer[], chunk: Buffer): void {
    parts.push(chunk);
    // The end may be cut in two.
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-endOfData.length)]).subarray(-endOfData.length);
    if (!this.#tail.equals(endOfData)) return;
    const whole = Buffer.concat(parts);
    this.#keep(plain(whole.subarray(0, whole.length - 3)));
    this.#parts = undefined;
    this.#tail = Buffer.alloc(0);
    this.#socket.write("250 ok\r\n");
  }
}

/** Without the dots of RFC 5321 §4.5.2 and with LF line ends. */
function plain(data: Buffer): Buffer {
  const text = data.toString("latin1").replaceAll("\r\n.", "\r\n").replaceAll("\r\n", "\n");
  return Buffer.from(text.startsWith(".") ? text.slice(1) : text, "latin1");
}
