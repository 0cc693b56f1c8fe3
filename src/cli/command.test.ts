import { expect, test } from "vitest";
import { readArguments } from "./command.ts";
import { cliText } from "./text/table.ts";

const help = { en: "", ja: "" };
const options = {
  json: { type: "boolean", help },
  zone: { type: "string", multiple: true, value: "FILE", help },
  "mail-from": { type: "string", value: "ADDR", mayBeEmpty: true, help },
} as const;
const text = cliText("en");

test.each([
  { argv: [], values: { json: false, zone: [], "mail-from": undefined }, args: [] },
  { argv: ["a", "--json", "b"], values: { json: true, zone: [] }, args: ["a", "b"] },
  { argv: ["--zone", "x", "--zone=y"], values: { zone: ["x", "y"] }, args: [] },
  { argv: ["--mail-from", ""], values: { "mail-from": "" }, args: [] },
  { argv: ["--mail-from=-odd@example.jp"], values: { "mail-from": "-odd@example.jp" }, args: [] },
  { argv: ["--mail-from", "a", "--mail-from", "b"], values: { "mail-from": "b" }, args: [] },
  { argv: ["::1", "", "-"], values: {}, args: ["::1", "", "-"] },
  { argv: ["--", "--json"], values: { json: false }, args: ["--json"] },
])("$argv", ({ argv, values, args }) => {
  const read = readArguments(argv, options, text);
  expect(read.values).toMatchObject(values);
  expect(read.args).toEqual(args);
});

test.each([
  { argv: ["--jsom"], says: "there is no option --jsom; did you mean --json?" },
  { argv: ["--quite-another"], says: "there is no option --quite-another" },
  { argv: ["-x"], says: "there is no option -x" },
  { argv: ["--json=yes"], says: "--json takes no value" },
  { argv: ["--zone"], says: "--zone needs a value: --zone FILE" },
  { argv: ["--zone", ""], says: "--zone needs a value: --zone FILE" },
  { argv: ["--zone="], says: "--zone needs a value: --zone FILE" },
  { argv: ["--constructor"], says: "there is no option --constructor" },
  { argv: ["--__proto__=x"], says: "there is no option --__proto__" },
])("$argv is refused", ({ argv, says }) => {
  expect(() => readArguments(argv, options, text)).toThrow(
    expect.objectContaining({ code: "USAGE", message: says }),
  );
});
