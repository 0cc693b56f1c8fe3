import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { testIo } from "../../test/run-cli.ts";
import { type BatchOptions, runBatch, stringField } from "./batch.ts";
import { readLines } from "./read-lines.ts";

async function* pieces(...chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer | string> {
  yield* chunks;
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function batchOf(
  input: string,
  work: BatchOptions["work"],
  changes: Partial<BatchOptions> = {},
): Promise<{ readonly code: number; readonly lines: readonly unknown[] }> {
  const lines: unknown[] = [];
  const io = { ...testIo("en"), outSlowly: async (line: string) => void lines.push(JSON.parse(line)) };
  const code = await runBatch(
    { input: pieces(input), maxActive: 4, maxLineOctets: 1000, work, ...changes },
    io,
  );
  return { code, lines };
}

test("output keeps the order of the input, however long each line takes", async () => {
  const count = 50;
  const input = Array.from({ length: count }, (_, i) => `{"id":${i},"turns":${(i * 7) % 11}}\n`).join("");
  let active = 0;
  let most = 0;
  const { code, lines } = await batchOf(input, async (fields) => {
    active += 1;
    most = Math.max(most, active);
    for (let i = 0; i < Number(fields["turns"]); i++) await setImmediate();
    active -= 1;
    return { output: { n: fields["id"] }, passed: true };
  });
  expect(code).toBe(0);
  expect(lines).toEqual(Array.from({ length: count }, (_, i) => ({ id: i, n: i })));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test.each([
  { line: "nonsense", is: { error: "the line is no JSON" } },
  { line: "", is: { error: "the line is no JSON" } },
  { line: "[1]", is: { error: "the line is no JSON object" } },
  { line: "null", is: { error: "the line is no JSON object" } },
  { line: `{"a":"${"x".repeat(2000)}"}`, is: { error: "the line is longer than 1,000 octets" } },
  { line: '{"id":"q","a":1}', is: { id: "q", error: '"a" is no string' } },
  { line: '{"id":[7],"a":null}', is: { id: [7], a: null } },
])("$line gives $is, and the batch goes on", async ({ line, is }) => {
  const io = testIo("en");
  const { code, lines } = await batchOf(`${line}\n{"id":2,"a":"fine"}`, async (fields) => {
    return { output: { a: stringField(fields, "a", io) ?? null }, passed: true };
  });
  expect(lines).toEqual([is, { id: 2, a: "fine" }]);
  expect(code).toBe("error" in is ? 1 : 0);
});

test("a fault of ours in one line is its error", async () => {
  const { lines } = await batchOf('{"id":1}\n', () => Promise.reject(new TypeError("broken")));
  expect(lines).toEqual([{ id: 1, error: "something went wrong that should not have: broken" }]);
});

test("lines come out whole wherever the chunks are cut", async () => {
  const text = "one\r\n関所\n\nlast";
  const octets = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: octets.length }), { maxLength: 6 }), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), octets.length];
      const chunks = at.slice(1).map((end, i) => octets.subarray(at[i], end));
      const lines = await collected(readLines(pieces(...chunks), 100));
      expect(lines).toEqual(["one", "関所", "", "last"].map((line) => ({ kind: "line", text: line })));
    }),
  );
});

test("an endless line is not kept", async () => {
  const chunks = Array.from({ length: 100 }, () => "x".repeat(1000));
  const lines = await collected(readLines(pieces(...chunks, "\nnext\n"), 500));
  expect(lines).toEqual([{ kind: "too-long" }, { kind: "line", text: "next" }]);
});
