import fc from "fast-check";
import { expect, test } from "vitest";
import { readDetail, recordDetail } from "./record-detail.ts";

const text = fc.string({ maxLength: 12 });
const maybe = <Key extends string>(key: Key): fc.Arbitrary<{ readonly [K in Key]?: string }> =>
  fc.option(text, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value }) as never);

const detail = fc.record({
  dkim: fc.array(
    fc.tuple(fc.record({ domain: text, result: text }), maybe("selector"), maybe("humanResult")).map(merged),
    { maxLength: 3 },
  ),
  spf: fc.array(
    fc.tuple(fc.record({ domain: text, result: text }), maybe("scope"), maybe("humanResult")).map(merged),
    { maxLength: 3 },
  ),
  overrides: fc.array(fc.tuple(fc.record({ type: text }), maybe("comment")).map(merged), { maxLength: 3 }),
});

function merged<T extends readonly object[]>(parts: T): T[number] & Record<string, string> {
  return Object.assign({}, ...parts) as T[number] & Record<string, string>;
}

test("every detail of a record is read as it was written", () => {
  fc.assert(
    fc.property(detail, (written) => {
      const plain = written as unknown as Parameters<typeof recordDetail>[0];
      expect(readDetail(recordDetail(plain))).toEqual(plain);
    }),
  );
});

test("what is absent takes no place", () => {
  const one = {
    dkim: [{ domain: "a.example", result: "pass" }],
    spf: [],
    overrides: [{ type: "forwarded" }],
  };
  expect(recordDetail(one)).toBe('[[["a.example","pass"]],[],[["forwarded"]]]');
});
