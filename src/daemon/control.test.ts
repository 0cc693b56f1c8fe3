import { once } from "node:events";
import { connect, Server, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { askControl, serveControl } from "./control.ts";

async function connected(dataDir: string, first?: string): Promise<Socket> {
  const socket = connect(join(dataDir, "control.sock"));
  await once(socket, "connect");
  if (first !== undefined) await new Promise<void>((resolve) => socket.write(first, () => resolve()));
  return socket;
}

// Without the end of each the server would wait for the five seconds after which one who is silent is cut off.
test.each([
  { name: "has said nothing", first: undefined },
  { name: "is in the middle of a word", first: "sta" },
])("who $name does not hold up the end", async ({ first }) => {
  const folder = temporaryFolder();
  const server = await serveControl(folder, async () => ({}));
  const client = await connected(folder, first);
  const ended = new Promise<void>((resolve) => client.resume().once("close", () => resolve()));
  // The system tells it so when what it has said was not read to the end.
  client.on("error", () => {});
  let timedOut = false;
  client.setTimeout(4_000, () => {
    timedOut = true;
  });
  await server.close();
  await ended;
  expect(timedOut).toBe(false);
});

test("who has asked is answered before the end", async () => {
  const folder = temporaryFolder();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<object>();
  const server = await serveControl(folder, () => {
    asked.resolve();
    return answer.promise;
  });
  const told = askControl(folder, "status");
  await asked.promise;
  const closed = server.close();
  answer.resolve({ well: true });
  await expect(told).resolves.toEqual({ well: true });
  await closed;
});

test("connections that the system refuses, as without memory for them, end nothing", async () => {
  const listening = vi.spyOn(Server.prototype, "listen");
  onTestFinished(() => listening.mockRestore());
  const folder = temporaryFolder();
  const control = await serveControl(folder, async () => ({ well: true }));
  const server = listening.mock.contexts[0] as Server;
  for (const _ of [1, 2])
    server?.emit("error", Object.assign(new Error("accept ENOMEM"), { code: "ENOMEM" }));
  expect(await askControl(folder, "status")).toEqual({ well: true });
  await control.close();
});
