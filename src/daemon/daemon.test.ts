import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { startDnsServer, type TestDnsServer } from "../../test/dns-server.ts";
import { MilterClient, type Outcome, packet } from "../../test/milter-client.ts";
import { runCli } from "../../test/run-cli.ts";
import { displayWidth } from "../cli/layout.ts";
import { loadConfig } from "../config/load.ts";
import { openRecordStore } from "../store/record-store.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { createSwitchableLog } from "./switchable-log.ts";

const folders: string[] = [];
let dns: TestDnsServer | undefined;
let running: Run | undefined;

afterEach(async () => {
  await running?.daemon.close();
  running = undefined;
});
afterAll(async () => {
  await dns?.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A running program with a configuration of its own. */
interface Run {
  readonly folder: string;
  readonly file: string;
  readonly dataDir: string;
  readonly daemon: Daemon;
  readonly lines: string[];
  /** Writes another configuration and reads it in. */
  reload(settings: string): Promise<boolean>;
}

interface Settings {
  readonly workers: number | "auto";
  readonly sockets?: string;
  readonly rest?: string;
  readonly hostname?: string;
}

async function start(settings: Settings, lang: "en" | "ja" = "en", signal?: AbortSignal): Promise<Run> {
  dns ??= await startDnsServer({ answer: () => ({ rcode: 3 }) });
  const folder = mkdtempSync(join(tmpdir(), "sekisho-daemon-"));
  folders.push(folder);
  const file = join(folder, "sekisho.yaml");
  const dataDir = join(folder, "data");
  writeFileSync(file, yaml(dataDir, settings));
  const loaded = await loadConfig({ file });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const lines: string[] = [];
  const log = createSwitchableLog({ ...loaded.config.log, write: (line) => lines.push(line) });
  const daemon = await startDaemon({
    loaded,
    read: () => loadConfig({ file }),
    log,
    lang,
    ...(signal && { signal }),
  });
  running = {
    folder,
    file,
    dataDir,
    daemon,
    lines,
    reload(text) {
      writeFileSync(file, text);
      return daemon.reload();
    },
  };
  return running;
}

function yaml(dataDir: string, { workers, sockets, rest, hostname = "mx.example.jp" }: Settings): string {
  return (
    `hostname: ${hostname}\ndata_dir: ${dataDir}\ndns: { nameservers: ["127.0.0.1:${dns?.port}"], timeout: 1s }\n` +
    `milter: { workers: ${workers}, sockets: [ ${sockets ?? `{ listen: "inet:127.0.0.1:0" }`} ] }\n` +
    `log: { level: warn }\n${rest ?? `web: { listen: "127.0.0.1:0" }`}\n`
  );
}

function portOf(run: Run, index = 0): number {
  return Number(run.daemon.milter[index]?.split(":")[2]);
}

const raw = "From: a@example.com\r\nSubject: x\r\n\r\nHello.\r\n";

function fieldOf(outcome: Outcome): string {
  const edit = outcome.edits.find((one) => one.kind === "insert" && one.name === "Authentication-Results");
  return edit?.kind === "insert" ? edit.value : "";
}

/** Sends the end of a message whose events were sent one by one. @returns Our field. */
async function finish(client: MilterClient): Promise<string> {
  client.write(packet("E"));
  let field = "";
  for (;;) {
    const { code, data } = await client.take();
    if (code === "i") field = data.toString("latin1", 4);
    else if (code !== "p") return field;
  }
}

async function open(port: number): Promise<MilterClient> {
  const client = await MilterClient.open({ port });
  await client.connect();
  await client.helo();
  return client;
}

/** One message over a connection of its own. @returns Our field. */
async function send(port: number): Promise<string> {
  const client = await open(port);
  const outcome = await client.message({ raw, from: "a@example.com" });
  await client.quit();
  return fieldOf(outcome);
}

async function until(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 45_000;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

describe.each([0, 2] as const)("with %i workers", (workers) => {
  test("mail is handled, counted and recorded", async () => {
    const run = await start({ workers });
    for (let i = 0; i < 4; i++) expect(await send(portOf(run))).toMatch(/^ ?mx\.example\.jp;/);
    const status = await run.daemon.status();
    expect(status).toMatchObject({
      problems: [],
      messages: { total: 4, reply: { accept: 4 }, connections: 4, faults: 0 },
      config: { file: run.file, reloads: 0, failedReloads: 0 },
      sockets: [{ role: "both", ok: true }],
    });
    expect(status.workers).toHaveLength(Math.max(1, workers));
    expect(status.workers.every(({ state }) => state === "up")).toBe(true);
    const [metrics, health] = await Promise.all(
      ["metrics", "healthz"].map((page) => fetch(`http://${run.daemon.web}/${page}`)),
    );
    expect(await metrics?.text()).toMatch(/^sekisho_messages_total\{origin="stranger",reply="accept"\} 4$/m);
    expect(await health?.json()).toEqual({ ok: true, parts: { milter: "ok", workers: "ok", records: "ok" } });
    await run.daemon.close();
    running = undefined;
    const store = openRecordStore({ dataDir: run.dataDir });
    expect(await store.find({})).toHaveLength(4);
    await store.close();
  });

  test("a reload: an open connection goes on, and its next message follows the new configuration", async () => {
    const run = await start({ workers });
    const client = await open(portOf(run));
    expect(fieldOf(await client.message({ raw, from: "a@example.com" }))).toContain("mx.example.jp;");
    expect(await run.reload(yaml(run.dataDir, { workers, hostname: "new.example.jp" }))).toBe(true);
    expect(fieldOf(await client.message({ raw, from: "a@example.com" }))).toContain("new.example.jp;");
    await client.quit();
    expect(await send(portOf(run))).toContain("new.example.jp;");
    expect((await run.daemon.status()).config).toMatchObject({
      reloads: 1,
      failedReloads: 0,
      last: { ok: true },
    });
  });

  test("a message keeps the configuration that it began with", async () => {
    const run = await start({ workers });
    const client = await open(portOf(run));
    await client.event("M", Buffer.from("<a@example.com>\0"));
    expect(await run.reload(yaml(run.dataDir, { workers, hostname: "new.example.jp" }))).toBe(true);
    const port = portOf(run);
    await client.event("R", Buffer.from("<b@example.com>\0"));
    await client.event("T", Buffer.alloc(0));
    await client.event("L", Buffer.from("From\0 a@example.com\0"));
    await client.event("N", Buffer.alloc(0));
    expect(await finish(client)).toContain("mx.example.jp;");
    await client.quit();
    expect(await send(port)).toContain("new.example.jp;");
  });

  test.each(["en", "ja"] as const)(
    "a bad file changes nothing and every error is told (%s)",
    async (lang) => {
      const run = await start({ workers }, lang);
      const bad = `${yaml(run.dataDir, { workers, hostname: "new.example.jp" })}bogus: 1\nmilterr: 2\n`;
      expect(await run.reload(bad)).toBe(false);
      expect(await send(portOf(run))).toContain("mx.example.jp;");
      const { config, problems } = await run.daemon.status();
      expect(problems).toEqual(["reload-failed"]);
      expect(config).toMatchObject({ reloads: 1, failedReloads: 1, last: { ok: false } });
      expect(config.last?.errors).toHaveLength(2);
      expect(config.last?.errors[0]).toMatch(/sekisho\.yaml:7:1: /);
      expect(config.last?.problems).toMatchObject([
        { code: "unknown-key" },
        { code: "unknown-key", line: 8 },
      ]);
      const text = run.lines.join("");
      expect(text).toContain("sekisho.yaml:7:1: bogus");
      expect(text).toContain("sekisho.yaml:8:1: milterr");
      expect(text).toContain(lang === "en" ? "the old one stays in force" : "元の設定のまま");
      const metrics = await fetch(`http://${run.daemon.web}/metrics`);
      expect(await metrics.text()).toMatch(/^sekisho_reload_failures_total 1$/m);
      expect(await run.reload(yaml(run.dataDir, { workers, hostname: "good.example.jp" }))).toBe(true);
      expect((await run.daemon.status()).problems).toEqual([]);
    },
  );

  test("sockets come and go with a reload, connections of a removed one go on", async () => {
    const run = await start({ workers });
    const client = await open(portOf(run));
    const path = join(run.folder, "m.sock");
    const sockets = `{ listen: "unix:${path}", mode: "0622" }, { listen: "inet:localhost:0" }`;
    expect(await run.reload(yaml(run.dataDir, { workers, sockets }))).toBe(true);
    expect(run.daemon.milter).toEqual([`unix:${path}`, expect.stringMatching(/^inet:/)]);
    expect((statSync(path).mode & 0o777).toString(8)).toBe("622");
    const viaUnix = await MilterClient.open({ path });
    expect(fieldOf(await viaUnix.message({ raw, from: "a@example.com" }))).toContain("mx.example.jp;");
    await viaUnix.quit();
    expect(fieldOf(await client.message({ raw, from: "a@example.com" }))).toContain("mx.example.jp;");
    await client.quit();
    expect(await run.reload(yaml(run.dataDir, { workers }))).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(await send(portOf(run))).toContain("mx.example.jp;");
  });

  test("a socket that cannot be opened leaves everything as it was", async () => {
    const run = await start({ workers });
    const before = run.daemon.milter;
    const sockets = `{ listen: "inet:localhost:0" }, { listen: "unix:${run.folder}/none/m.sock" }`;
    expect(await run.reload(yaml(run.dataDir, { workers, sockets, hostname: "new.example.jp" }))).toBe(false);
    expect(run.daemon.milter).toEqual(before);
    expect(await send(portOf(run))).toContain("mx.example.jp;");
    expect((await run.daemon.status()).config.last?.errors[0]).toContain(
      "the folder of the socket is not there",
    );
  });

  test("closing finishes the message in flight", async () => {
    const run = await start({ workers });
    const client = await open(portOf(run));
    await client.event("M", Buffer.from("<a@example.com>\0"));
    const closed = run.daemon.close();
    running = undefined;
    await sleep(50);
    await client.event("L", Buffer.from("From\0 a@example.com\0"));
    await client.event("N", Buffer.alloc(0));
    expect(await finish(client)).toContain("mx.example.jp;");
    await closed;
    expect(run.lines.join("")).not.toMatch(/ERROR|WARN {2}records/);
  });

  test("once it is told to stop, nothing more is read", async () => {
    const run = await start({ workers });
    const path = join(run.folder, "late.sock");
    const closed = run.daemon.close();
    const sockets = `{ listen: "unix:${path}" }`;
    expect(await run.reload(yaml(run.dataDir, { workers, sockets }))).toBe(false);
    await closed;
    expect(existsSync(path)).toBe(false);
  });

  test("while it drains the web port answers, and says so", async () => {
    const run = await start({ workers });
    const client = await open(portOf(run));
    await client.event("M", Buffer.from("<a@example.com>\0"));
    const closed = run.daemon.close();
    running = undefined;
    await sleep(50);
    const health = await fetch(`http://${run.daemon.web}/healthz`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ ok: false, parts: { program: "draining" } });
    const metrics = await (await fetch(`http://${run.daemon.web}/metrics`)).text();
    expect(metrics).toMatch(/^sekisho_milter_connections_total 1$/m);
    client.destroy();
    await closed;
    await expect(fetch(`http://${run.daemon.web}/healthz`)).rejects.toThrow();
  });
});

test("a message that is not over when the time for stopping is, is a warning", async () => {
  const run = await start({ workers: 0 });
  const client = await open(portOf(run));
  await client.event("M", Buffer.from("<a@example.com>\0"));
  running = undefined;
  await run.daemon.close(50);
  expect(run.lines.join("")).toMatch(/ WARN {2}a message was cut off: it was not over in time socket=/);
});

test("a worker that is killed comes back; what it had counted stays", async () => {
  const run = await start({ workers: 1 });
  for (let i = 0; i < 3; i++) await send(portOf(run));
  const [before] = (await run.daemon.status()).workers;
  process.kill(before?.pid ?? 0, "SIGKILL");
  // A connection that comes now waits in the queue for the next worker.
  expect(await send(portOf(run))).toContain("mx.example.jp;");
  await until("the worker", async () => (await run.daemon.status()).problems.length === 0);
  const status = await run.daemon.status();
  expect(status.messages.total).toBe(4);
  expect(status.workers).toMatchObject([{ id: 1, state: "up", restarts: 1, messages: 1 }]);
  expect(status.workers[0]?.pid).not.toBe(before?.pid);
  const metrics = await (await fetch(`http://${run.daemon.web}/metrics`)).text();
  expect(metrics).toMatch(/^sekisho_worker_restarts_total 1$/m);
  expect(metrics).toMatch(/^sekisho_worker_signalled_total 1$/m);
  expect(run.lines.join("")).toContain("worker 1 has ended (SIGKILL); another one starts in 100 ms");
});

test("while no worker is up the program says that it is ill", async () => {
  const run = await start({ workers: 1 });
  const isSeenIll = async (): Promise<boolean> => {
    const [worker] = (await run.daemon.status()).workers;
    if (worker?.state === "up") process.kill(worker.pid ?? 0, "SIGKILL");
    const health = await fetch(`http://${run.daemon.web}/healthz`);
    return health.status === 503 && (await run.daemon.status()).problems.includes("no-worker");
  };
  // A gap that nobody looked into is made again; each is longer than the one before.
  await until("the gap to be seen", isSeenIll);
});

test("SIGTERM to a worker: it finishes and another takes its place", async () => {
  const run = await start({ workers: 1 });
  const client = await open(portOf(run));
  const pid = (await run.daemon.status()).workers[0]?.pid ?? 0;
  process.kill(pid, "SIGTERM");
  await sleep(50);
  expect(fieldOf(await client.message({ raw, from: "a@example.com" }))).toContain("mx.example.jp;");
  await client.quit();
  await until("another worker", async () => {
    const [worker] = (await run.daemon.status()).workers;
    return worker?.state === "up" && worker.pid !== pid;
  });
});

test("workers are added and retired by a reload; a busy one ends after its connection", async () => {
  const run = await start({ workers: 1 });
  expect(await run.reload(yaml(run.dataDir, { workers: 3 }))).toBe(true);
  expect((await run.daemon.status()).workers.map(({ state }) => state)).toEqual(["up", "up", "up"]);
  const clients = await Promise.all(Array.from({ length: 6 }, () => open(portOf(run))));
  expect(await run.reload(yaml(run.dataDir, { workers: 1 }))).toBe(true);
  for (const client of clients) {
    expect(fieldOf(await client.message({ raw, from: "a@example.com" }))).toContain("mx.example.jp;");
    await client.quit();
  }
  await until("the others to end", async () => (await run.daemon.status()).workers.length === 1);
  const status = await run.daemon.status();
  expect(status.messages.total).toBe(6);
  expect(status.workers[0]?.restarts).toBe(0);
});

test("what needs a restart is said, and the rest is taken", async () => {
  const run = await start({ workers: 0 });
  const text = yaml(join(run.folder, "other"), { workers: 0, hostname: "new.example.jp" });
  expect(await run.reload(text)).toBe(true);
  expect(run.lines.join("")).toContain("takes effect only after a restart: data_dir");
  expect((await run.daemon.status()).config.last?.needsRestart).toEqual(["data_dir"]);
  expect(await send(portOf(run))).toContain("new.example.jp;");
  expect(existsSync(join(run.folder, "other"))).toBe(false);
});

test.each([0, 2])("a start that is given up leaves nothing behind (workers: %i)", async (workers) => {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-daemon-"));
  folders.push(folder);
  const path = join(folder, "milter.sock");
  const sockets = `{ listen: "unix:${path}" }`;
  await expect(start({ workers, sockets }, "en", AbortSignal.abort())).rejects.toThrow(/abort/i);
  expect(existsSync(path)).toBe(false);
  // Nothing holds on to it.
  await start({ workers: 0, sockets });
  expect(existsSync(path)).toBe(true);
});

test("a spool that cannot be written is told once in the log, and so is its end", async () => {
  const run = await start({ workers: 0 });
  const spool = join(run.dataDir, "spool");
  const told = (word: string): string[] => run.lines.filter((line) => line.includes(word));
  rmSync(spool, { recursive: true });
  writeFileSync(spool, "");
  expect(await send(portOf(run))).toContain("dmarc=");
  await vi.waitFor(
    async () => {
      await run.daemon.status();
      expect(told("records cannot be written to the spool")).toHaveLength(1);
    },
    { timeout: 20_000 },
  );
  expect((await run.daemon.status()).problems).toContain("spool");
  rmSync(spool);
  mkdirSync(spool);
  await vi.waitFor(
    async () => {
      await run.daemon.status();
      expect(told("records are written to the spool again")).toHaveLength(1);
    },
    { timeout: 20_000 },
  );
  expect(told("records cannot be written to the spool")).toHaveLength(1);
});

test.each([
  { lang: "en", says: /^web\.listen 127\.0\.0\.1:\d+: another program listens there$/ },
  { lang: "ja", says: /^web\.listen 127\.0\.0\.1:\d+: 別のプログラムが待ち受けています$/ },
] as const)("$lang: a web port that is taken is told in the operator's words", async ({ lang, says }) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const rest = `web: { listen: "127.0.0.1:${port}" }`;
  await expect(start({ workers: 0, rest }, lang)).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    message: expect.stringMatching(says),
  });
});

