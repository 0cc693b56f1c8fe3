import fc from "fast-check";
import { expect, test } from "vitest";
import { mailboxMessages } from "./mailbox.ts";

const from = "From a@b.example Fri Nov 20 00:00:00 2026\n";

test.each([
  ["one", `${from}A: b\n\nx\n`, ["A: b\n\nx\n"]],
  ["two", `${from}A: b\n\nx\n\n${from}C: d\n\ny\n`, ["A: b\n\nx\n\n", "C: d\n\ny\n"]],
  ["with CRLF", `${from}A: b\r\n\r\n${from}C: d`, ["A: b\r\n\r\n", "C: d"]],
  ["a line without a time", `${from}A: b\n\nFrom here on\n`, ["A: b\n\nFrom here on\n"]],
  ["no empty line before it", `${from}A: b\n\nx\n${from}y`, [`A: b\n\nx\n${from}y`]],
  ["nothing but the line", from, [""]],
])("RFC 4155 appendix A: %s", (_name, text, messages) => {
  expect([...mailboxMessages(Buffer.from(text))].map(String)).toEqual(messages);
});

test("whatever stands in it, it ends", () => {
  const piece = fc.constantFrom("\n", "\r\n", from, "From ", "x", "");
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = Buffer.from(pieces.join(""));
      expect([...mailboxMessages(text)].length).toBeGreaterThan(0);
    }),
  );
});
