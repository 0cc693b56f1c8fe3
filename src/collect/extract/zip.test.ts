import fc from "fast-check";
import { expect, test } from "vitest";
import { allOf, type ZipSample, zipOf } from "../../../test/report-files.ts";
import { Allowance, defaultLimits } from "./limits.ts";
import { readZip } from "./zip.ts";

interface Found {
  readonly name: string;
  readonly text?: string;
  /** How it went, or why it was refused. */
  readonly how: string;
}

async function filesIn(octets: Buffer, allowance = new Allowance()): Promise<Found[]> {
  const found: Found[] = [];
  for (const { name, content } of readZip(octets, allowance)) {
    if (content.kind === "refused") found.push({ name, how: content.reason });
    else {
      const text = Buffer.concat(await allOf(content.chunks)).toString("latin1");
      found.push({ name, text, how: content.end.outcome });
    }
  }
  return found;
}

const one: ZipSample = { name: "a.xml", octets: "<feedback>one</feedback>" };
const two: ZipSample = { name: "b/b.xml", octets: "<feedback>two</feedback>".repeat(100) };
const wholeOne = { name: "a.xml", text: one.octets, how: "whole" };
const wholeTwo = { name: "b/b.xml", text: two.octets, how: "whole" };

test.each<readonly [string, Buffer, readonly object[]]>([
  ["packed", zipOf([one, two]), [wholeOne, wholeTwo]],
  ["stored", zipOf([{ ...one, stored: true }, two]), [wholeOne, wholeTwo]],
  ["sizes behind the data", zipOf([{ ...one, streamed: true }, two]), [wholeOne, wholeTwo]],
  [
    "stored, sizes behind the data",
    zipOf([{ ...one, stored: true, streamed: true }, two]),
    [wholeOne, wholeTwo],
  ],
  ["the directory is lost", zipOf([one, two], { directory: false }), [wholeOne, wholeTwo]],
  [
    "the directory is lost, sizes behind the data",
    zipOf(
      [
        { ...one, streamed: true },
        { ...two, streamed: true },
      ],
      { directory: false },
    ),
    [wholeOne, wholeTwo],
  ],
  ["octets before it", Buffer.concat([Buffer.from("MZ junk"), zipOf([one, two])]), [wholeOne, wholeTwo]],
  ["octets behind it", Buffer.concat([zipOf([one, two]), Buffer.from("junk")]), [wholeOne, wholeTwo]],
  ["packed sizes that are too small", zipOf([{ ...one, claimed: 3 }, two]), [wholeOne, wholeTwo]],
  ["packed sizes that are too large", zipOf([{ ...one, claimed: 0x7fff_ffff }, two]), [wholeOne, wholeTwo]],
  [
    "folders and what macOS adds",
    zipOf([
      { name: "b/", octets: "", stored: true },
      { name: "__MACOSX/b/._b.xml", octets: "x" },
      { name: ".DS_Store", octets: "x" },
      { name: "b/._b.xml", octets: "x" },
      two,
    ]),
    [wholeTwo],
  ],
  ["encrypted", zipOf([{ ...one, encrypted: true }, two]), [{ name: "a.xml", how: "encrypted" }, wholeTwo]],
  [
    "packed in another way",
    zipOf([{ ...one, method: 14 }, two]),
    [{ name: "a.xml", how: "unknown-method" }, wholeTwo],
  ],
  ["ZIP64", zipOf([one, two], { zip64: true }), [wholeOne, wholeTwo]],
  [
    "ZIP64, octets before it",
    Buffer.concat([Buffer.from("junk"), zipOf([one, two], { zip64: true })]),
    [wholeOne, wholeTwo],
  ],
  ["no file", zipOf([]), []],
  ["nothing", Buffer.alloc(0), []],
])("%s", async (_name, octets, files) => {
  expect(await filesIn(octets)).toEqual(files);
});

test("cut off within a file: what there is of it", async () => {
  const noise = Array.from({ length: 2_000 }, (_, index) => `${(index * 7919) % 1000}`).join();
  const octets = zipOf([one, { name: "c", octets: noise }]);
  const [first, second] = await filesIn(octets.subarray(0, octets.length - 1_000));
  expect(first).toEqual(wholeOne);
  expect(second?.how).toBe("cut-off");
  expect(noise.startsWith(second?.text ?? "-")).toBe(true);
  expect(second?.text?.length).toBeGreaterThan(100);
});

test("an allowance is for all files together", async () => {
  const files = Array.from({ length: 10 }, (_, index) => ({ name: `${index}`, octets: "x".repeat(1_000) }));
  const allowance = new Allowance({ ...defaultLimits, maxOctets: 3_500 });
  const found = await filesIn(
    zipOf([...files.slice(0, 3), { ...(files[3] as ZipSample), stored: true }]),
    allowance,
  );
  expect(found.map(({ how }) => how)).toEqual(["whole", "whole", "whole", "bomb"]);
  expect((await filesIn(zipOf(files), new Allowance({ ...defaultLimits, maxOctets: 1_000 })))[1]?.how).toBe(
    "bomb",
  );
});

test("files that lie over each other cost no more than the allowance", async () => {
  const archive = zipOf([{ name: "a", octets: Buffer.alloc(3_000_000) }]);
  const at = archive.indexOf("PK\x01\x02", 0, "latin1");
  const entry = archive.subarray(at, archive.length - 22);
  const end = Buffer.from(archive.subarray(archive.length - 22));
  end.writeUInt32LE(entry.length * 1_000, 12);
  const octets = Buffer.concat([archive.subarray(0, at), ...Array.from({ length: 1_000 }, () => entry), end]);
  let out = 0;
  let refused = 0;
  for (const { content } of readZip(octets, new Allowance({ ...defaultLimits, maxOctets: 10_000_000 }))) {
    if (content.kind === "refused") refused += 1;
    else for await (const chunk of content.chunks) out += chunk.length;
  }
  expect(out).toBeLessThan(14_000_000);
  expect(refused).toBeGreaterThan(900);
});

test("mutated archives are read to their end", async () => {
  const seeds = [zipOf([one, two]), zipOf([{ ...one, streamed: true, stored: true }, two], { zip64: true })];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(1_000), fc.nat(255)), { maxLength: 5 }),
      fc.nat(400),
      async (seed, edits, cut) => {
        const octets = Buffer.from(seed.subarray(0, seed.length - (cut % seed.length)));
        for (const [at, octet] of edits) if (octets.length > 0) octets[at % octets.length] = octet;
        const allowance = new Allowance({ ...defaultLimits, maxOctets: 1_000_000 });
        expect(Array.isArray(await filesIn(octets, allowance))).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