test("the web port moves, and the records' limits change, with a reload", async () => {
  const run = await start({ workers: 0 });
  const before = run.daemon.web;
  expect(
    await run.reload(yaml(run.dataDir, { workers: 0, rest: "web: { listen: off }\nrecord: { keep: 1d }" })),
  ).toBe(true);
  expect(run.daemon.web).toBeUndefined();
  await expect(fetch(`http://${before}/healthz`)).rejects.toThrow();
  await send(portOf(run));
  await until("the record", async () => (await run.daemon.status()).store.records === 1);
});

test("reloads in a row: those that come together are one, each promise is kept", async () => {
  const run = await start({ workers: 2 });
  const done = await Promise.all(Array.from({ length: 10 }, () => run.daemon.reload()));
  expect(done).toEqual(Array(10).fill(true));
  expect((await run.daemon.status()).config.reloads).toBeLessThanOrEqual(2);
});

test("a second program with the same folder is refused, in the operator's language", async () => {
  const run = await start({ workers: 0 });
  const loaded = await loadConfig({ file: run.file });
  if (!loaded.ok) throw new Error("bad");
  const log = createSwitchableLog({ level: "error", format: "text" });
  const again = (lang: "en" | "ja"): Promise<Daemon> =>
    startDaemon({ loaded, read: () => loadConfig({ file: run.file }), log, lang });
  await expect(again("en")).rejects.toThrow(`another sekisho serve is at work in data_dir ${run.dataDir}`);
  await expect(again("ja")).rejects.toThrow("別の sekisho serve が動いています");
  expect(await send(portOf(run))).toContain("mx.example.jp;");
});

