import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A line to a server that breaks: each of the first connections is cut after so many octets from the server. */
export interface CuttingProxy {
  readonly port: number;
  /** Connections that were cut so far. */
  cuts(): number;
  stop(): Promise<void>;
}

export async function startCuttingProxy(target: number, cutAfter: readonly number[]): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let cuts = 0;
  const server = createServer((client) => {
    const limit = cutAfter[connections];
    connections += 1;
    const upstream = connect(target, "127.0.0.1");
    let octets = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      const room = limit === undefined ? chunk.length : Math.max(0, limit - octets);
      octets += chunk.length;
      client.write(chunk.subarray(0, room));
      if (room >= chunk.length) return;
      cuts += 1;
      client.resetAndDestroy();
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cuts: () => cuts,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
