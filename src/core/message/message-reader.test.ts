import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { headLimits, type MessageHead, rawValue } from "./message.ts";
import { MessageReader } from "./message-reader.ts";

interface Read {
  readonly heads: readonly MessageHead[];
  readonly body: string;
}

function read(chunks: readonly Buffer[]): Read {
  const heads: MessageHead[] = [];
  const body: Buffer[] = [];
  const reader = new MessageReader({
    head: (head) => {
      expect(body).toHaveLength(0);
      heads.push(head);
    },
    body: (chunk) => body.push(Buffer.from(chunk)),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { heads, body: Buffer.concat(body).toString("latin1") };
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function fieldsOf(head: MessageHead | undefined): string[][] {
  return head?.fields.map((field) => [field.name, rawValue(head, field)]) ?? [];
}

const ab = [
  ["A", " x"],
  ["B", " y"],
];
const cases = [
  { rule: "CRLF", file: "A: x\r\nB: y\r\n\r\nhi\r\n", fields: ab, body: "hi\r\n" },
  { rule: "LF", file: "A: x\nB: y\n\nhi\n", fields: ab, body: "hi\r\n" },
  {
    rule: "LF first: every LF is a line end",
    file: "A: x\nB: y\r\n\r\nhi\r\nho\n",
    fields: ab,
    body: "hi\r\nho\r\n",
  },
  { rule: "LF first: bare CR stays", file: "A: x\nB: y\n\nh\ri\r\r\n", fields: ab, body: "h\ri\r\r\n" },
  {
    rule: "CRLF first: bare LF stays in the body",
    file: "A: x\r\nB: y\r\n\r\nhi\nho\r\n",
    fields: ab,
    body: "hi\nho\r\n",
  },
  {
    rule: "CRLF first: bare LF is no line end in the header",
    file: "A: x\r\nB: y\nC: z\r\n\r\nhi",
    fields: [
      ["A", " x"],
      ["B", " y\nC: z"],
    ],
    body: "hi",
  },
  {
    rule: "CRLF first: two LF do not end the header",
    file: "A: x\r\nB: y\n\nC\r\n\r\nhi",
    fields: [
      ["A", " x"],
      ["B", " y\n\nC"],
    ],
    body: "hi",
  },
  { rule: "folds", file: "A: x\n y\n\nhi", fields: [["A", " x\r\n y"]], body: "hi" },
  { rule: "no body", file: "A: x\nB: y\n\n", fields: ab, body: "" },
  { rule: "no separator", file: "A: x\nB: y\n", fields: ab, body: "" },
  { rule: "no separator, no final line end", file: "A: x\r\nB: y", fields: ab, body: "" },
  { rule: "one line without line end", file: "A: x", fields: [["A", " x"]], body: "" },
  { rule: "nothing", file: "", fields: [], body: "" },
  { rule: "no header, LF", file: "\nhi\n", fields: [], body: "hi\r\n" },
  { rule: "no header, CRLF", file: "\r\nhi\n", fields: [], body: "hi\n" },
  { rule: "body of empty lines", file: "A: x\n\n\n\n", fields: [["A", " x"]], body: "\r\n\r\n" },
  { rule: "byte order mark", file: "\xef\xbb\xbfA: x\n\nhi", fields: [["A", " x"]], body: "hi" },
  {
    rule: "mbox line",
    file: "From a@b Mon Jan  1 00:00:00 2024\nA: x\n\nhi",
    fields: [["A", " x"]],
    body: "hi",
  },
  {
    rule: "mbox line, CRLF",
    file: "From a@b Mon Jan  1 00:00:00 2024\r\nA: x\r\n\r\nhi\n",
    fields: [["A", " x"]],
    body: "hi\n",
  },
  {
    rule: "byte order mark and mbox line",
    file: "\xef\xbb\xbfFrom a@b\nA: x\n\nhi",
    fields: [["A", " x"]],
    body: "hi",
  },
  {
    rule: "From field with a blank before the colon",
    file: "From : x\n\nhi",
    fields: [["From", " x"]],
    body: "hi",
  },
  { rule: "From field", file: "From: x\n\nhi", fields: [["From", " x"]], body: "hi" },
  {
    rule: "a line of blanks does not end the header",
    file: "A: x\n \nB: y\n\nhi",
    fields: [
      ["A", " x\r\n "],
      ["B", " y"],
    ],
    body: "hi",
  },
] as const;

describe.each(cases)("MessageReader: $rule", ({ file, fields, body }) => {
  test("in one piece and octet by octet", () => {
    const octets = latin1(file);
    for (const chunks of [[octets], [...octets].map((octet) => Buffer.from([octet]))]) {
      const result = read(chunks);
      expect(result.heads).toHaveLength(1);
      expect(fieldsOf(result.heads[0])).toEqual(fields);
      expect(result.body).toBe(body);
    }
  });

  test("cut at every place", () => {
    const octets = latin1(file);
    const whole = read([octets]);
    for (let at = 0; at <= octets.length; at++)
      expect(read([octets.subarray(0, at), octets.subarray(at)])).toEqual(whole);
  });
});

test("any octets, cut anywhere, give one result", () => {
  const part = fc.constantFrom("A: x", "From a", "From: y", "\r\n", "\n", "\r", " ", "\xef\xbb\xbf", "z");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 6 }), (parts, places) => {
      const octets = latin1(parts.join(""));
      const edges = [
        0,
        ...places.map((place) => place % (octets.length + 1)).sort((a, b) => a - b),
        octets.length,
      ];
      const chunks = edges.slice(1).map((edge, index) => octets.subarray(edges[index], edge));
      expect(read(chunks)).toEqual(read([octets]));
    }),
    { numRuns: 1000 },
  );
});

test("a header beyond the limit is cut off and marked, and the body still comes", () => {
  const file = latin1(`From x\nA: x\nB: ${"y".repeat(headLimits.octets)}\nC: z\n\nhi\n`);
  const halves = [file.subarray(0, 700_000), file.subarray(700_000)];
  for (const chunks of [[file], halves]) {
    const { heads, body } = read(chunks);
    expect(heads[0]?.truncated).toBe(true);
    expect(heads[0]?.fields.map((field) => field.name)).toEqual(["A"]);
    expect(heads[0]?.octets.length).toBeLessThan(headLimits.octets + 4000);
    expect(body).toBe("hi\r\n");
  }
});
