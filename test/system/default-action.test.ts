import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readDelivered } from "./delivered-message.ts";
import { complaints } from "./expect-right.ts";
import { type Installation, type InstallationOptions, install, programs } from "./installation.ts";
import { startKnot } from "./knot.ts";
import { makeAnother, type TestMessage } from "./messages.ts";
import { describeWith, freePort, until } from "./process.ts";
import { submit } from "./smtp-client.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, 60_000);

async function house(options: InstallationOptions): Promise<Installation> {
  const installation = await install(options);
  closers.push(() => installation.end());
  return installation;
}

/** A port that takes questions and never answers. */
async function silentServer(): Promise<number> {
  const socket = await new Promise<Socket>((resolve) => {
    const bound = createSocket("udp4").bind(0, "127.0.0.1", () => resolve(bound));
  });
  closers.push(() => socket.close());
  return socket.address().port;
}

/** A name server that knows none of our zones and refuses every question about them. */
async function refusingServer(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-refusing-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const zone =
    "other.test. 300 SOA ns.other.test. h.other.test. 1 2 3 4 5\nother.test. 300 NS ns.other.test.\n";
  const knot = await startKnot(folder, new Map([["other.test", zone]]));
  closers.push(() => knot.stop());
  return knot.port;
}

const failures: readonly {
  readonly name: string;
  readonly port: () => Promise<number>;
  readonly options: InstallationOptions;
  /** Less than the time of a message, or than that of a question where it is the longer. */
  readonly withinMs: number;
}[] = [
  { name: "nothing at its port", port: freePort, options: { dnsTimeout: "2s" }, withinMs: 20_000 },
  { name: "silent", port: silentServer, options: { dnsTimeout: "2s" }, withinMs: 20_000 },
  { name: "refuses", port: refusingServer, options: {}, withinMs: 20_000 },
  {
    name: "silent for longer than the time of a message",
    port: silentServer,
    options: { dnsTimeout: "60s", timeBudget: "4s" },
    withinMs: 45_000,
  },
];

/** Without DNS nothing can pass or fail. By kind of message, the results in order. */
const verdicts: Readonly<Record<string, string>> = {
  unsigned: "iprev=temperror spf=temperror spf=temperror dkim=none dmarc=temperror",
  spoofed: "iprev=temperror spf=temperror spf=temperror dkim=none dmarc=temperror",
  "three forged fields and a signature":
    "iprev=temperror spf=temperror spf=temperror dkim=temperror dmarc=temperror",
  "signed with both":
    "iprev=temperror spf=temperror spf=temperror dkim=temperror dkim=temperror dmarc=temperror",
  "null sender": "iprev=temperror spf=temperror dkim=none dmarc=temperror",
  "through our gateway": "iprev=temperror spf=temperror spf=temperror dkim=none dmarc=temperror",
  "two author domains": "iprev=temperror spf=temperror spf=temperror dkim=none dmarc=permerror",
  submitter: "none",
};

describeWith(programs, "a name server that is of no use", () => {
  test.each(failures)("$name", async ({ port, options, withinMs }) => {
    const { postfix, sekisho } = await house({ ...options, nameserverPort: await port() });
    const messages = Object.keys(verdicts).map(makeAnother);
    const replies = await Promise.all(messages.map(({ submission }) => submit(postfix.port, submission)));
    for (const reply of replies) {
      expect(reply.code).toBe(250);
      expect(reply.waitedMs).toBeLessThan(withinMs);
    }
    await until("delivery", () => postfix.delivered().length === messages.length);
    const copies = postfix.delivered().map(readDelivered);
    for (const { kind, token, kept } of messages) {
      const copy = copies.find((one) => one.token === token);
      const words = copy?.statements.map((statement) => statement.split(" ", 1)[0]).join(" ");
      expect(`${kind}: ${words}`).toBe(`${kind}: ${verdicts[kind]}`);
      expect(copy?.rest.equals(kept)).toBe(true);
    }
    expect(complaints(sekisho.output())).toEqual([]);
  });
});

const actions: readonly {
  readonly action: string;
  readonly code: number;
  readonly arrives: "delivered" | "held" | "not";
}[] = [
  { action: "accept", code: 250, arrives: "delivered" },
  { action: "quarantine", code: 250, arrives: "held" },
  { action: "tempfail", code: 451, arrives: "not" },
];

describeWith(programs, "while the program does not run, the MTA does as it is told", () => {
  test.each(actions)("milter_default_action = $action", async ({ action, code, arrives }) => {
    const { postfix, sekisho } = await house({ postfix: { milter_default_action: action } });
    const running = makeAnother("unsigned");
    expect(await submit(postfix.port, running.submission)).toMatchObject({ code: 250 });
    await until("delivery", () => postfix.delivered().length === 1);
    expect((await sekisho.end())?.code).toBe(0);

    const message = makeAnother("unsigned");
    expect(await submit(postfix.port, message.submission)).toMatchObject({ code });
    const expected = { delivered: [2, 0], held: [1, 1], not: [1, 0] }[arrives];
    const counts = (): number[] => [postfix.delivered().length, postfix.held().length];
    await until(`${expected} messages`, () => String(counts()) === String(expected));
    if (arrives === "delivered") expectUnmarked(postfix.delivered(), message);

    await sekisho.start();
    const again = makeAnother("spoofed");
    expect(await submit(postfix.port, again.submission)).toMatchObject({ code: 250 });
    await until("delivery", () => postfix.delivered().length === (expected?.[0] ?? 0) + 1);
    const copies = postfix.delivered().map((file) => (hasField(file) ? readDelivered(file) : undefined));
    expect(copies.find((copy) => copy?.token === again.token)?.statements).toEqual(again.statements);
  });
});

function expectUnmarked(files: readonly string[], { token }: TestMessage): void {
  const file = files.find((path) => readFileSync(path, "latin1").includes(token)) ?? "";
  expect(hasField(file)).toBe(false);
}

function hasField(file: string): boolean {
  return readFileSync(file, "latin1").includes("Authentication-Results:");
}
