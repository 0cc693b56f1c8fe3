import { connect, type Socket } from "node:net";
import type { ServerAddress } from "./server-address.ts";

/** The response without its length octets; undefined when the connection failed or ended before it was whole. */
export type TcpDone = (message: Buffer | undefined) => void;

/** One query per connection (RFC 7766 §5 asks for TCP at all, §8 for the framing), so many at a time; the rest queue. */
export class TcpConnections {
  readonly #max: number;
  readonly #open = new Set<Socket>();
  readonly #queue: (() => void)[] = [];

  constructor(maxConnections: number) {
    this.#max = maxConnections;
  }

  /**
   * Asks over TCP. `done` is called once at most, never before this has returned; the caller keeps the time.
   * @returns Gives the query up.
   */
  ask(server: ServerAddress, query: Buffer, done: TcpDone): () => void {
    let socket: Socket | undefined;
    let over = false;
    const start = (): void => {
      if (over) return;
      socket = this.#exchange(server, query, (message) => {
        if (over) return;
        over = true;
        done(message);
      });
    };
    if (this.#open.size < this.#max) start();
    else this.#queue.push(start);
    return () => {
      over = true;
      socket?.destroy();
      const waiting = this.#queue.indexOf(start);
      if (waiting >= 0) this.#queue.splice(waiting, 1);
    };
  }

  close(): void {
    this.#queue.length = 0;
    for (const socket of this.#open) socket.destroy();
  }

  #exchange(server: ServerAddress, query: Buffer, done: TcpDone): Socket {
    const socket = connect({ host: server.address, port: server.port, noDelay: true });
    this.#open.add(socket);
    socket.unref();
    const collector = new FrameCollector();
    socket.on("data", (chunk) => {
      const message = collector.add(chunk);
      if (message === undefined) return;
      done(message);
      socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      this.#open.delete(socket);
      done(undefined);
      this.#startNext();
    });
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    return socket;
  }

  #startNext(): void {
    while (this.#open.size < this.#max && this.#queue.length > 0) this.#queue.shift()?.();
  }
}

/** Puts one message with its two length octets together; at most 64 KiB and one chunk are held. */
class FrameCollector {
  #chunks: Buffer[] = [];
  #octets = 0;

  add(chunk: Buffer): Buffer | undefined {
    this.#chunks.push(chunk);
    this.#octets += chunk.length;
    if (this.#octets < 2) return undefined;
    // Octet by octet is how a hostile server sends: the first chunk is kept long enough to hold the length.
    const first = this.#chunks[0] as Buffer;
    if (first.length < 2) this.#chunks = [Buffer.concat(this.#chunks)];
    const length = (this.#chunks[0] as Buffer).readUInt16BE(0);
    if (this.#octets < length + 2) return undefined;
    return Buffer.concat(this.#chunks).subarray(2, length + 2);
  }
}