test("a start that fails leaves nothing behind", async () => {
  const sockets = `{ listen: "unix:/SOCK" }, { listen: "unix:/nonexistent/m.sock" }`;
  const folder = mkdtempSync(join(tmpdir(), "sekisho-daemon-"));
  folders.push(folder);
  const first = join(folder, "m.sock");
  await expect(start({ workers: 2, sockets: sockets.replace("/SOCK", first) })).rejects.toThrow();
  expect(existsSync(first)).toBe(false);
});

test("a reload that is refused leaves no socket with the mode of the new configuration", async () => {
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  const run = await start({ workers: 0 });
  const [first, second] = [join(run.folder, "a.sock"), join(run.folder, "b.sock")];
  const configOf = (mode: string, group = ""): string =>
    yaml(run.dataDir, {
      workers: 0,
      sockets: `{ listen: "unix:${first}", mode: "${mode}" }, { listen: "unix:${second}"${group} }`,
    });
  expect(await run.reload(configOf("0660"))).toBe(true);
  expect(modeOf(first)).toBe("660");
  expect(await run.reload(configOf("0600", ", group: no-such-group"))).toBe(false);
  expect(modeOf(first)).toBe("660");
  expect(await run.reload(configOf("0600"))).toBe(true);
  expect(modeOf(first)).toBe("600");
});

