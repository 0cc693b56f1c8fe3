import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuMsOf } from "../../test/cpu-time.ts";
import { parseHead } from "../core/message/message.ts";
import { Preflight } from "./preflight.ts";

const head = parseHead(Buffer.from("From: a@a.example\r\nDate: x\r\nMessage-ID: <1@a>\r\n"));

function problems(chunks: readonly string[]): readonly string[] {
  const preflight = new Preflight({ smtputf8: false, eightBit: false });
  for (const chunk of chunks) preflight.body(Buffer.from(chunk, "latin1"));
  return preflight.problems(head).toSorted();
}

/** The same, said as plainly as it can be. */
function expected(body: string): string[] {
  const lines = body.split("\n").map((line) => line.replace(/\r$/, ""));
  // The last one has no LF that its CR could belong to.
  lines[lines.length - 1] = body.slice(body.lastIndexOf("\n") + 1);
  return [
    ...(/\r(?!\n)/.test(body) ? ["bare-cr-body"] : []),
    ...(/(?<!\r)\n/.test(body) ? ["bare-lf-body"] : []),
    ...(lines.some((line) => line.length > 998) ? ["long-body-line"] : []),
    ...(body.includes("\0") ? ["nul-body"] : []),
    ...(/[\x80-\xff]/.test(body) ? ["undeclared-8bit-body"] : []),
  ];
}

test("says what plain rules say, however the body is cut", () => {
  const piece = fc.constantFrom(
    "\r\n",
    "\r",
    "\n",
    "a",
    "é",
    "\0",
    "x".repeat(500),
    "y".repeat(998),
    "\r\n\r\n",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.nat(4000), { maxLength: 6 }),
      (pieces, cuts) => {
        const body = pieces.join("");
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, body.length)).toSorted((a, b) => a - b),
          body.length,
        ];
        const chunks = places.slice(1).map((to, index) => body.slice(places[index], to));
        expect(problems(chunks)).toEqual(expected(body));
      },
    ),
    { numRuns: 500 },
  );
});

test("a body of line ends alone takes no longer than one of text", () => {
  const spent = cpuMsOf(() => problems(Array.from({ length: 20 }, () => "\n".repeat(65_535))));
  // Linear: some milliseconds. Were each line to look to the end of its piece, minutes.
  expect(spent).toBeLessThan(5_000);
});

test.each([
  ["a\r\n \r\n b", true],
  ["a\r\n\t \r\n", true],
  ["a\r\n b", false],
  ["", false],
])("a fold of white space alone: %j", (value, is) => {
  const folded = parseHead(
    Buffer.from(`From: a@a.example\r\nDate: x\r\nMessage-ID: <1@a>\r\nX: ${value}\r\n`),
  );
  const found = new Preflight({ smtputf8: false, eightBit: false }).problems(folded);
  expect(found.includes("blank-header-line")).toBe(is);
});

test.each([
  ["T. Aro <t@a.example>", true],
  ['"T. Aro" <t@a.example>', false],
  ["Taro (T. Aro) <t@a.example>", false],
  ["t.aro@a.example", false],
  ["Taro <t.aro@a.example>, J. R <j@a.example>", true],
  ["t.aro@a.example, Jiro <j@a.example>", false],
  ["a@a.example <a@a.example>", true],
  ['"a\\" b. c" <a@a.example>', false],
  ["Group: T. Aro <t@a.example>;", true],
  ["<unclosed. <a", false],
])("a display name without the quotes that it needs: %j", (value, is) => {
  const named = parseHead(Buffer.from(`From: ${value}\r\nDate: x\r\nMessage-ID: <1@a>\r\n`));
  const found = new Preflight({ smtputf8: false, eightBit: false }).problems(named);
  expect(found.includes("unquoted-name")).toBe(is);
});
