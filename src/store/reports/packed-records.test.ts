import fc from "fast-check";
import { expect, test } from "vitest";
import { record } from "../../../test/report-samples.ts";
import type { IpAddress } from "../../core/ip.ts";
import type { AggregateHead, AggregateRecord } from "../../core/reports/aggregate.ts";
import { identifyAggregate } from "./identity.ts";
import { PackedRecords } from "./packed-records.ts";

/** Few different ones, so that records often share them; NUL and half a surrogate pair may come from a mail, too. */
const text = fc.constantFrom("", "a.example", "b.example", "\0", "\ud800", "null", '"', "日本");
const maybe = fc.option(text, { nil: undefined });
const ip = fc.option(
  fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets): IpAddress => ({ family: 4, octets })),
    fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .filter(([first]) => first !== 0)
      .map((octets): IpAddress => ({ family: 6, octets })),
  ),
  { nil: undefined },
);

const anyRecord: fc.Arbitrary<AggregateRecord> = fc
  .tuple(
    fc.record({
      count: fc.oneof(fc.nat(3), fc.constant(2 ** 40)),
      disposition: text,
      headerFrom: text,
      dkimAligned: fc.boolean(),
      spfAligned: fc.boolean(),
    }),
    fc.record({ sourceIp: ip, envelopeFrom: maybe, envelopeTo: maybe }),
    fc.record({ domain: text, result: text }),
  )
  .map(([plain, { sourceIp, envelopeFrom, envelopeTo }, result]) => ({
    ...plain,
    ...(sourceIp !== undefined && { sourceIp }),
    ...(envelopeFrom !== undefined && { envelopeFrom }),
    ...(envelopeTo !== undefined && { envelopeTo }),
    dkim: [result],
    spf: [],
    overrides: [],
  }));
/** Many that are alike in nearly everything. */
const records = fc.array(fc.oneof(anyRecord, fc.integer({ min: 1, max: 3 }).map(sampleRecord)), {
  maxLength: 40,
});

function sampleRecord(count: number): AggregateRecord {
  return record({ count, ip: "192.0.2.1", envelopeFrom: count === 2 ? "" : "a.example" });
}

const head: AggregateHead = {
  orgName: "reporter.example",
  email: "",
  reportId: "1",
  begin: 0,
  end: 1,
  errors: [],
  policy: { domain: "univ.example" },
};

async function digestOf(list: readonly AggregateRecord[]): Promise<string> {
  const { digest } = await identifyAggregate(head, PackedRecords.of(list), []);
  return Buffer.from(digest).toString("hex");
}

/** What a list says whatever its order is, worked out in another way. */
function plainly(list: readonly AggregateRecord[]): string {
  return list
    .map(({ sourceIp, envelopeFrom = null, envelopeTo = null, ...rest }) => {
      const { count, disposition, headerFrom, dkimAligned, spfAligned, dkim, spf, overrides } = rest;
      const words = [count, disposition, headerFrom, dkimAligned, spfAligned, envelopeFrom, envelopeTo];
      return JSON.stringify([[...(sourceIp?.octets ?? [])], words, dkim, spf, overrides]);
    })
    .sort()
    .join("\n");
}

test("records are read as they were packed, and as often as one likes", () => {
  fc.assert(
    fc.property(records, (list) => {
      const packed = PackedRecords.of(list);
      expect(packed.length).toBe(list.length);
      expect(packed.messages).toBe(list.reduce((sum, { count }) => sum + count, 0));
      expect([...packed]).toEqual(list);
      expect([...packed]).toEqual(list);
    }),
  );
});

test("what of records is added up is what they say", () => {
  const packed = PackedRecords.of([
    record({ dkim: false, count: 3 }),
    record({ ip: "", disposition: "reject" }),
  ]);
  expect([...packed.summed()]).toEqual([
    { address: `${"\0".repeat(10)}\xff\xff\xc0\0\x02\x01`, count: 3, aligned: 2, disposition: "none" },
    { address: "", count: 1, aligned: 3, disposition: "reject" },
  ]);
});

test("the order of records does not change the digest of a report", async () => {
  const shuffled = records.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  await fc.assert(
    fc.asyncProperty(shuffled, async ([list, other]) => {
      expect(await digestOf(other)).toBe(await digestOf(list));
    }),
  );
});

test("reports that say the same, and no others, have the same digest", async () => {
  const few = fc.array(fc.oneof(anyRecord, fc.integer({ min: 1, max: 3 }).map(sampleRecord)), {
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(few, few, async (one, other) => {
      expect((await digestOf(one)) === (await digestOf(other))).toBe(plainly(one) === plainly(other));
    }),
  );
});

const twoNames = { headerFrom: "a.example", envelopeFrom: "b.example" };
test.each<readonly [string, readonly AggregateRecord[], readonly AggregateRecord[]]>([
  ["a row more that is the same", [record(), record()], [record()]],
  ["another address", [record({ ip: "192.0.2.1" })], [record({ ip: "192.0.2.2" })]],
  ["no address", [record()], [record({ ip: "" })]],
  ["another count", [record({ count: 1 })], [record({ count: 2 })]],
  ["other names", [record(twoNames)], [record({ headerFrom: "b.example", envelopeFrom: "a.example" })]],
  ["an empty name and none", [record({ envelopeTo: "" })], [record()]],
  ["another detail", [record({ comment: "x" })], [record({ comment: "y" })]],
  [
    "the details of two records, exchanged",
    [record({ ip: "192.0.2.1", comment: "x" }), record({ ip: "192.0.2.2", comment: "y" })],
    [record({ ip: "192.0.2.1", comment: "y" }), record({ ip: "192.0.2.2", comment: "x" })],
  ],
])("another digest: %s", async (_, one, other) => {
  expect(await digestOf(one)).not.toBe(await digestOf(other));
});
