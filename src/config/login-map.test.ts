import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { loadLoginMap, parseLoginMap } from "./login-map.ts";

test("the form of docs/signing.md", () => {
  const { logins, faults } = parseLoginMap(
    [
      "# who may write as whom",
      "$office: president@example.jp, info@example.jp   # the office",
      "Taro: taro@Example.jp, .lab.example.jp",
      "  $office 例え.jp # more",
      "",
      "hanako@example.jp:hanako@example.jp",
      "root@[2001:db8::1]: root@example.jp",
      "admin: *\r",
      "nobody:",
    ].join("\n"),
  );
  expect(faults).toEqual([{ line: 6, problem: "no-colon", found: "hanako@example.jp:hanako@example.jp" }]);
  expect(Object.fromEntries(logins)).toEqual({
    taro: [
      { kind: "address", localPart: "taro", domain: "example.jp" },
      { kind: "below", domain: "lab.example.jp" },
      { kind: "address", localPart: "president", domain: "example.jp" },
      { kind: "address", localPart: "info", domain: "example.jp" },
      { kind: "domain", domain: "xn--r8jz45g.jp" },
    ],
    "root@[2001:db8::1]": [{ kind: "address", localPart: "root", domain: "example.jp" }],
    admin: [{ kind: "any" }],
    nobody: [],
  });
});

test.each([
  ["taro taro@example.jp", "no-colon 1"],
  ["a\n\ntaro: x y\n", "no-colon 1, bad-from 3, bad-from 3"],
  [": a@example.jp", "bad-login 1"],
  ["a b: a@example.jp", "bad-login 1"],
  ["$: a@example.jp", "bad-login 1"],
  ["a: a@example.jp\nA: b@example.jp", "twice 2"],
  ["$g: a@example.jp\n$G: b@example.jp", "twice 2"],
  ["a: $g", "no-such-group 1"],
  ["$g: $h\n$h: a@example.jp", "group-in-group 1"],
  ["a: *@example.jp", "bad-from 1"],
  ["a: @example.jp", "bad-from 1"],
  ["a: jp", "bad-from 1"],
  ["  a@example.jp", "no-colon 1"],
])("%j", (text, problems) => {
  expect(
    parseLoginMap(text)
      .faults.map(({ problem, line }) => `${problem} ${line}`)
      .join(", "),
  ).toBe(problems);
});

test("no text makes it throw, and what has no fault comes back", () => {
  const words = fc.constantFrom(
    "a",
    ":",
    " ",
    "\n",
    "\t",
    "#",
    "$g",
    "$",
    "a@example.jp",
    "example.jp",
    ",",
    "*",
    "日",
    "\r",
  );
  fc.assert(
    fc.property(
      fc.array(words).map((parts) => parts.join("")),
      (text) => {
        const { logins, faults } = parseLoginMap(text);
        for (const { line } of faults) expect(line).toBeLessThanOrEqual(text.split("\n").length);
        for (const name of logins.keys()) expect(name).toMatch(/^[^\s$][^\s]*$/);
      },
    ),
  );
});

test("file and line are named, in both languages", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-logins-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "logins");
  writeFileSync(file, "taro: taro@example.jp\nhanako\n");
  const loaded = await loadLoginMap(file);
  expect(loaded.ok ? [] : loaded.problems.map(({ text }) => text.en)).toEqual([
    `${file}:2: "hanako" has no colon; write login: taro@example.jp, example.jp`,
  ]);
  expect(loaded.ok ? "" : loaded.problems[0]?.text.ja).toContain(`${file}:2: `);
  expect(await loadLoginMap(join(folder, "none"))).toMatchObject({
    ok: false,
    problems: [{ code: "bad-login-file", path: "sign.logins.file" }],
  });
  writeFileSync(file, Buffer.from([0xff, 0x3a]));
  expect(await loadLoginMap(file)).toMatchObject({ ok: false });
});
