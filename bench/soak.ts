// Load for minutes: node bench/soak.ts [--minutes 10] [--connections 64] [--rate 200] [--workers auto] [--json FILE]
//   [--main dist/cli/main.js]
// A milter client of its own sends mail over many connections, one message each, while a name server of its own is good, slow, dead
// and lying by turns and other clients behave badly (slow as a loris, half open, gone in the middle). Prints what came out, and exits
// with 1 when memory grew, a message took too long, or a connection got stuck. Loopback only; nothing is left behind.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { askControl } from "../src/daemon/control.ts";
import type { Status } from "../src/daemon/status.ts";
import { rsaTestKey } from "../test/dkim-test-keys.ts";
import {
  aRecord,
  nameRecord,
  startDnsServer,
  type TestDnsServer,
  type TestQuery,
  type TestReply,
  txtRecord,
} from "../test/dns-server.ts";
import { MilterClient, offerPacket, packet } from "../test/milter-client.ts";
import { signatureField } from "../test/sign-message.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    connections: { type: "string", default: "64" },
    /** Messages a second over all connections; 0 as fast as it goes. */
    rate: { type: "string", default: "200" },
    workers: { type: "string", default: "auto" },
    json: { type: "string" },
    /** Another build of the program. */
    main: { type: "string", default: fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)) },
  },
});
const minutes = Number(values.minutes);
const connections = Number(values.connections);
const rate = Number(values.rate);

type Mood = "good" | "slow" | "dead" | "lying";

/** Of the whole time: the first and the last part are good, so that memory can be compared. */
const schedule: readonly Mood[] = ["good", "slow", "good", "dead", "good", "lying", "good"];
const limits = { p99Ms: 26_000, stuckMs: 60_000, growth: 1.05, loiterMs: 100_000 };
const badClients = 20;
const windowMs = 10_000;

// The name server

const key = rsaTestKey(2048);
const keyRecord = `v=DKIM1; p=${key.publicText}`;
let mood: Mood = "good";

function truth({ name, type }: TestQuery): TestReply {
  const types: Readonly<Record<number, string>> = { 1: "A", 12: "PTR", 16: "TXT", 28: "AAAA" };
  switch (types[type]) {
    case "TXT":
      if (name.includes("._domainkey."))
        return { answers: [txtRecord(name, keyRecord.match(/.{1,255}/g) ?? [], 30)] };
      if (/^_dmarc\.d\d+\./.test(name)) return { answers: [txtRecord(name, ["v=DMARC1; p=reject"], 30)] };
      if (/^d\d+\./.test(name))
        return { answers: [txtRecord(name, ["v=spf1 include:_spf.example -all"], 30)] };
      if (name === "_spf.example")
        return { answers: [txtRecord(name, ["v=spf1 ip4:192.0.2.0/24 -all"], 30)] };
      return { rcode: 3 };
    case "PTR":
      return { answers: [nameRecord(name, "PTR", "mail.example", 30)] };
    case "A":
      return { answers: [aRecord(name, "192.0.2.25", 30)] };
    default:
      return {};
  }
}

const lies: readonly ((query: TestQuery) => TestReply)[] = [
  () => [Buffer.from("no DNS at all")],
  () => [Buffer.alloc(0)],
  ({ octets }) => [octets.subarray(0, 11)],
  () => ({ rcode: 2 }),
  () => ({ rcode: 5 }),
  () => ({ id: 1 }),
  () => ({ tc: true }),
  ({ name }) => ({ answers: [nameRecord(name, "CNAME", name)] }),
  ({ name }) => ({
    answers: [txtRecord(name, Array(60).fill("v=spf1 include:".padEnd(250, "x")) as string[])],
  }),
  ({ name }) => ({ answers: [txtRecord(name, [`v=spf1 include:${name} redirect=${name}`])] }),
  ({ octets }) => [
    Buffer.concat([
      octets.subarray(0, 2),
      Buffer.from("81800001ffffffffffff", "hex"),
      Buffer.alloc(400, 0xc0),
    ]),
  ],
  truth,
];
let lie = 0;

