import { Server } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { startWeb, type WebServer } from "./server.ts";

let ill = false;
let web: WebServer;
beforeAll(async () => {
  web = await startWeb({
    host: "127.0.0.1",
    port: 0,
    metrics: async () => "sekisho_up 1\n",
    health: () => ({ ok: !ill, parts: { milter: ill ? "not listening" : "ok" } }),
    status: async () => ({ version: "1.2.3" }),
  });
});
afterAll(() => web.close());

describe("the web port", () => {
  test("metrics", async () => {
    const response = await fetch(`http://${web.address}/metrics`);
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(await response.text()).toBe("sekisho_up 1\n");
  });

  test.each([
    [false, 200],
    [true, 503],
  ])("health, ill %s: %i", async (isIll, status) => {
    ill = isIll;
    const response = await fetch(`http://${web.address}/healthz`);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ ok: !isIll, parts: { milter: isIll ? "not listening" : "ok" } });
  });

  test("status", async () => {
    const response = await fetch(`http://${web.address}/status`);
    expect(await response.json()).toEqual({ version: "1.2.3" });
  });

  test.each([
    ["ja,en;q=0.5", "ja"],
    ["en-GB,ja;q=0.5", "en"],
    ["fr", "en"],
  ])("the page for %s is in %s", async (accept, lang) => {
    const response = await fetch(`http://${web.address}/`, { headers: { "accept-language": accept } });
    expect(await response.text()).toContain(`<html lang="${lang}">`);
  });

  test("an address that is taken is an error that names it", async () => {
    const port = Number(web.address.split(":")[1]);
    const again = startWeb({
      host: "127.0.0.1",
      port,
      metrics: async () => "",
      health: () => ({ ok: true, parts: {} }),
      status: async () => ({}),
    });
    await expect(again).rejects.toMatchObject({
      code: "LISTEN_FAILED",
      message: expect.stringContaining(String(port)),
    });
  });
});

test("connections that the system refuses, as without memory for them, end nothing", async () => {
  const listening = vi.spyOn(Server.prototype, "listen");
  onTestFinished(() => listening.mockRestore());
  const other = await startWeb({
    host: "127.0.0.1",
    port: 0,
    metrics: async () => "",
    health: () => ({ ok: true, parts: {} }),
    status: async () => ({ well: true }),
  });
  const server = listening.mock.contexts[0] as Server;
  for (const _ of [1, 2])
    server?.emit("error", Object.assign(new Error("accept ENOMEM"), { code: "ENOMEM" }));
  expect(await (await fetch(`http://${other.address}/status`)).json()).toEqual({ well: true });
  await other.close();
});
