import fc from "fast-check";
import { expect, test } from "vitest";
import { HeadBuilder } from "./head-builder.ts";
import { fieldsNamed, headLimits, parseHead, rawValue } from "./message.ts";

function fieldsOf(text: string): string[][] {
  const head = parseHead(Buffer.from(text, "latin1"));
  return head.fields.map((field) => [field.name, rawValue(head, field)]);
}

const cases = [
  {
    rule: "RFC 5322 §2.2 fields",
    text: "A: x\r\nB:y\r\n",
    fields: [
      ["A", " x"],
      ["B", "y"],
    ],
  },
  {
    rule: "RFC 5322 §2.2.3 folds",
    text: "A: x\r\n\ty\r\n z\r\nB: y\r\n",
    fields: [
      ["A", " x\r\n\ty\r\n z"],
      ["B", " y"],
    ],
  },
  { rule: "no header", text: "", fields: [] },
  { rule: "no final line end", text: "A: x", fields: [["A", " x"]] },
  { rule: "no final line end, bare CR", text: "A: x\r", fields: [["A", " x\r"]] },
  { rule: "an empty line ends the header", text: "A: x\r\n\r\nB: y\r\n", fields: [["A", " x"]] },
  {
    rule: "a line of blanks does not",
    text: "A: x\r\n \r\nB: y\r\n",
    fields: [
      ["A", " x\r\n "],
      ["B", " y"],
    ],
  },
  {
    rule: "empty value",
    text: "A:\r\nB: y\r\n",
    fields: [
      ["A", ""],
      ["B", " y"],
    ],
  },
  { rule: "RFC 5322 §4.5 white space before the colon", text: "A \t: x\r\n", fields: [["A", " x"]] },
  {
    rule: "a line without colon is skipped",
    text: "A: x\r\nhello\r\nB: y\r\n",
    fields: [
      ["A", " x"],
      ["B", " y"],
    ],
  },
  { rule: "with what continues it", text: "hello\r\n world: z\r\nB: y\r\n", fields: [["B", " y"]] },
  { rule: "white space first continues nothing", text: " A: x\r\nB: y\r\n", fields: [["B", " y"]] },
  { rule: "no name", text: ": x\r\nB: y\r\n", fields: [["B", " y"]] },
  { rule: "RFC 5322 §3.6.8 blank inside the name", text: "A b: x\r\nB: y\r\n", fields: [["B", " y"]] },
  { rule: "RFC 5322 §3.6.8 8-bit name", text: "\xc3\xa4: x\r\nB: y\r\n", fields: [["B", " y"]] },
  { rule: "control octet in the name", text: "A\0: x\r\nB: y\r\n", fields: [["B", " y"]] },
  { rule: "bare LF does not end a line", text: "A: x\nB: y\r\n", fields: [["A", " x\nB: y"]] },
  { rule: "bare CR does not end a line", text: "A: x\rB: y\r\n", fields: [["A", " x\rB: y"]] },
  {
    rule: "CR CR LF ends it",
    text: "A: x\r\r\nB: y\r\n",
    fields: [
      ["A", " x\r"],
      ["B", " y"],
    ],
  },
  { rule: "RFC 6532 UTF-8 in the value", text: "A: \xc3\xa4\r\n", fields: [["A", " \xc3\xa4"]] },
] as const;
test.each(cases)("parseHead: $rule", ({ text, fields }) => {
  expect(fieldsOf(text)).toEqual(fields);
});

test("fieldsNamed gives fields from the top, whatever their letter case", () => {
  const head = parseHead(Buffer.from("To: a\r\nFROM: b\r\nto: c\r\n", "latin1"));
  expect(fieldsNamed(head, "to").map((field) => rawValue(head, field))).toEqual([" a", " c"]);
});

test("a header of as many fields as the limit is whole, one more is cut off", () => {
  const whole = parseHead(Buffer.from("A: x\r\n".repeat(headLimits.fields)));
  expect(whole.truncated).toBeUndefined();
  expect(whole.fields).toHaveLength(headLimits.fields);
  const cut = parseHead(Buffer.from("A: x\r\n".repeat(headLimits.fields + 1)));
  expect(cut.truncated).toBe(true);
  expect(cut.fields).toHaveLength(headLimits.fields);
});

test("a header of as many octets as the limit is whole, one more loses its last field", () => {
  const start = "A: x\r\nB: ";
  const padding = "y".repeat(headLimits.octets - start.length - 2);
  const whole = parseHead(Buffer.from(`${start}${padding}\r\n`));
  expect([whole.truncated, whole.fields.length]).toEqual([undefined, 2]);
  const cut = parseHead(Buffer.from(`${start}${padding}y\r\n`));
  expect([cut.truncated, cut.fields.length]).toEqual([true, 1]);
});

