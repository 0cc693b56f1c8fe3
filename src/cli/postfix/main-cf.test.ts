import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitList } from "./logical-lines.ts";
import { expandParameter, parseMainCf, parseTime } from "./main-cf.ts";
import { parseMasterCf } from "./master-cf.ts";
import { parseMilterList } from "./milter-list.ts";

// With `a = one` and `b = $a two`.
const expansions = readFileSync(
  new URL("../../../test/vectors/postfix/expansions.tsv", import.meta.url),
  "utf8",
)
  .replace(/\n$/, "")
  .split("\n")
  .map((line) => line.split("\t") as [value: string, is: string]);

describe("main.cf (postconf(5))", () => {
  test.each([
    { name: "blanks around the equals sign", text: "a=1\nb = 2\n", is: { a: "1", b: "2" } },
    { name: "the last one counts", text: "a = 1\na = 2", is: { a: "2" } },
    { name: "empty values", text: "a =\n", is: { a: "" } },
    { name: "continuation lines", text: "a = 1,\n  2,\n\t3\nb = 4", is: { a: "1, 2, 3", b: "4" } },
    { name: "comments and empty lines within", text: "a = 1\n# no\n\n  # no\n  2\n", is: { a: "1 2" } },
    { name: "an equals sign in the value", text: "a = b=c", is: { a: "b=c" } },
    { name: "CRLF", text: "a = 1\r\nb = 2\r\n", is: { a: "1", b: "2" } },
  ])("$name", ({ text, is }) => {
    const main = parseMainCf(text);
    expect(Object.fromEntries(main.parameters)).toEqual(is);
    expect(main.unreadable).toEqual([]);
  });

  test("lines that are no setting are told by number", () => {
    expect(parseMainCf("a = 1\n\nnonsense\n= x\nb = 2").unreadable).toEqual([3, 4]);
  });

  test.each(expansions)("%s becomes %s", (value, is) => {
    const main = parseMainCf(`a = one\nb = $a two\nv = ${value}\n`);
    expect(expandParameter(main, "v")).toBe(is);
  });

  test("loops and explosions end", () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `a${i} = $a${i + 1}$a${i + 1}$a${i + 1}\n`).join(
      "",
    );
    const main = parseMainCf(`loop = x$loop$loop\n${doubling}a40 = ${"x".repeat(1000)}`);
    expect(expandParameter(main, "loop").length).toBeLessThanOrEqual(64_000);
    expect(expandParameter(main, "a0").length).toBeLessThanOrEqual(64_000);
  });

  test("anything can be read", () => {
    const unit = fc.constantFrom("$", "{", "}", "(", ")", "a", "b", " = ", "\n", " ", "?", ":", "#", ",");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
        const main = parseMainCf(`a = ${text}`);
        parseMilterList(expandParameter(main, "a"));
        parseMasterCf(text);
      }),
    );
  });
});

test.each([
  ["30", 30_000],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["1d", 86_400_000],
  ["1w", 604_800_000],
  ["soon", undefined],
  ["", undefined],
  ["-1s", undefined],
])("the time %j is %s ms", (text, ms) => {
  expect(parseTime(text)).toBe(ms);
});

test.each([
  ["", []],
  ["a, b c,,d", ["a", "b", "c", "d"]],
  ["{ a, b } c", ["{ a, b }", "c"]],
  ["{a {b, c} d},e", ["{a {b, c} d}", "e"]],
  ["{a b", ["{a b"]],
  ["} a", ["}", "a"]],
])("the list %j", (text, is) => {
  expect(splitList(text)).toEqual(is);
});

test.each([
  { text: "", is: [] },
  { text: "inet:h:1 unix:/p", is: ["inet:h:1", "unix:/p"] },
  { text: "{ inet:h:1, default_action=accept }", is: ["inet:h:1 default_action=accept"] },
  { text: "{inet:h:1 command_timeout = 3s}, unix:/p", is: ["inet:h:1 command_timeout=3s", "unix:/p"] },
  { text: "{ inet:h:1, { connect_timeout = 10s } }", is: ["inet:h:1 connect_timeout=10s"] },
  { text: "{ }", is: [] },
])("the filters $text", ({ text, is }) => {
  const written = parseMilterList(text).map(({ endpoint, settings }) =>
    [endpoint, ...[...settings].map(([name, value]) => `${name}=${value}`)].join(" "),
  );
  expect(written).toEqual(is);
});

test("master.cf (master(5))", () => {
  const text = [
    "# service type",
    "smtp inet n - y - - smtpd",
    "submission inet n - - - - smtpd",
    "  -o smtpd_milters=inet:h:1,inet:h:2",
    "# in between",
    "  -o { smtpd_client_restrictions = permit, reject } -oa=b -v",
    "cleanup unix n - n - 0 cleanup",
    "broken line",
  ].join("\n");
  const services = parseMasterCf(text).map(({ overrides, ...service }) => ({
    ...service,
    overrides: Object.fromEntries(overrides),
  }));
  expect(services).toEqual([
    { name: "smtp", type: "inet", chroot: true, command: "smtpd", line: 2, overrides: {} },
    {
      name: "submission",
      type: "inet",
      chroot: undefined,
      command: "smtpd",
      line: 3,
      overrides: { smtpd_milters: "inet:h:1,inet:h:2", smtpd_client_restrictions: "permit, reject", a: "b" },
    },
    { name: "cleanup", type: "unix", chroot: false, command: "cleanup", line: 7, overrides: {} },
  ]);
});
