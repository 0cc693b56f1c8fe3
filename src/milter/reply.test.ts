import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatReply, formatSmtpReply, progressPacket } from "./reply.ts";
import type { MilterReply } from "./types.ts";

describe("C.3 answers", () => {
  test.each([
    ["continue", "c"],
    ["accept", "a"],
    ["reject", "r"],
    ["tempfail", "t"],
    ["discard", "d"],
    ["skip", "s"],
  ] as const)("%s is %s", (kind, code) => {
    expect(formatReply({ kind })?.toString("latin1")).toBe(`\0\0\0\x01${code}`);
  });

  test("progress is p", () => {
    expect(progressPacket.toString("latin1")).toBe("\0\0\0\x01p");
  });

  test("y carries code, enhanced code and text with a NUL", () => {
    const reply = formatReply({ kind: "smtp", code: 550, enhanced: "5.7.26", text: "no" });
    expect(reply?.toString("latin1")).toBe("\0\0\0\x0fy550 5.7.26 no\0");
  });

  test("what is no reply (from JavaScript) has no form", () => {
    expect(formatReply({ kind: "connection-fail" } as unknown as MilterReply)).toBeUndefined();
  });
});

describe("C.7 text of y", () => {
  const cases = [
    {
      name: "% is doubled: Sendmail takes the text for a format",
      code: 550,
      enhanced: "5.7.1",
      text: "100% sure %s",
      is: "550 5.7.1 100%% sure %%s",
    },
    {
      name: "several lines: the same code, - and a blank, CRLF between",
      code: 451,
      enhanced: "4.7.1",
      text: "a\nb\r\nc",
      is: "451-4.7.1 a\r\n451-4.7.1 b\r\n451 4.7.1 c",
    },
    { name: "an enhanced code of another class", code: 550, enhanced: "4.7.1", text: "x", is: "550 5.0.0 x" },
    {
      name: "an enhanced code that is none",
      code: 450,
      enhanced: "4.7\r\n250",
      text: "x",
      is: "450 4.0.0 x",
    },
    {
      name: "ASCII only",
      code: 550,
      enhanced: "5.7.1",
      text: "拒否 \u{1f600}\0\x1b\tx",
      is: "550 5.7.1 ?? ??? x",
    },
    { name: "a final line end adds no line", code: 550, enhanced: "5.7.1", text: "a\n", is: "550 5.7.1 a" },
    { name: "no text", code: 550, enhanced: "5.7.1", text: "", is: "550 5.7.1 " },
    { name: "no code of failure", code: 250, enhanced: "2.0.0", text: "x", is: undefined },
    { name: "a code that is none", code: 600, enhanced: "5.0.0", text: "x", is: undefined },
    { name: "half a code", code: 550.5, enhanced: "5.0.0", text: "x", is: undefined },
  ];
  test.each(cases)("$name", ({ code, enhanced, text, is }) => {
    expect(formatSmtpReply(code, enhanced, text)).toBe(is);
  });

  test("long lines are broken at 980 octets, doubled % included and never parted", () => {
    const lines = formatSmtpReply(550, "5.7.1", `x${"%".repeat(1000)}`)?.split("\r\n") ?? [];
    expect(lines.map((line) => line.length - "550 5.7.1 ".length)).toEqual([979, 980, 42]);
  });

  test("property: any text gives lines as Postfix 3.12 checks them", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        fc.string(),
        fc.string({ unit: "grapheme", maxLength: 3000 }),
        (code, enhanced, text) => {
          const lines = (formatSmtpReply(code, enhanced, text) ?? "").split("\r\n");
          expect(lines.length).toBeLessThanOrEqual(32);
          for (const [index, line] of lines.entries()) {
            expect(line).toMatch(/^[45]\d\d[- ][45]\.\d{1,3}\.\d{1,3} [ -~]{0,980}$/);
            expect(line.slice(0, 4)).toBe(`${code}${index === lines.length - 1 ? " " : "-"}`);
            expect(line[4]).toBe(String(code)[0]);
            expect(line.replaceAll("%%", "")).not.toContain("%");
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