const built = [
  { rule: "value as it is", name: "A", value: " x", octets: "A: x\r\n" },
  { rule: "no blank after the colon", name: "A", value: "x", octets: "A:x\r\n" },
  { rule: "LF becomes CRLF", name: "A", value: " x\n y\n z", octets: "A: x\r\n y\r\n z\r\n" },
  { rule: "CRLF stays", name: "A", value: " x\r\n y\n z", octets: "A: x\r\n y\r\n z\r\n" },
  { rule: "bare CR stays", name: "A", value: " x\ry\r\r\n z", octets: "A: x\ry\r\r\n z\r\n" },
  { rule: "white space before the colon stays", name: "A ", value: "x", octets: "A :x\r\n" },
  { rule: "empty value", name: "A", value: "", octets: "A:\r\n" },
] as const;
test.each(built)("HeadBuilder: $rule", ({ name, value, octets }) => {
  const builder = new HeadBuilder();
  builder.add(Buffer.from(name, "latin1"), Buffer.from(value, "latin1"));
  const head = builder.head();
  expect(head.octets.toString("latin1")).toBe(octets);
  expect(head.fields[0]?.name).toBe("A");
});

test("HeadBuilder copies what it is given", () => {
  const builder = new HeadBuilder();
  const value = Buffer.from(" x");
  builder.add(Buffer.from("A"), value);
  value.fill(0);
  expect(builder.head().octets.toString()).toBe("A: x\r\n");
});

test("a head of HeadBuilder stays as it was while more fields come", () => {
  const builder = new HeadBuilder();
  builder.add(Buffer.from("A"), Buffer.from(" x"));
  const head = builder.head();
  for (const octets of [10, 3000, 5000]) builder.add(Buffer.from("B"), Buffer.alloc(octets, 0x79));
  expect([head.octets.toString(), head.fields.length]).toEqual(["A: x\r\n", 1]);
  const all = builder.head();
  expect(all).toEqual(parseHead(all.octets));
});

test("HeadBuilder drops what goes beyond the limits and says so", () => {
  const builder = new HeadBuilder();
  builder.add(Buffer.from("A"), Buffer.from(" x"));
  builder.add(Buffer.from("B"), Buffer.alloc(headLimits.octets, 0x78));
  builder.add(Buffer.from("C"), Buffer.from(" z"));
  const head = builder.head();
  expect([head.truncated, head.fields.map((field) => field.name)]).toEqual([true, ["A"]]);
  const many = new HeadBuilder();
  for (let i = 0; i <= headLimits.fields; i++) many.add(Buffer.from("A"), Buffer.from("x"));
  expect([many.head().truncated, many.head().fields.length]).toEqual([true, headLimits.fields]);
});

test("fields put together one by one and a header read at once are the same head", () => {
  const name = fc.stringMatching(/^[!-9;-~]{1,12}$/);
  const line = fc.stringMatching(/^[ -~\xa0-\xff]{0,20}$/);
  const value = fc.array(line, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, value), { maxLength: 8 }),
      fc.constantFrom("\n ", "\r\n\t"),
      (fields, fold) => {
        const builder = new HeadBuilder();
        for (const [n, lines] of fields)
          builder.add(Buffer.from(n, "latin1"), Buffer.from(lines.join(fold), "latin1"));
        const head = builder.head();
        expect(head).toEqual(parseHead(head.octets));
      },
    ),
  );
});

test("any octets: fields do not overlap, each is name, colon, value and CRLF", () => {
  const part = fc.constantFrom("A", ":", " ", "\r\n", "\r", "\n", "\t", "From", "\0", "\xff", "x: y\r\n");
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 60 }).map((parts) => parts.join("")),
      (text) => {
        const head = parseHead(Buffer.from(text, "latin1"));
        let last = 0;
        for (const field of head.fields) {
          expect(field.start).toBeGreaterThanOrEqual(last);
          expect(head.octets.toString("latin1", field.start, field.start + field.name.length)).toBe(
            field.name,
          );
          expect(head.octets[field.valueStart - 1]).toBe(0x3a);
          expect(head.octets.toString("latin1", field.end - 2, field.end)).toBe("\r\n");
          expect(field.end - 2).toBeGreaterThanOrEqual(field.valueStart);
          last = field.end;
        }
      },
    ),
    { numRuns: 1000 },
  );
});
