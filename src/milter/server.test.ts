import { afterEach, expect, test } from "vitest";
import { MilterClient } from "../../test/milter-client.ts";
import { type MilterServer, type MilterServerOptions, serveMilter } from "./server.ts";
import type { MilterSession } from "./types.ts";

const servers: MilterServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

async function start(
  session: () => MilterSession,
  options: Partial<MilterServerOptions> = {},
): Promise<MilterServer> {
  const server = await serveMilter({
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    openSession: session,
    ...options,
  });
  servers.push(server);
  return server;
}
function targetOf(server: MilterServer): { port: number } | { path: string } {
  return server.address.kind === "tcp" ? { port: server.address.port } : { path: server.address.path };
}

test("smoke", async () => {
  const log: string[] = [];
  const server = await start(() => ({
    connect: (e) => {
      log.push(JSON.stringify(e));
      return { kind: "continue" };
    },
    mail: async (e) => {
      log.push(JSON.stringify(e));
      return { kind: "continue" };
    },
    header: (n, v) => {
      log.push(`${n}:${v}`);
      return { kind: "continue" };
    },
    body: (c) => {
      log.push(`body ${c.length}`);
      return { kind: "continue" };
    },
    endOfMessage: async (m) => {
      await new Promise((r) => setTimeout(r, 10));
      log.push(JSON.stringify([...m]));
      return {
        edits: [{ kind: "insert-header", index: 0, name: "X", value: "y" }],
        reply: { kind: "accept" },
      };
    },
    abort: () => {
      log.push("abort");
    },
    close: () => {
      log.push("close");
    },
  }));
  const client = await MilterClient.open(targetOf(server));
  console.log(client.agreed);
  await client.connect();
  await client.helo();
  console.log(
    await client.message({
      raw: "From: a\r\nSubject:\tb\r\n c\r\n\r\nhello\r\n",
      macros: { E: { i: "QID" } },
    }),
  );
  await client.quit();
  console.log(log, server.stats());
  expect(1).toBe(1);
});
