import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A line to a server that breaks. */
export interface CuttingProxy extends TcpProxy {
  /** Connections that were cut so far. */
  cuts(): number;
}

/** Cuts each of the first connections after so many octets from the server. */
export async function startCuttingProxy(target: number, cutAfter: readonly number[]): Promise<CuttingProxy> {
  let connections = 0;
  let cuts = 0;
  const proxy = await startTcpProxy(target, (client, upstream) => {
    const limit = cutAfter[connections];
    connections += 1;
    let octets = 0;
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
  return { ...proxy, cuts: () => cuts };
}