async function answer(query: TestQuery): Promise<TestReply> {
  switch (mood) {
    case "good":
      return truth(query);
    case "slow":
      await sleep(300 + Math.random() * 3000);
      return truth(query);
    case "dead":
      return [];
    case "lying":
      return (lies[lie++ % lies.length] ?? truth)(query);
  }
}

// Mail

interface Message {
  readonly raw: Buffer;
  readonly from: string;
}

const bodies = [2_000, 2_000, 2_000, 20_000, 20_000, 200_000].map(
  (octets) =>
    `${"Some words of no meaning in a line of mail, with a blank at its end. \r\n".repeat(Math.ceil(octets / 72))}`,
);

/** Many domains, so that the cache cannot answer everything. */
function makeMessages(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => {
    const domain = `d${index % 150}.example`;
    const body = bodies[index % bodies.length] ?? "";
    const header = `From: a@${domain}\r\nTo: b@rcpt.example\r\nSubject: ${index}\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <${index}@${domain}>\r\n`;
    const layout = ` v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain}; s=s${index % 40};\r\n h=From:To:Subject; bh={bh};\r\n b={b}`;
    const field = signatureField({
      header,
      body,
      key,
      canonicalization: ["relaxed", "relaxed"],
      signed: ["From", "To", "Subject"],
      layout,
    });
    return { raw: Buffer.from(`${field}${header}\r\n${body}`), from: `a@${domain}` };
  });
}

/** Between two moods. */
interface Phase {
  readonly mood: Mood;
  readonly ms: number[];
  readonly answers: Map<string, number>;
  failed: number;
}
const phases: Phase[] = [];
let isOver = false;
let stuck = 0;

async function sendForever(port: number, messages: readonly Message[], number: number): Promise<void> {
  const pauseMs = rate === 0 ? 0 : (1000 * connections) / rate;
  await sleep((pauseMs * number) / connections);
  for (let index = number; !isOver; index += connections) {
    const began = performance.now();
    await sendOne(port, messages[index % messages.length] as Message);
    const rest = pauseMs - (performance.now() - began);
    if (rest > 0) await sleep(rest);
  }
}

async function sendOne(port: number, { raw, from }: Message): Promise<void> {
  const phase = phases.at(-1) as Phase;
  let client: MilterClient | undefined;
  const timer = setTimeout(() => {
    stuck += 1;
    client?.destroy();
  }, limits.stuckMs);
  try {
    client = await MilterClient.open({ port });
    await client.connect();
    await client.helo();
    const began = performance.now();
    const { verdict, edits } = await client.message({ raw, from });
    phase.ms.push(performance.now() - began);
    const ours = edits.some((edit) => edit.kind === "insert" && edit.name === "Authentication-Results");
    const kind = `${verdict.code}${ours ? "" : " without our field"}`;
    phase.answers.set(kind, (phase.answers.get(kind) ?? 0) + 1);
    await client.quit();
  } catch (error) {
    phase.failed += 1;
    if (phase.failed < 4) console.error(`failed in the ${phase.mood} phase: ${String(error)}`);
    client?.destroy();
    await sleep(100);
  } finally {
    clearTimeout(timer);
  }
}

// Clients that behave badly

const bad = { opened: 0, closedByUs: 0, longestMs: 0, loitering: 0 };

/** Each opens a connection, does its worst, and begins anew when it is thrown out. */
async function misbehaveForever(port: number, number: number): Promise<void> {
  while (!isOver) {
    const began = performance.now();
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {}).resume();
    bad.opened += 1;
    const gone = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)));
    const stopped = untilOver().then(() => false);
    misbehave(socket, number % 4);
    const thrownOut = await Promise.race([gone, stopped]);
    socket.destroy();
    const ms = performance.now() - began;
    bad.longestMs = Math.max(bad.longestMs, ms);
    if (ms > limits.loiterMs) bad.loitering += 1;
    if (thrownOut) bad.closedByUs += 1;
    await sleep(50);
  }
}

