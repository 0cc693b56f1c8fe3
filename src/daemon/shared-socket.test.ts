import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, connect as netConnect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { MilterSocketConfig } from "../config/config.ts";
import { bindSocket, type SharedSocket } from "./shared-socket.ts";
import { daemonText } from "./text.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const text = daemonText("en");

function socketAt(listen: string, extra: Partial<MilterSocketConfig> = {}): MilterSocketConfig {
  return { listen, role: "both", onFailure: "accept", mode: 0o660, ...extra };
}

function listening(handle: object): Promise<Server> {
  const server = createServer((socket) => socket.end("hello"));
  return new Promise((resolve) => server.listen(handle, () => resolve(server)));
}

function greeting(shared: SharedSocket): Promise<string> {
  const { address } = shared;
  return new Promise((resolve, reject) => {
    const socket = netConnect(address.kind === "unix" ? { path: address.path } : { port: address.port });
    let said = "";
    socket.on("data", (data) => {
      said += data.toString();
    });
    socket.on("close", () => resolve(said));
    socket.on("error", reject);
  });
}

describe("a socket that is bound for others to listen on", () => {
  test.each(["inet:127.0.0.1:0", "inet:localhost:0", "inet:[::1]:0"])("%s", async (listen) => {
    const shared = await bindSocket(socketAt(listen), { text });
    expect(shared.address).toMatchObject({ kind: "tcp", port: expect.any(Number) });
    expect((shared.address as { port: number }).port).toBeGreaterThan(0);
    shared.close();
  });

  test("a unix socket has mode and group, and goes when it is closed", async () => {
    const path = join(folder, "a.sock");
    const gid = process.getgid?.() ?? 0;
    const shared = await bindSocket(socketAt(`unix:${path}`, { mode: 0o620, group: String(gid) }), { text });
    expect((statSync(path).mode & 0o777).toString(8)).toBe("620");
    expect(statSync(path).gid).toBe(gid);
    shared.permit(socketAt(`unix:${path}`, { mode: 0o666 }));
    expect((statSync(path).mode & 0o777).toString(8)).toBe("666");
    shared.close();
    expect(existsSync(path)).toBe(false);
  });

  test("a group that cannot be given leaves the mode as it was", async () => {
    const path = join(folder, "g.sock");
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const shared = await bindSocket(socketAt(`unix:${path}`), { text, owner });
    // No such number can be, for root either.
    owner.gid = 2 ** 33;
    expect(() => shared.permit(socketAt(`unix:${path}`, { mode: 0o666 }))).toThrow(/g\.sock/);
    expect((statSync(path).mode & 0o777).toString(8)).toBe("660");
    shared.close();
  });

  test.runIf(process.getuid?.() === 0)("a group that is not wanted any more is taken back", async () => {
    const path = join(folder, "t.sock");
    const shared = await bindSocket(socketAt(`unix:${path}`), { text });
    const { uid, gid } = statSync(path);
    shared.permit(socketAt(`unix:${path}`, { group: "65534" }));
    expect(statSync(path)).toMatchObject({ uid, gid: 65_534 });
    shared.permit(socketAt(`unix:${path}`));
    expect(statSync(path)).toMatchObject({ uid, gid });
    shared.close();
  });

  test("connections wait while nobody listens, once somebody has", async () => {
    const path = join(folder, "b.sock");
    const shared = await bindSocket(socketAt(`unix:${path}`), { text });
    const first = await listening({ fd: shared.handle.fd });
    expect(await greeting(shared)).toBe("hello");
    // In this process the listener has the only descriptor; it is let go together with the socket.
    first.close();
    shared.handOver();
    shared.close();
    expect(existsSync(path)).toBe(false);
  });

  test("it is let go of though its folder cannot be looked into any more", async () => {
    const inside = join(folder, "inside");
    mkdirSync(inside);
    const shared = await bindSocket(socketAt(`unix:${join(inside, "f.sock")}`), { text });
    rmSync(inside, { recursive: true });
    // ELOOP, as root, too; whoever has become another user may get EACCES.
    symlinkSync(inside, inside);
    expect(() => shared.close()).not.toThrow();
  });

  test("the file of another program that took the place stays", async () => {
    const path = join(folder, "c.sock");
    const shared = await bindSocket(socketAt(`unix:${path}`), { text });
    rmSync(path);
    writeFileSync(path, "");
    shared.handOver();
    shared.close();
    expect(existsSync(path)).toBe(true);
  });

  test("the file of a dead program is replaced", async () => {
    const path = join(folder, "d.sock");
    const dead = await bindSocket(socketAt(`unix:${path}`), { text });
    const again = await bindSocket(socketAt(`unix:${path}`), { text });
    again.close();
    dead.handOver();
  });
});

describe("where it cannot listen, it says why in the operator's language", () => {
  const taken = createServer();
  test.each(["en", "ja"] as const)("%s: somebody listens there", async (lang) => {
    if (!taken.listening) await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const bound = bindSocket(socketAt(`inet:127.0.0.1:${port}`), { text: daemonText(lang) });
    await expect(bound).rejects.toMatchObject({
      code: "LISTEN_FAILED",
      message: expect.stringContaining(lang === "en" ? "another program listens there" : "別のプログラム"),
    });
  });
  afterAll(() => taken.close());

  test("it waits for who goes away soon", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    setTimeout(() => other.close(), 150);
    const shared = await bindSocket(socketAt(`inet:127.0.0.1:${port}`), { text, patienceMs: 10_000 });
    shared.close();
  });

  test("it does not wait for who stays", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    let asked = 0;
    const isWorthWaiting = (): boolean => ++asked < 1;
    const bound = bindSocket(socketAt(`inet:127.0.0.1:${port}`), {
      text,
      patienceMs: 600_000,
      isWorthWaiting,
    });
    await expect(bound).rejects.toThrow("another program listens there");
    expect(asked).toBe(1);
    other.close();
  });

  test("somebody listens on a unix socket", async () => {
    const path = join(folder, "e.sock");
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await expect(bindSocket(socketAt(`unix:${path}`), { text })).rejects.toThrow(
      "another program listens there",
    );
    other.close();
  });

  test.each([
    {
      name: "no folder",
      listen: `unix:${folder}/none/m.sock`,
      says: "the folder of the socket is not there",
    },
    { name: "no such address", listen: "inet:192.0.2.1:8891", says: "no such address" },
    { name: "a file in the way", listen: `unix:${folder}/file`, says: "in the way" },
    { name: "no such group", listen: `unix:${folder}/g.sock`, group: "no-such-group", says: "no-such-group" },
  ])("$name", async ({ listen, group, says }) => {
    writeFileSync(join(folder, "file"), "");
    const bound = bindSocket(socketAt(listen, group === undefined ? {} : { group }), { text });
    await expect(bound).rejects.toThrow(says);
    await expect(bound).rejects.toThrow(listen);
  });
});
