import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startDnsServer, type TestDnsServer } from "../../../test/dns-server.ts";
import { MilterClient } from "../../../test/milter-client.ts";
import { runCli } from "../../../test/run-cli.ts";
import type { Status } from "../../daemon/status.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sekisho-serve-"));
// Others must be able to enter it, as they can enter /etc and /run.
chmodSync(folder, 0o755);
const file = join(folder, "sekisho.yaml");
const socket = join(folder, "run", "milter.sock");
let dns: TestDnsServer;
let child: ChildProcess | undefined;
let output = "";
let closed: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  dns = await startDnsServer({ answer: () => ({ rcode: 3 }) });
});
afterEach(() => {
  child?.kill("SIGKILL");
});
afterAll(async () => {
  await dns.stop();
  rmSync(folder, { recursive: true, force: true });
});

function configure(rest = "", hostname = "mx.example.jp"): void {
  mkdirSync(join(folder, "run"), { recursive: true });
  writeFileSync(
    file,
    `hostname: ${hostname}\ndata_dir: ${folder}/data\ndns: { nameservers: ["127.0.0.1:${dns.port}"] }\nweb: { listen: off }\n` +
      `milter: { workers: 2, sockets: [ { listen: "unix:${socket}" } ] }\n${rest}`,
  );
}

async function start(...args: readonly string[]): Promise<void> {
  launch(["--config", file, ...args]);
  await until("milter listens|待ち受け");
}

