import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { allOf } from "../../../test/report-files.ts";
import { type GzipFile, isGzip, isZlib, openGzip, openZlib } from "./gzip.ts";
import { Allowance, defaultLimits, type ExtractLimits } from "./limits.ts";

interface Unpacked {
  readonly text: string;
  readonly outcome: string;
  readonly name?: string;
}

async function unpack({ chunks, end, name }: GzipFile): Promise<Unpacked> {
  const text = Buffer.concat(await allOf(chunks)).toString("latin1");
  return { text, outcome: end.outcome, ...(name !== undefined && { name }) };
}

function gunzip(octets: Buffer, limits: ExtractLimits = defaultLimits): Promise<Unpacked> {
  return unpack(openGzip(octets, new Allowance(limits)));
}

const noise = Buffer.from(Array.from({ length: 5_000 }, (_, index) => `${(index * 7919) % 1000}`).join());
const small = gzipSync("one");
/** More than is unpacked at once. */
const large = Buffer.alloc(6 * 1024 * 1024, noise);

/** RFC 1952 §2.3: with an extra field, a name, a comment and a check sum of the header. */
function withFields(flags: number): Buffer {
  const fields = [
    (flags & 4) !== 0 ? Buffer.from([3, 0, 1, 2, 3]) : Buffer.alloc(0),
    (flags & 8) !== 0 ? Buffer.from("name.xml\0") : Buffer.alloc(0),
    (flags & 16) !== 0 ? Buffer.from("comment\0") : Buffer.alloc(0),
    (flags & 2) !== 0 ? Buffer.from([9, 9]) : Buffer.alloc(0),
  ];
  const header = Buffer.from(small.subarray(0, 10));
  header[3] = flags;
  return Buffer.concat([header, ...fields, small.subarray(10)]);
}

test.each<readonly [string, Buffer, Unpacked]>([
  ["one member", small, { text: "one", outcome: "whole" }],
  [
    "several members",
    Buffer.concat([small, gzipSync(" two"), gzipSync("")]),
    { text: "one two", outcome: "whole" },
  ],
  [
    "other octets behind it",
    Buffer.concat([small, Buffer.from("\r\n--b--")]),
    { text: "one", outcome: "whole" },
  ],
  ["NULs behind it", Buffer.concat([small, Buffer.alloc(600)]), { text: "one", outcome: "whole" }],
  ["without its check sum", small.subarray(0, -8), { text: "one", outcome: "whole" }],
  [
    "a second member that is cut",
    Buffer.concat([small, small.subarray(0, 6)]),
    { text: "one", outcome: "cut-off" },
  ],
  ["all fields", withFields(2 + 4 + 8 + 16), { text: "one", outcome: "whole", name: "name.xml" }],
  ["a name", withFields(8), { text: "one", outcome: "whole", name: "name.xml" }],
  [
    "a name that does not end",
    Buffer.concat([small.subarray(0, 3), Buffer.from([8]), small.subarray(4, 10), Buffer.from("x")]),
    { text: "", outcome: "cut-off" },
  ],
  ["a header alone", small.subarray(0, 10), { text: "", outcome: "cut-off" }],
])("RFC 1952: %s", async (_name, octets, unpacked) => {
  expect(await gunzip(octets)).toEqual(unpacked);
});

test("more than is unpacked at once", async () => {
  const packed = Buffer.concat([gzipSync(large), gzipSync("end")]);
  const { text, outcome } = await gunzip(packed);
  expect(outcome).toBe("whole");
  expect(text).toBe(`${large.toString("latin1")}end`);
});

test.each([
  ["small", noise, 0.5],
  ["large", large, 0.5],
  ["large, and more left than is unpacked at once", large, 0.9],
  ["large, packed, too", Buffer.from(randomBytes(1_500_000).toString("hex")), 0.9],
])("cut off: %s", async (_name, content, part) => {
  const packed = gzipSync(content);
  const { text, outcome } = await gunzip(packed.subarray(0, Math.floor(packed.length * part)));
  expect(outcome).toBe("cut-off");
  expect(text.length).toBeGreaterThan(1_000);
  expect(content.toString("latin1").startsWith(text)).toBe(true);
});

test.each([
  ["its check sum", large, 8],
  ["its check sum, more than is unpacked at once", Buffer.from(randomBytes(1_500_000).toString("hex")), 8],
  ["half of it", large, 4],
])("whole without %s", async (_name, content, missing) => {
  const { text, outcome } = await gunzip(gzipSync(content).subarray(0, -missing));
  expect(outcome).toBe("whole");
  expect(text === content.toString("latin1")).toBe(true);
});

test("the last octet of the data is missing", async () => {
  expect((await gunzip(gzipSync(large).subarray(0, -9))).outcome).toBe("cut-off");
});

test("damaged in the middle: what came before it", async () => {
  const packed = gzipSync(large);
  packed.fill(0xff, Math.floor(packed.length / 2));
  const { outcome } = await gunzip(packed);
  expect(outcome).not.toBe("whole");
});

test("a bomb ends at the ratio, not at the limit of octets", async () => {
  const { outcome, text } = await gunzip(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  expect(outcome).toBe("bomb");
  expect(text.length).toBeLessThan(10 * 1024 * 1024);
});

test("a bomb ends at the limit of octets", async () => {
  const limits = { ...defaultLimits, maxOctets: 5_000_000 };
  const { outcome, text } = await gunzip(gzipSync(large), limits);
  expect(outcome).toBe("bomb");
  expect(text.length).toBeLessThanOrEqual(5_000_000);
  const many = Buffer.concat(Array.from({ length: 100 }, () => gzipSync(Buffer.alloc(100_000))));
  const all = await gunzip(many, limits);
  expect(all.outcome).toBe("bomb");
  expect(all.text.length).toBeLessThanOrEqual(5_000_000);
});

test("very many members are refused", async () => {
  const { outcome } = await gunzip(Buffer.concat(Array.from({ length: 70_000 }, () => small)));
  expect(outcome).toBe("bomb");
});

test("RFC 1950", async () => {
  const packed = deflateSync("one");
  expect(isZlib(packed)).toBe(true);
  expect(isZlib(Buffer.from("xylophone"))).toBe(false);
  expect(isGzip(packed)).toBe(false);
  expect(await unpack(openZlib(packed, new Allowance()))).toEqual({ text: "one", outcome: "whole" });
});

test("whatever follows the header", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(31), async (octets, flags) => {
      const { outcome } = await gunzip(Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags]), octets]));
      expect(["whole", "cut-off", "damaged", "bomb"]).toContain(outcome);
    }),
    { numRuns: 300 },
  );
});