function misbehave(socket: Socket, manner: number): void {
  const drip = (octets: Buffer, everyMs: number): void => {
    let at = 0;
    const timer = setInterval(() => {
      if (socket.destroyed || at >= octets.length) clearInterval(timer);
      else socket.write(octets.subarray(at, ++at));
    }, everyMs);
    socket.once("close", () => clearInterval(timer));
  };
  switch (manner) {
    case 0:
      // Half open: says nothing at all.
      return;
    case 1:
      // A negotiation that never ends.
      drip(offerPacket(), 3000);
      return;
    case 2:
      // A body that never ends.
      socket.write(offerPacket());
      socket.write(packet("M", "<a@d1.example>\0"));
      drip(packet("B", Buffer.alloc(60_000)), 500);
      return;
    default:
      // Gone in the middle of a message.
      socket.write(
        Buffer.concat([offerPacket(), packet("M", "<a@d1.example>\0"), packet("L", "From\0a@d1.example\0")]),
      );
      setTimeout(() => socket.resetAndDestroy(), 200 + Math.random() * 1000);
  }
}

const over = Promise.withResolvers<void>();
function untilOver(): Promise<void> {
  return over.promise;
}

// Memory

/** Resident octets of the supervisor and of its workers. */
function residentOctets(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    const own = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return [Number(own) * 1024, ...children.flatMap((child) => residentOctets(Number(child)))];
  } catch {
    return [];
  }
}

interface Sample {
  readonly atMs: number;
  /** The supervisor first. */
  readonly octets: readonly number[];
}
const samples: Sample[] = [];

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Of one process, or of all. */
function meanBetween(fromMs: number, toMs: number, process?: number): number {
  const chosen = samples
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .map(({ octets }) => (process === undefined ? sum(octets) : (octets[process] ?? 0)));
  return sum(chosen) / Math.max(1, chosen.length);
}

// The whole

const folder = mkdtempSync(join(tmpdir(), "sekisho-soak-"));
const dns: TestDnsServer = await startDnsServer({ answer });
const config = join(folder, "sekisho.yaml");
writeFileSync(
  config,
  `hostname: mx.rcpt.example\ndata_dir: ${folder}/data\ndns: { nameservers: ["127.0.0.1:${dns.port}"] }\n` +
    `milter: { workers: ${values.workers}, sockets: [ { listen: "inet:127.0.0.1:0" } ] }\nweb: { listen: off }\nlog: { level: error }\nrecord: { max_size: 20MB }\n`,
);
const program = spawn(process.execPath, [values.main, "serve", "--config", config], {
  stdio: ["ignore", "inherit", "inherit"],
});

try {
  process.exitCode = (await run(program)) ? 0 : 1;
} finally {
  if (program.exitCode === null) {
    program.kill("SIGTERM");
    await new Promise((resolve) => program.once("exit", resolve));
  }
  await dns.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function run({ pid = 0 }: ChildProcess): Promise<boolean> {
  const port = await milterPort();
  const messages = makeMessages(600);
  const startedMs = performance.now();
  const totalMs = minutes * 60_000;
  const sampler = setInterval(() => {
    samples.push({ atMs: performance.now() - startedMs, octets: residentOctets(pid) });
    // The server keeps every query for tests to look at.
    (dns.asked as TestQuery[]).length = 0;
  }, 1000);
  phases.push(newPhase("good"));
  const senders = Array.from({ length: connections }, (_, number) => sendForever(port, messages, number));
  const misbehaving = Array.from({ length: badClients }, (_, number) => misbehaveForever(port, number));
  await goThroughMoods(totalMs);
  isOver = true;
  over.resolve();
  await Promise.all([...senders, ...misbehaving]);
  clearInterval(sampler);
  return report(await connectionsLeft(), totalMs);
}

function newPhase(of: Mood): Phase {
  return { mood: of, ms: [], answers: new Map(), failed: 0 };
}

/** The first and the last good part are a minute long, where there is time for that. */
async function goThroughMoods(totalMs: number): Promise<void> {
  const endsMs = Math.min(60_000, totalMs / schedule.length);
  const middleMs = (totalMs - 2 * endsMs) / (schedule.length - 2);
  for (const [index, next] of schedule.entries()) {
    mood = next;
    if (index > 0) phases.push(newPhase(next));
    await sleep(index === 0 || index === schedule.length - 1 ? endsMs : middleMs);
  }
}

async function status(): Promise<Status> {
  return (await askControl(join(folder, "data"), "status")) as Status;
}

async function milterPort(): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      const { workers, sockets } = await status();
      if (workers.every(({ state }) => state === "up") && workers.length > 0)
        return Number(sockets[0]?.listen.split(":")[2]);
    } catch (error) {
      if (tries > 200) throw error;
    }
    await sleep(100);
  }
}

