import { expect, test } from "vitest";
import { memoryResolver } from "./core/dns/memory.ts";
import { type AuthResults, fixedClock, type IpAddress, parseIp, type SmtpClient, verify } from "./index.ts";

const clock = fixedClock(Date.UTC(2026, 5, 1));
const client: SmtpClient = {
  ip: parseIp("192.0.2.1") as IpAddress,
  helo: "mx.example.com",
  mailFrom: "bounce@example.com",
};
const dns = memoryResolver({
  "example.com": [{ TXT: "v=spf1 ip4:192.0.2.0/24 -all" }],
  "_dmarc.example.com": [{ TXT: "v=DMARC1; p=reject" }],
});
const message = Buffer.from(
  "From: Joe\r\n <joe@example.com>\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=AA==; b=AA==\r\n\r\nHello.\r\n",
);

test("verify reads a whole message, or one in pieces with LF line ends", async () => {
  const results = await verify(message, { dns, clock, client });
  expect(results).toMatchObject({
    iprev: { result: "permerror" },
    spf: { result: "pass" },
    dkim: [{ result: "permerror", problem: "no-key", signer: "author" }],
    dmarc: { result: "pass", domain: "example.com", alignedSpf: true },
  });
  const unix = Buffer.from(message.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
  for (const size of [1, 7, 1000])
    expect(comparable(await verify(pieces(unix, size), { dns, clock, client }))).toEqual(comparable(results));
});

test("verify takes whatever comes for a message", async () => {
  expect(await verify(Buffer.alloc(0), { dns, clock })).toMatchObject({
    dkim: [],
    dmarc: { result: "permerror", problem: "from-missing" },
  });
});

test("verify rejects when the source does, with its error", async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield* pieces(message, 100);
    throw new Error("disk gone");
  }
  await expect(verify(broken(), { dns, clock, client })).rejects.toThrow("disk gone");
});

async function* pieces(octets: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

function comparable(results: AuthResults): unknown {
  return { ...results, dns: results.dns.map((entry) => ({ ...entry, ms: 0 })) };
}
