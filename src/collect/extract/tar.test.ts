import fc from "fast-check";
import { expect, test } from "vitest";
import { allOf, inPieces, tarOf } from "../../../test/report-files.ts";
import { isTar, readTar, type TarFile } from "./tar.ts";

async function filesIn(octets: Buffer, pieceLength = 100, maxFile = 10_000): Promise<TarFile[]> {
  return allOf(readTar(inPieces(octets, pieceLength), maxFile));
}

const two = tarOf([
  { name: "a/", type: "5" },
  { name: "a/one.xml", octets: "one" },
  { name: "a/link", type: "2" },
  { name: "a/two.xml", octets: "x".repeat(1_000) },
]);

test.each([1, 7, 512, 100_000])("files, in pieces of %i octets", async (length) => {
  const files = await filesIn(two, length);
  expect(files.map(({ name, octets, state }) => [name, octets.length, state])).toEqual([
    ["a/one.xml", 3, "whole"],
    ["a/two.xml", 1_000, "whole"],
  ]);
});

test("names beyond 100 octets", async () => {
  const name = `${"folder/".repeat(30)}a.xml`;
  expect((await filesIn(tarOf([{ name, octets: "x" }]))).map((file) => file.name)).toEqual([name]);
  const pax = tarOf([
    { name: "pax", type: "x", octets: `${name.length + 10} path=${name}\n` },
    { name: "cut", octets: "x" },
    { name: "next", octets: "y" },
  ]);
  expect((await filesIn(pax)).map((file) => file.name)).toEqual([name, "next"]);
});

test("one archive behind the other", async () => {
  expect(await filesIn(Buffer.concat([two, two]))).toHaveLength(4);
});

test("cut off, and too large", async () => {
  const cut = await filesIn(two.subarray(0, two.length - 1024 - 600));
  expect(cut.map(({ octets, state }) => [octets.length, state])).toEqual([
    [3, "whole"],
    [424, "cut-off"],
  ]);
  expect((await filesIn(two, 100, 500)).map(({ octets, state }) => [octets.length, state])).toEqual([
    [3, "whole"],
    [500, "too-large"],
  ]);
});

test("what stands where a header should be, and what stands behind the end", async () => {
  const lost = Buffer.from(two);
  lost.fill(0x61, 1024, 1536);
  const headless = Buffer.concat([two.subarray(0, 512), Buffer.alloc(512, "x"), two.subarray(512)]);
  expect((await filesIn(headless)).map(({ state }) => state)).toEqual(["damaged"]);
  expect((await filesIn(Buffer.concat([two, Buffer.alloc(512, "x"), two]))).length).toBe(2);
  expect((await filesIn(lost)).map(({ state }) => state)).toEqual(["whole", "whole"]);
});

test("what is no tar", async () => {
  expect(isTar(Buffer.alloc(2_000))).toBe(false);
  expect(isTar(Buffer.from("From: a@b\r\n\r\n".repeat(100)))).toBe(false);
  expect(isTar(two.subarray(0, 400))).toBe(false);
  expect((await filesIn(Buffer.from("x".repeat(2_000)))).map(({ state }) => state)).toEqual(["damaged"]);
});

test("mutated archives end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(two.length - 1), fc.nat(255), async (at, octet) => {
      const octets = Buffer.from(two);
      octets[at] = octet;
      for (const file of await filesIn(octets)) expect(file.octets.length).toBeLessThanOrEqual(10_000);
    }),
  );
});
