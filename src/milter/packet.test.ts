import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPacket, type Packet, PacketReader } from "./packet.ts";

const mebi = 1 << 20;

interface Copied {
  readonly code: number;
  readonly data: string;
}

/** All packets of a stream cut at the given places; data copied, as a body chunk is only good for a moment. */
function readAll(stream: Buffer, cuts: readonly number[], maxOctets = mebi): (Copied | string)[] {
  const reader = new PacketReader(maxOctets);
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  const seen: (Copied | string)[] = [];
  let from = 0;
  for (const to of [...places, stream.length]) {
    reader.push(Buffer.from(stream.subarray(from, to)));
    from = to;
    for (let step = reader.next(); step !== undefined; step = reader.next()) {
      if (typeof step === "string") return [...seen, step];
      seen.push({ code: step.code, data: step.data.toString("latin1") });
    }
  }
  return seen;
}

describe("C.1 framing", () => {
  test("the length counts the command but not itself", () => {
    expect(formatPacket(0x42, Buffer.from("abc")).toString("hex")).toBe("0000000442616263");
    expect(formatPacket(0x51).toString("hex")).toBe("0000000151");
  });

  test("a length of 0 has no command and ends the stream", () => {
    expect(readAll(Buffer.from("00000000", "hex"), [])).toEqual(["packet-empty"]);
  });

  test("more than libmilter's 65,535 data octets are read, as Postfix sends headers up to 102,400", () => {
    const packet = formatPacket(0x4c, Buffer.alloc(102_400, "x"));
    expect(readAll(packet, [])).toEqual([{ code: 0x4c, data: "x".repeat(102_400) }]);
    expect(readAll(packet, [3, 70_000])).toEqual([{ code: 0x4c, data: "x".repeat(102_400) }]);
  });

  test.each([
    { name: "at the limit", octets: 99, is: { code: 0x4c, data: "x".repeat(99) } },
    { name: "one past the limit", octets: 100, is: "packet-too-long" },
  ])("the limit counts command and data: $name", ({ octets, is }) => {
    expect(readAll(formatPacket(0x4c, Buffer.alloc(octets, "x")), [], 100)).toEqual([is]);
  });

  test("a length is judged before its packet has come", () => {
    const reader = new PacketReader(mebi);
    reader.push(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    expect(reader.next()).toBe("packet-too-long");
  });
});

test("property: the packets are the same wherever the stream is cut", () => {
  const packets = fc.array(
    fc.record({ code: fc.constantFrom(0x42, 0x4c, 0x44, 0x45), data: fc.uint8Array({ maxLength: 9000 }) }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(packets, fc.array(fc.nat(), { maxLength: 12 }), (list, cuts) => {
      const stream = Buffer.concat(list.map(({ code, data }) => formatPacket(code, data)));
      const expected = list.map(({ code, data }) => ({ code, data: Buffer.from(data).toString("latin1") }));
      expect(readAll(stream, cuts)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test("one octet at a time", () => {
  const stream = Buffer.concat([formatPacket(0x48, Buffer.from("a\0")), formatPacket(0x51)]);
  expect(
    readAll(
      stream,
      [...stream].map((_, i) => i),
    ),
  ).toEqual([
    { code: 0x48, data: "a\0" },
    { code: 0x51, data: "" },
  ]);
});

test("a packet that lies within a chunk is not copied", () => {
  const chunk = formatPacket(0x42, Buffer.from("body"));
  const reader = new PacketReader(mebi);
  reader.push(chunk);
  expect((reader.next() as Packet).data.buffer).toBe(chunk.buffer);
});

test("headers that lay across chunks stay as they are when later ones come", () => {
  const reader = new PacketReader(mebi);
  const kept: Buffer[] = [];
  for (const text of ["first", "second"]) {
    const octets = formatPacket(0x4c, Buffer.from(text));
    for (const part of [octets.subarray(0, 7), octets.subarray(7)]) {
      reader.push(part);
      const step = reader.next();
      if (typeof step === "object") kept.push(step.data);
    }
  }
  expect(kept.map(String)).toEqual(["first", "second"]);
});

test("a packet under way is known as such", () => {
  const reader = new PacketReader(mebi);
  const states: boolean[] = [];
  for (const octet of formatPacket(0x48, Buffer.from("x"))) {
    reader.push(Buffer.from([octet]));
    reader.next();
    states.push(reader.inPacket);
  }
  expect(states).toEqual([true, true, true, true, true, false]);
});