test("nor does it leave the socket of the receiver of reports", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-daemon-"));
  folders.push(folder);
  const path = join(folder, "lmtp.sock");
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const rest = `web: { listen: "127.0.0.1:${(taken.address() as AddressInfo).port}" }
collect: { lmtp: { listen: "unix:${path}", recipients: ["r@example.jp"] } }`;
  await expect(start({ workers: 0, rest })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  expect(existsSync(path)).toBe(false);
});

describe("sekisho status", () => {
  test.each([
    { lang: "en", says: ["everything is as it should be", "Workers", "Messages       2 on 2 connections"] },
    { lang: "ja", says: ["すべて正常です", "番号", "2 通、接続 2 回"] },
  ])("$lang: what a person wants to know, in 80 columns; exit 0", async ({ lang, says }) => {
    const run = await start({ workers: 2 });
    await send(portOf(run));
    await send(portOf(run));
    const { code, out, err } = await runCli(["status", "--config", run.file, "--lang", lang]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const words of says.filter((one) => one !== "Workers")) expect(out).toContain(words);
    for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    expect(out).toMatch(/dmarc +\w+ 2/);
  });

  test("--json is everything that the web port shows", async () => {
    const run = await start({ workers: 2 });
    const { code, out } = await runCli(["status", "--config", run.file, "--json"]);
    expect(code).toBe(0);
    const page = (await (await fetch(`http://${run.daemon.web}/status`)).json()) as object;
    expect(Object.keys(JSON.parse(out) as object)).toEqual(Object.keys(page));
  });

  test.each([
    { lang: "en", says: "the last reload failed" },
    { lang: "ja", says: "直前の再読み込みに失敗" },
  ])("$lang: something ill is said first; exit 1", async ({ lang, says }) => {
    const run = await start({ workers: 0 });
    const good = readFileSync(run.file, "utf8");
    await run.reload("bogus: 1\n");
    writeFileSync(run.file, good);
    const { code, out } = await runCli(["status", "--config", run.file, "--lang", lang]);
    expect(code).toBe(1);
    expect(out.split("\n")[1]).toContain(says);
    for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  });

  test.each([
    { lang: "en", says: "no sekisho serve is at work" },
    { lang: "ja", says: "動いている sekisho serve はありません" },
  ])("$lang: nobody there; exit 3", async ({ lang, says }) => {
    const folder = mkdtempSync(join(tmpdir(), "sekisho-daemon-"));
    folders.push(folder);
    const file = join(folder, "c.yaml");
    writeFileSync(file, `hostname: mx.example.jp\ndata_dir: ${folder}\n`);
    const { code, err } = await runCli(["status", "--config", file, "--lang", lang]);
    expect(code).toBe(3);
    expect(err).toContain(says);
  });

  test("the socket is for its user only, and strange questions hurt nobody", async () => {
    const run = await start({ workers: 0 });
    const path = join(run.dataDir, "control.sock");
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
    const answer = (question: string | Buffer): Promise<string> =>
      new Promise((resolve) => {
        let text = "";
        const socket = connect(path, () => socket.write(question));
        socket.on("data", (part) => {
          text += part.toString();
        });
        socket.on("error", () => {});
        socket.on("close", () => resolve(text));
      });
    expect(await answer("shutdown\n")).toBe('{"error":"unknown question"}\n');
    expect(await answer(Buffer.alloc(1000, 0x41))).toBe("");
    expect(JSON.parse(await answer("status\n"))).toMatchObject({ problems: [] });
  });
});
