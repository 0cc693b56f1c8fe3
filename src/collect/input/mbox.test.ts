import fc from "fast-check";
import { expect, test } from "vitest";
import { allOf, inPieces } from "../../../test/report-files.ts";
import { type MboxMessage, readMbox } from "./mbox.ts";

async function messages(text: string, pieceLength = 1_000, most?: number): Promise<MboxMessage[]> {
  return allOf(readMbox(inPieces(Buffer.from(text, "latin1"), pieceLength), most));
}

async function texts(text: string, pieceLength?: number): Promise<string[]> {
  return (await messages(text, pieceLength)).map(({ octets }) => octets.toString("latin1"));
}

const from = "From a@b Fri Nov 20 00:00:00 2026\n";

test.each<readonly [string, string, readonly string[]]>([
  ["two mails", `${from}A: 1\n\nx\n\n${from}B: 2\n\ny\n`, ["A: 1\n\nx\n\n", "B: 2\n\ny\n"]],
  ["CRLF", `${from}A: 1\r\n\r\nx\r\n\r\n${from}B: 2\r\n`, ["A: 1\r\n\r\nx\r\n\r\n", "B: 2\r\n"]],
  [
    "text that begins so",
    `${from}A: 1\n\nHello\n\nFrom the administrator: this is text\n\nbye\n\n${from}B: 2\n\nx\n`,
    ["A: 1\n\nHello\n\nFrom the administrator: this is text\n\nbye\n\n", "B: 2\n\nx\n"],
  ],
  [
    "Thunderbird and no address",
    "From - Tue Nov 20 00:00:00 2026\nA: 1\n\nFrom \nB: 2\n\nFrom  Fri Nov 20 00:00:00 2026\nC: 3\n",
    ["A: 1\n\n", "B: 2\n\n", "C: 3\n"],
  ],
  ["no empty line before it", `${from}A: 1\n\nx\nFrom me to you\n`, ["A: 1\n\nx\nFrom me to you\n"]],
  ["escaped", `${from}A: 1\n\n>From me\n>>From you\n> From x\n`, ["A: 1\n\nFrom me\n>From you\n> From x\n"]],
  ["no From line at first", `A: 1\n\nx\n\n${from}B: 2\n`, ["A: 1\n\nx\n\n", "B: 2\n"]],
  ["mails of nothing", `${from}\n${from}\n${from}`, ["\n", "\n", ""]],
  ["nothing", "", []],
])("RFC 4155 appendix A: %s", async (_name, text, mails) => {
  for (const length of [1, 2, 5, 7, 64, 10_000]) expect(await texts(text, length)).toEqual(mails);
});

test("a mail that is too large is told, and those around it are read", async () => {
  const found = await messages(`${from}A: 1\n\n${from}B: ${"x".repeat(500)}\n\n${from}C: 3\n`, 16, 100);
  expect(found.map(({ octets, number, tooLarge }) => [number, octets.toString(), tooLarge])).toEqual([
    [1, "A: 1\n\n", false],
    [2, "", true],
    [3, "C: 3\n", false],
  ]);
});

test("where the octets are cut makes no difference", async () => {
  const piece = fc.constantFrom("From ", from, "\n", "\r\n", "\n\n", ">", "x", " ".repeat(990));
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      async (pieces, length) => {
        const text = pieces.join("");
        expect(await texts(text, length)).toEqual(await texts(text, 10_000));
      },
    ),
    { numRuns: 500 },
  );
});