function launch(args: readonly string[], cwd?: string): void {
  output = "";
  child = spawn(process.execPath, [main, "serve", ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  closed = once(child, "close");
}

async function until(what: string): Promise<void> {
  const wanted = new RegExp(what);
  const end = Date.now() + 45_000;
  while (!wanted.test(output)) {
    if (Date.now() > end || child?.exitCode != null) throw new Error(`no "${what}" in: ${output}`);
    await sleep(20);
  }
}

/** Once it has ended: then all that it wrote has been read. */
async function wholeOutput(): Promise<string> {
  await closed;
  return output;
}

function exitCode(): Promise<number | null> {
  return new Promise((resolve) => {
    if (child?.exitCode != null) resolve(child.exitCode);
    else child?.once("exit", (code) => resolve(code));
  });
}

/** @returns Our field on a message. */
async function send(): Promise<string> {
  const client = await MilterClient.open({ path: socket });
  await client.connect();
  const { edits } = await client.message({
    raw: "From: a@example.com\r\n\r\nHello.\r\n",
    from: "a@example.com",
  });
  await client.quit();
  const [field] = edits.flatMap((edit) => (edit.kind === "insert" ? [edit.value] : []));
  return field ?? "";
}

async function status(): Promise<Status> {
  return JSON.parse((await runCli(["status", "--json", "--config", file])).out) as Status;
}

test("SIGHUP reads the configuration again, SIGTERM ends with 0 and every record is kept", async () => {
  configure();
  await start("--lang", "en");
  expect(await send()).toContain("mx.example.jp;");
  configure("", "new.example.jp");
  child?.kill("SIGHUP");
  await until("the new configuration is in force");
  expect(await send()).toContain("new.example.jp;");
  configure("milter_: 1\n");
  child?.kill("SIGHUP");
  await until("the old one stays in force");
  expect(output).toMatch(/sekisho\.yaml:6:1: milter_: unknown key "milter_"; did you mean "milter"\?/);
  child?.kill("SIGTERM");
  expect(await exitCode()).toBe(0);
  expect(await wholeOutput()).toMatch(/stopped\n$/);
  configure();
  const explained = await runCli(["explain", "none", "--config", file]);
  expect(explained.code).toBe(1);
});

test("SIGHUP while it starts is not lost; the file is read from where it was found, or nothing changes", async () => {
  // A name without a dot is worth a warning, which comes before anything else.
  configure("", "mx");
  launch(["--lang", "en"], folder);
  await until("mx");
  configure("", "new.example.jp");
  child?.kill("SIGHUP");
  await until("the new configuration is in force");
  expect(await send()).toContain("new.example.jp;");
  writeFileSync(file, "\n");
  child?.kill("SIGHUP");
  await until("sekisho\\.yaml: the file cannot be read: it is empty");
  rmSync(file);
  child?.kill("SIGHUP");
  await until("sekisho\\.yaml: the file cannot be read: there is no such file");
  expect(await send()).toContain("new.example.jp;");
});

test("in Japanese", async () => {
  configure();
  await start("--lang", "ja");
  child?.kill("SIGHUP");
  await until("新しい設定に切り替えました");
  child?.kill("SIGTERM");
  expect(await exitCode()).toBe(0);
  expect(await wholeOutput()).toContain("停止しました");
});

test("when the supervisor is killed its workers finish and end, and the next start has the socket", async () => {
  configure();
  await start();
  const { workers } = await status();
  const client = await MilterClient.open({ path: socket });
  await client.connect();
  await client.event("M", "<a@example.com>\0");
  child?.kill("SIGKILL");
  await exitCode();
  await start();
  expect(await send()).toContain("mx.example.jp;");
  // The message of before is still at the old worker.
  await client.event("L", "From\0 a@example.com\0");
  await client.event("N", "");
  client.destroy();
  const isThere = (pid = 0): boolean => {
    try {
      // Whoever inherits them may take its time to bury the dead.
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      return false;
    }
  };
  const end = Date.now() + 45_000;
  while (workers.some(({ pid }) => isThere(pid)) && Date.now() < end) await sleep(20);
  expect(workers.filter(({ pid }) => isThere(pid))).toEqual([]);
});

describe.runIf(process.getuid?.() === 0)("started as root with a user", () => {
  const uidsOf = (pid = 0): string =>
    /^Uid:\t(\d+)\t\d+\t(\d+)\t/m
      .exec(readFileSync(`/proc/${pid}/status`, "utf8"))
      ?.slice(1)
      .join() ?? "";

  test("supervisor and workers become it, and everything works", async () => {
    rmSync(join(folder, "data"), { recursive: true, force: true });
    rmSync(join(folder, "run"), { recursive: true, force: true });
    configure("user: nobody\n");
    rmSync(join(folder, "run"), { recursive: true, force: true });
    await start("--lang", "en");
    expect(output).toContain("running as nobody");
    const { workers, problems } = await status();
    expect(problems).toEqual([]);
    for (const pid of [child?.pid, ...workers.map((worker) => worker.pid)])
      expect(uidsOf(pid)).toBe("65534,65534");
    expect(statSync(socket).uid).toBe(65534);
    expect(statSync(join(folder, "data", "control.sock")).uid).toBe(65534);
    expect(await send()).toContain("mx.example.jp;");
    chmodSync(file, 0o644);
    child?.kill("SIGHUP");
    await until("is in force");
    process.kill(workers[0]?.pid ?? 0, "SIGKILL");
    await until("is at work again");
    expect(uidsOf((await status()).workers[0]?.pid)).toBe("65534,65534");
    child?.kill("SIGTERM");
    expect(await exitCode()).toBe(0);
  });

  test("a configuration that the user cannot read is told at the start", async () => {
    rmSync(join(folder, "data"), { recursive: true, force: true });
    configure("user: nobody\n");
    rmSync(join(folder, "run"), { recursive: true, force: true });
    chmodSync(file, 0o600);
    await start("--lang", "en");
    expect(output).toContain("cannot be read by nobody: a reload (SIGHUP) will fail until it can");
    chmodSync(file, 0o644);
  });
});

test.each([
  {
    lang: "en",
    settings: "data_dir: /proc/none/data",
    says: "data_dir /proc/none/data cannot be used: the folder that it would be in is not there",
  },
  {
    lang: "ja",
    settings: "data_dir: /proc/none/data",
    says: "data_dir /proc/none/data を使えません: 親フォルダーがありません",
  },
  {
    lang: "en",
    settings: "sign: { keys: [{ domain: example.jp, selector: s1, file: /nowhere/s1.pem }] }",
    says: "The key file /nowhere/s1.pem cannot be read: there is no such file.",
  },
  {
    lang: "ja",
    settings: "sign: { keys: [{ domain: example.jp, selector: s1, file: /nowhere/s1.pem }] }",
    says: "鍵ファイル /nowhere/s1.pem を読めません（ファイルがありません）。",
  },
])(
  "a start that fails says why in words ($lang, $settings)",
  async ({ lang, settings, says }) => {
    const own = join(folder, "bad.yaml");
    const data = settings.startsWith("data_dir") ? "" : `data_dir: ${folder}/bad\n`;
    writeFileSync(
      own,
      `hostname: mx.example.jp\n${data}web: { listen: off }\nmilter: { workers: 0, sockets: [{ listen: "unix:${folder}/bad.sock" }] }\n${settings}\n`,
    );
    const argv = [main, "serve", "--config", own, "--lang", lang];
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", timeout: 60_000 });
    expect(stderr).toContain(`sekisho: ${says}`);
    expect(stderr).not.toContain("ENOENT");
    expect(status).toBe(3);
  },
  90_000,
);