/** After everybody has gone. */
async function connectionsLeft(): Promise<number> {
  let left = -1;
  for (let tries = 0; tries < 20 && left !== 0; tries++) {
    await sleep(500);
    left = (await status()).workers.reduce((sum, worker) => sum + worker.connections, 0);
  }
  return left;
}

function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

async function report(left: number, totalMs: number): Promise<boolean> {
  const rows = phases.map((phase) => {
    const sorted = phase.ms.toSorted((a, b) => a - b);
    return {
      dns: phase.mood,
      messages: sorted.length,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: Math.round(sorted.at(-1) ?? 0),
      failed: phase.failed,
      answers: Object.fromEntries(phase.answers),
    };
  });
  const firstEndsMs = Math.min(60_000, totalMs / schedule.length);
  const first = meanBetween(firstEndsMs - windowMs, firstEndsMs);
  const last = meanBetween(totalMs - windowMs, totalMs);
  const { problems, messages, workers, dns: asked } = await status();
  const checks = {
    "p99 of each phase within the time budget": rows.every(({ p99Ms }) => p99Ms < limits.p99Ms),
    "no message stuck, none failed": stuck === 0 && rows.every(({ failed }) => failed === 0),
    "every message has our field": rows.every(({ answers }) =>
      Object.keys(answers).every((kind) => !kind.includes("without")),
    ),
    "no connection left": left === 0,
    "bad clients are thrown out": bad.loitering === 0,
    "memory within 5 % of that after the first minute": last <= first * limits.growth,
    "no worker died": workers.every(({ restarts }) => restarts === 0),
    "no fault, nothing ill": messages.faults === 0 && problems.length === 0,
  };
  const megabytes = (octets: number): number => Math.round(octets / 1e6);
  const result = {
    minutes,
    connections,
    rate,
    rows,
    rssMB: {
      first: megabytes(first),
      last: megabytes(last),
      peak: megabytes(Math.max(...samples.map(({ octets }) => sum(octets)))),
      /** Of each process, the supervisor first, every 15 seconds. */
      course: (samples.at(-1)?.octets ?? []).map((_, process) =>
        Array.from({ length: Math.floor(totalMs / 15_000) }, (__, index) =>
          megabytes(meanBetween(index * 15_000 + 10_000, index * 15_000 + 15_000, process)),
        ),
      ),
    },
    growth: Math.round((last / first) * 1000) / 1000,
    bad,
    stuck,
    left,
    dns: asked,
    checks,
  };
  console.table(rows.map(({ answers, ...row }) => ({ ...row, answers: JSON.stringify(answers) })));
  console.log(JSON.stringify(result));
  for (const [check, isGood] of Object.entries(checks)) console.log(`${isGood ? "ok  " : "FAIL"} ${check}`);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result, undefined, 2));
  return Object.values(checks).every(Boolean);
}
