import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  formatListenAddress,
  isLoopback,
  type ListenAddress,
  listenAt,
  parseListenAddress,
  peerOf,
  peerTest,
} from "./listen.ts";

describe("C.8 where to listen, in the syntax of Postfix and of Sendmail", () => {
  const cases: { text: string; is: ListenAddress | undefined }[] = [
    { text: "inet:127.0.0.1:8891", is: { kind: "tcp", host: "127.0.0.1", port: 8891 } },
    { text: "inet:mx.example.jp:8891", is: { kind: "tcp", host: "mx.example.jp", port: 8891 } },
    { text: "inet:[::1]:8891", is: { kind: "tcp", host: "::1", port: 8891 } },
    { text: "inet:8891@127.0.0.1", is: { kind: "tcp", host: "127.0.0.1", port: 8891 } },
    { text: "inet6:8891@::1", is: { kind: "tcp", host: "::1", port: 8891 } },
    { text: "inet6:8891@[::1]", is: { kind: "tcp", host: "::1", port: 8891 } },
    { text: "unix:/run/s.sock", is: { kind: "unix", path: "/run/s.sock" } },
    { text: "local:/run/s.sock", is: { kind: "unix", path: "/run/s.sock" } },
    { text: "inet:8891", is: undefined },
    { text: "inet::8891", is: undefined },
    { text: "inet:8891@", is: undefined },
    { text: "inet:::1:8891", is: undefined },
    { text: "inet:[127.0.0.1]:8891", is: undefined },
    { text: "inet:127.0.0.1:65536", is: undefined },
    { text: "inet:127.0.0.1:x", is: undefined },
    { text: "inet:a b:1", is: undefined },
    { text: "unix:", is: undefined },
    { text: "/run/s.sock", is: undefined },
    { text: "", is: undefined },
  ];
  test.each(cases)("$text", ({ text, is }) => {
    expect(parseListenAddress(text)).toEqual(is);
  });
  test.each(cases.flatMap(({ is }) => (is === undefined ? [] : [is])))(
    "written for Postfix and read again: %o",
    (address) => {
      expect(parseListenAddress(formatListenAddress(address))).toEqual(address);
    },
  );
});

test.each([
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["localhost", true],
  ["::ffff:127.0.0.1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.0.2.1", false],
  ["localhost.example.jp", false],
])("%s is loopback: %s", (host, is) => {
  expect(isLoopback(host)).toBe(is);
});

test.each([
  ["192.0.2.77", true],
  ["192.0.2.128", false],
  ["::ffff:192.0.2.1", true],
  ["2001:db8:1::9", true],
  ["2001:db8:2::9", false],
  ["", false],
])("%s is a peer: %s", (address, is) => {
  const v6 = Buffer.from("20010db8000100000000000000000000", "hex");
  const isPeer = peerTest([
    { address: { family: 4, octets: Uint8Array.of(192, 0, 2, 0) }, prefix: 25 },
    { address: { family: 6, octets: v6 }, prefix: 48 },
  ]);
  expect(isPeer(address)).toBe(is);
});

test("nobody is a peer of an empty list", () => {
  expect(peerTest([])("127.0.0.1")).toBe(false);
});

test("the remote side of a socket", () => {
  expect(peerOf("::ffff:192.0.2.1", 25, undefined)).toEqual({ family: 4, address: "192.0.2.1", port: 25 });
  expect(peerOf("2001:db8::1", 25, undefined)).toEqual({ family: 6, address: "2001:db8::1", port: 25 });
  expect(peerOf(undefined, undefined, "/run/s")).toEqual({ family: "unix", path: "/run/s" });
  expect(peerOf(undefined, undefined, undefined)).toEqual({ family: "unknown" });
});

describe("unix sockets", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "milter-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const listen = async (path: string, mode = 0o660, group?: number): Promise<() => Promise<void>> => {
    const server = createServer();
    await listenAt(server, { kind: "unix", path }, 5, { mode, group });
    return () => new Promise((resolve) => server.close(() => resolve()));
  };

  test("mode and group, and the file is gone after closing", async () => {
    const path = join(folder, "mode");
    const before = process.umask();
    const close = await listen(path, 0o606, process.getgid?.());
    expect(statSync(path).mode & 0o777).toBe(0o606);
    expect(statSync(path).gid).toBe(process.getgid?.());
    expect(process.umask()).toBe(before);
    await close();
    expect(existsSync(path)).toBe(false);
  });

  test("the file of a dead process is replaced", async () => {
    const path = join(folder, "stale");
    const script =
      "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    spawnSync(process.execPath, ["-e", script, path], { stdio: "ignore" });
    expect(statSync(path).isSocket()).toBe(true);
    const close = await listen(path);
    await close();
    expect(existsSync(path)).toBe(false);
  });

  test("a live one is an error, and stays", async () => {
    const path = join(folder, "live");
    const close = await listen(path);
    await expect(listen(path)).rejects.toMatchObject({ name: "MilterListenError", code: "ADDRESS_IN_USE" });
    expect(existsSync(path)).toBe(true);
    await close();
  });

  test("a file that is no socket is left alone", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "text");
    await expect(listen(path)).rejects.toMatchObject({ code: "PATH_UNUSABLE" });
    expect(existsSync(path)).toBe(true);
  });

  test("a path longer than the system takes", async () => {
    await expect(listen(join(folder, "x".repeat(120)))).rejects.toMatchObject({ code: "PATH_UNUSABLE" });
  });

  test("a folder that does not exist", async () => {
    await expect(listen(join(folder, "none", "s"))).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });
});
