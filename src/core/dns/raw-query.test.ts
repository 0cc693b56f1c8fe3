import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { encodeResponse, nameRecord, startDnsServer, type TestDnsOptions } from "../../../test/dns-server.ts";
import { writeName } from "./name.ts";
import { askRaw, type RawQuestion, rawTypes, readRawReply } from "./raw-query.ts";

async function ask(
  question: RawQuestion,
  options: TestDnsOptions,
  timeoutMs = 10_000,
): Promise<{ readonly reply: Awaited<ReturnType<typeof askRaw>>; readonly octets: Buffer | undefined }> {
  const server = await startDnsServer(options);
  onTestFinished(() => server.stop());
  const reply = await askRaw(server, question, { timeoutMs });
  return { reply, octets: server.asked[0]?.octets };
}

function signature(covered: number, begins: number, expires: number, signer: string): Buffer {
  const fixed = Buffer.alloc(18);
  fixed.writeUInt16BE(covered, 0);
  fixed.writeUInt32BE(expires, 8);
  fixed.writeUInt32BE(begins, 12);
  fixed.writeUInt16BE(4711, 16);
  const name = Buffer.alloc(256);
  return Buffer.concat([fixed, name.subarray(0, writeName(signer, name, 0)), Buffer.from("signature")]);
}

test("RFC 4034 §3.1: signatures are read with their times", async () => {
  const data = signature(rawTypes.SOA, 1000, 2000, "example.jp");
  const { reply } = await ask(
    { name: "Example.JP.", type: rawTypes.SOA, signatures: true },
    { answer: () => ({ ad: true, answers: [{ name: "example.jp", type: rawTypes.RRSIG, data }] }) },
  );
  expect(reply).toMatchObject({ authentic: true, authoritative: false, over: "udp" });
  expect(reply?.records[0]?.signature).toEqual({
    covered: rawTypes.SOA,
    begins: 1000,
    expires: 2000,
    keyTag: 4711,
    signer: "example.jp",
  });
});

test("NS records of a referral stand in the authority section", async () => {
  const authority = [nameRecord("example.jp", "NS", "ns1.example.jp")];
  const { reply } = await ask(
    { name: "example.jp", type: rawTypes.NS },
    { answer: () => ({ aa: true, authority }) },
  );
  expect(reply?.records).toMatchObject([{ section: "authority", target: "ns1.example.jp" }]);
  expect(reply?.authoritative).toBe(true);
});

test.each([
  ["none", {}, 0x0020, false],
  ["RD", { recursive: true }, 0x0120, false],
  ["CD", { unchecked: true }, 0x0030, false],
  ["DO", { signatures: true }, 0x0020, true],
] as const)("header bits: %s", async (_, wanted, flags, dnssecOk) => {
  const { octets } = await ask({ name: "example.jp", type: rawTypes.SOA, ...wanted }, { answer: () => ({}) });
  expect(octets?.readUInt16BE(2)).toBe(flags);
  // The flags of the OPT record: its last six octets are those, and the length.
  expect((octets?.readUInt16BE(octets.length - 4) ?? 0) === 0x8000).toBe(dnssecOk);
});

test("a truncated answer is asked for again over TCP, and keeps its mark", async () => {
  const { reply } = await ask(
    { name: "example.jp", type: rawTypes.NS },
    {
      answer: ({ transport }) =>
        transport === "udp" ? { tc: true } : { answers: [nameRecord("example.jp", "NS", "ns.example.jp")] },
    },
  );
  expect(reply).toMatchObject({ truncated: true, over: "tcp", records: [{ target: "ns.example.jp" }] });
});

test.each<[string, TestDnsOptions]>([
  ["silence", { answer: () => [] }],
  ["noise", { answer: () => [Buffer.from("noise")] }],
  ["another id", { answer: ({ octets }) => ({ id: octets.readUInt16BE(0) ^ 1 }) }],
  [
    "another question",
    { answer: () => ({ question: Buffer.from("\u0001x\u0000\u0000\u0002\u0000\u0001") }) },
  ],
])("%s is no answer", async (_, options) => {
  expect((await ask({ name: "example.jp", type: rawTypes.NS }, options, 300)).reply).toBeUndefined();
});

test("whatever octets come in, nothing is thrown", () => {
  const name = Buffer.alloc(256);
  const question = Buffer.concat([
    Buffer.from("000100000001000000000000", "hex"),
    name.subarray(0, writeName("example.jp", name, 0)),
    Buffer.from([0, 2, 0, 1]),
  ]);
  const answers = [
    nameRecord("example.jp", "NS", "ns.example.jp"),
    { name: "example.jp", type: rawTypes.RRSIG, data: signature(2, 1, 2, "example.jp") },
  ];
  const real = encodeResponse(question, { answers, authority: answers, aa: true });
  expect(readRawReply(real, 1, { name: "example.jp", type: 2 }, "udp")?.records).toHaveLength(4);
  const change = fc.tuple(fc.nat(real.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), fc.nat(real.length), (changes, length) => {
      const mutated = Buffer.from(real.subarray(0, length));
      for (const [at, octet] of changes) if (at < mutated.length) mutated[at] = octet;
      readRawReply(mutated, 1, { name: "example.jp", type: 2 }, "udp");
    }),
    { numRuns: 3000 },
  );
});
