import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands on a port of its own before a server. */
export interface TcpProxy {
  readonly port: number;
  /** What is open, of both sides. */
  readonly sockets: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

/**
 * @param target A port of 127.0.0.1, or the path of a socket.
 * @param join Lets through what the two sides say, as far as it wants to. Where one side ends the other one does, too.
 */
export async function startTcpProxy(
  target: number | string,
  join: (client: Socket, upstream: Socket) => void,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(
      typeof target === "number" ? { port: target, host: "127.0.0.1" } : { path: target },
    );
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    join(client, upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
