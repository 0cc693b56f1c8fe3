import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createLog } from "../../log.ts";
import { openStateInMemory } from "../../store/sqlite-state.ts";
import type { Incoming } from "./arrival.ts";
import { listenForReports } from "./lmtp.ts";
import type { WayIn } from "./way-in.ts";

interface Receiver {
  readonly way: WayIn;
  readonly taken: readonly string[];
  /** Of each that was taken. */
  readonly recipients: readonly (readonly string[])[];
  /** Lines that the server says to these commands; the connection is reset at "RESET". */
  talk(...commands: readonly string[]): Promise<readonly string[]>;
  fail(isFailing: boolean): void;
}

async function receiver(protocol: "lmtp" | "smtp" = "lmtp"): Promise<Receiver> {
  const port = await freePort();
  const taken: string[] = [];
  const recipients: (readonly string[])[] = [];
  let isFailing = false;
  const take = async (incoming: AsyncIterable<Incoming>): Promise<void> => {
    for await (const one of incoming) {
      if (isFailing) throw new Error("disk full");
      if (one.kind !== "arrival") continue;
      taken.push(one.arrival.octets.toString());
      recipients.push(one.arrival.envelopeTo ?? []);
    }
  };
  const config = {
    listen: `inet:127.0.0.1:${port}`,
    address: { kind: "inet", host: "127.0.0.1", port },
    mode: 0o660,
    protocol,
    recipients: ["dmarc@rcpt.example", "tls@rcpt.example"],
    maxSize: 10_000,
  } as const;
  const log = createLog({ level: "error", format: "text", write: () => {} });
  const services = {
    take,
    state: openStateInMemory(),
    storeId: async () => "5e15",
    alone: (_: string, work: () => Promise<void>) => work().then(() => true),
    log,
    hostname: "mx.rcpt.example",
  };
  const way = await listenForReports(config, services);
  onTestFinished(() => way.close(100));
  return {
    way,
    taken,
    recipients,
    talk: (...commands) => talk(port, [`${protocol === "lmtp" ? "LHLO" : "EHLO"} mta.example`, ...commands]),
    fail: (failing) => {
      isFailing = failing;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Sends one command after each answer; final lines of the answers, without those to the greeting and to EHLO. */
function talk(port: number, commands: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const lines: string[] = [];
    const waiting = [...commands];
    let buffer = "";
    socket.setTimeout(10_000, () => reject(new Error(`silence after ${lines.join(" | ")}`)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(lines.slice(2)));
    socket.on("data", (chunk) => {
      buffer += chunk.toString();
      for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (line[3] === "-") continue;
        lines.push(line);
        const next = waiting.shift();
        if (next === undefined) socket.end();
        else if (next.startsWith("RESET ")) {
          socket.write(next.slice(6), () => setTimeout(() => socket.resetAndDestroy(), 50));
        } else socket.write(`${next}\r\n`);
      }
    });
  });
}

const codes = (lines: readonly string[]): readonly string[] => lines.map((line) => line.slice(0, 3));
const head = ["MAIL FROM:<noreply@reporter.example>", "RCPT TO:<dmarc@rcpt.example>", "DATA"];

test.each(["lmtp", "smtp"] as const)("%s: 250 once it is taken, octet by octet", async (protocol) => {
  const { talk: say, taken, way } = await receiver(protocol);
  expect(codes(await say(...head, "Subject: x\r\n\r\n..dot\r\n.", "QUIT"))).toEqual([
    "250",
    "250",
    "354",
    "250",
    "221",
  ]);
  expect(taken).toEqual(["Subject: x\r\n\r\n.dot\r\n"]);
  expect(way.status()).toMatchObject({ kind: "lmtp", state: "up", arrivals: 1 });
});

test("RFC 2033 §4.2: an answer for each recipient", async () => {
  const { talk: say, taken, recipients } = await receiver();
  const second = "RCPT TO:<TLS+univ.example@RCPT.example>";
  const lines = await say(head[0] as string, head[1] as string, second, "DATA", "x\r\n.", "NOOP", "QUIT");
  expect(codes(lines).slice(0, 6)).toEqual(["250", "250", "250", "354", "250", "250"]);
  expect(taken).toHaveLength(1);
  expect(recipients).toEqual([["dmarc@rcpt.example", "TLS+univ.example@RCPT.example"]]);
});

test.each(["postmaster@rcpt.example", "dmarc@elsewhere.example", "dmarc", "xdmarc@rcpt.example"])(
  "nothing is taken for %s",
  async (address) => {
    const { talk: say, taken } = await receiver();
    const lines = await say(head[0] as string, `RCPT TO:<${address}>`, "DATA", "QUIT");
    expect(codes(lines)[1]).toMatch(/^5/);
    expect(codes(lines)[2]).toBe("503");
    expect(taken).toEqual([]);
  },
);

test("451 while the store fails, and 250 after", async () => {
  const { talk: say, taken, way, fail } = await receiver();
  fail(true);
  expect(codes(await say(...head, "x\r\n.", "QUIT"))[3]).toBe("451");
  expect(way.status().error).toBe("disk full");
  fail(false);
  expect(codes(await say(...head, "x\r\n.", "QUIT"))[3]).toBe("250");
  expect(taken).toEqual(["x\r\n"]);
  expect(way.status().error).toBeUndefined();
});

test("552 for what is too large, declared or not", async () => {
  const { talk: say, taken } = await receiver();
  expect(codes(await say("MAIL FROM:<> SIZE=20000", "QUIT"))[0]).toBe("552");
  expect(codes(await say(...head, `${"x".repeat(20_000)}\r\n.`, "QUIT"))[3]).toBe("552");
  expect(taken).toEqual([]);
});

test("what is cut in the middle is not taken", async () => {
  const { talk: say, taken } = await receiver();
  await say(...head, "RESET Subject: half a rep");
  await say(...head, "Subject: whole\r\n\r\nx\r\n.", "QUIT");
  expect(taken).toHaveLength(1);
});

test("no login, no TLS that nobody has set up", async () => {
  const { talk: say } = await receiver();
  expect(codes(await say("AUTH PLAIN AGEAYg==", "STARTTLS", "VRFY dmarc", "QUIT"))).toSatisfy(
    (answers: readonly string[]) => answers.slice(0, 2).every((code) => code.startsWith("5")),
  );
});
