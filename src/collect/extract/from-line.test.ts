import fc from "fast-check";
import { expect, test } from "vitest";
import { isFromLine, maxFromLine } from "./from-line.ts";

test.each([
  ["Postfix, Dovecot", "From a@b.example  Fri Nov 20 00:00:00 2026"],
  ["Exim, with one blank", "From a@b.example Fri Nov  6 00:00:00 2026"],
  ["procmail", "From a@b.example  Fri Nov 20 00:00:00 2026\r"],
  ["Thunderbird", "From - Tue Nov 20 00:00:00 2026"],
  ["Thunderbird of today", "From "],
  ["Thunderbird without a time", "From - \r"],
  ["qmail", "From MAILER-DAEMON Fri Nov 20 00:00:00 2026"],
  ["no address", "From  Fri Nov 20 00:00:00 2026"],
  ["RFC 4155 appendix A: a zone", "From a@b.example Fri Nov 20 00:00:00 2026 +0900"],
  ["a zone in letters before the year", "From a@b.example Fri Nov 20 00:00:00 JST 2026"],
  ["no seconds", "From a@b.example Fri Nov 20 00:00 2026"],
  ["Takeout", "From 1782345678901234567@xxx Fri Nov 20 00:00:00 +0000 2026"],
  ["Eudora", "From ???@??? Fri Nov 20 00:00:00 2026"],
  ["UUCP", "From user Fri Nov 20 00:00:00 2026 remote from host"],
  ["a local part with a blank", 'From "a b c"@d.example Fri Nov 20 00:00:00 2026'],
  ["an archive of a list", "From a at b.example  Fri Nov 20 00:00:00 2026"],
  ["a time of RFC 5322", "From a@b.example Fri, 20 Nov 2026 00:00:00 +0900"],
  ["an address that is a day", "From Fri Fri Nov 20 00:00:00 2026"],
])("parts messages: %s", (_name, line) => {
  expect(isFromLine(Buffer.from(`${line}\nSubject: x\n`), 0)).toBe(true);
  expect(isFromLine(Buffer.from(`xx\n${line}`), 3)).toBe(true);
});

test.each([
  ["a sentence", "From the administrator: this is text"],
  ["a day in it", "From Fri on we are closed"],
  ["a date in it", "From Fri Nov 20 2026 on we are closed"],
  ["a time in a sentence", "From Fri Nov 20 00:00:00 2026 on we are closed"],
  ["two words before the time", "From the administrator Fri Nov 20 00:00:00 2026"],
  ["no time", "From a@b.example Fri Nov 20 2026"],
  ["nothing but an address", "From a@b.example"],
  ["another language", "From a@b.example ven nov 20 00:00:00 2026"],
  ["too long", `From a@b.example${" ".repeat(maxFromLine)}Fri Nov 20 00:00:00 2026`],
  ["of blanks", `From ${" ".repeat(maxFromLine)}`],
])("is text: %s", (_name, line) => {
  expect(isFromLine(Buffer.from(`${line}\nSubject: x\n`), 0)).toBe(false);
});

test("what stands behind the line tells nothing", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{0,60}$/), fc.string(), (line, rest) => {
      const alone = isFromLine(Buffer.from(`From ${line}\n`), 0);
      expect(isFromLine(Buffer.from(`From ${line}\n${rest}`), 0)).toBe(alone);
    }),
  );
});
