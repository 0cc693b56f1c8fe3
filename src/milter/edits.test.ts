import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Agreed,
  applyLikePostfix,
  applyLikeSendmail,
  ownReceived,
  splitPackets,
  type WireEdit,
} from "../../test/milter-client.ts";
import { type EditProblem, formatEdits } from "./edits.ts";
import { allEdits, type EditKind } from "./negotiate.ts";
import type { MessageEdit } from "./types.ts";

const terms = { edits: new Set(allEdits), leadingSpace: true };
const agreed: Agreed = { version: 6, actions: 0x1ff, protocol: 0x1fffff, macroLists: new Map() };

function wire(edits: readonly MessageEdit[], leadingSpace = true): string[] {
  return formatEdits(edits, { ...terms, leadingSpace }).packets.map((packet) => packet.toString("utf8", 4));
}

function problem(edit: MessageEdit): EditProblem | undefined {
  return formatEdits([edit], terms).dropped[0]?.problem;
}

describe("C.3 edits", () => {
  const cases: { edit: MessageEdit; is: string }[] = [
    { edit: { kind: "add-header", name: "X", value: "v" }, is: "hX\0 v\0" },
    { edit: { kind: "insert-header", index: 1, name: "X", value: "v" }, is: "i\0\0\0\x01X\0 v\0" },
    { edit: { kind: "change-header", occurrence: 2, name: "X", value: "v" }, is: "m\0\0\0\x02X\0 v\0" },
    { edit: { kind: "delete-header", occurrence: 3, name: "X" }, is: "m\0\0\0\x03X\0\0" },
    { edit: { kind: "change-header", occurrence: 3, name: "X", value: "" }, is: "m\0\0\0\x03X\0\0" },
    { edit: { kind: "quarantine", reason: "held\r\nX" }, is: "qheld  X\0" },
    { edit: { kind: "change-sender", address: "a@example.jp" }, is: "e<a@example.jp>\0" },
    { edit: { kind: "change-sender", address: "", parameters: "BODY=8BITMIME" }, is: "e<>\0BODY=8BITMIME\0" },
    { edit: { kind: "add-recipient", address: "a@example.jp" }, is: "+<a@example.jp>\0" },
    { edit: { kind: "delete-recipient", address: "a@example.jp" }, is: "-<a@example.jp>\0" },
    { edit: { kind: "replace-body", body: Buffer.from("new\r\n") }, is: "bnew\r\n" },
    { edit: { kind: "replace-body", body: Buffer.alloc(0) }, is: "b" },
  ];
  test.each(cases)("$edit.kind is $is", ({ edit, is }) => {
    expect(wire([edit])).toEqual([is]);
  });

  test("C.6 without LEADSPC the MTA adds the blank itself", () => {
    expect(wire([{ kind: "add-header", name: "X", value: "v" }], false)).toEqual(["hX\0v\0"]);
  });
});

describe("C.6 header values", () => {
  const long = "a".repeat(600);
  const cases = [
    { name: "CRLF would become a double CR in Postfix", value: "a\r\n b", is: "a\n b" },
    {
      name: "a line without white space would be a field of its own",
      value: "a\nBcc: x@example.jp",
      is: "a\n\tBcc: x@example.jp",
    },
    { name: "an empty line would end the header", value: "a\n\n \nb", is: "a\n\tb" },
    { name: "a final line end", value: "a\n", is: "a" },
    { name: "NUL ends a string on the wire", value: "a\0b", is: "ab" },
    { name: "a fold at once", value: "\n\ta", is: "\n\ta" },
    { name: "UTF-8", value: "試験", is: "試験" },
    {
      name: "998 octets and more: broken at white space",
      value: `${long} ${long} ${long}`,
      is: `${long}\n ${long}\n ${long}`,
    },
  ];
  test.each(cases)("$name", ({ value, is }) => {
    expect(wire([{ kind: "add-header", name: "X", value }], false)).toEqual([`hX\0${is}\0`]);
  });

  const refused: { name: string; edit: MessageEdit; is: EditProblem }[] = [
    {
      name: "a long line without white space",
      edit: { kind: "add-header", name: "X", value: "a".repeat(998) },
      is: "header-line-too-long",
    },
    { name: "a name with a colon", edit: { kind: "add-header", name: "X:", value: "a" }, is: "header-name" },
    { name: "a name with a NUL", edit: { kind: "add-header", name: "X\0", value: "a" }, is: "header-name" },
    { name: "no name", edit: { kind: "add-header", name: "", value: "a" }, is: "header-name" },
    { name: "occurrence 0", edit: { kind: "delete-header", name: "X", occurrence: 0 }, is: "header-index" },
    {
      name: "a negative index",
      edit: { kind: "insert-header", name: "X", index: -1, value: "a" },
      is: "header-index",
    },
    {
      name: "C.1 more than 65,535 octets",
      edit: { kind: "add-header", name: "X", value: "a ".repeat(33_000) },
      is: "too-long",
    },
    {
      name: "an address with a line end",
      edit: { kind: "add-recipient", address: "a@example.jp\r\nX" },
      is: "address",
    },
    {
      name: "an address with brackets",
      edit: { kind: "change-sender", address: "<a@example.jp>" },
      is: "address",
    },
    {
      name: "parameters with a NUL",
      edit: { kind: "change-sender", address: "a@example.jp", parameters: "X\0Y" },
      is: "address",
    },
  ];
  test.each(refused)("left out: $name", ({ edit, is }) => {
    expect(problem(edit)).toBe(is);
  });

  test("997 octets with the name go as one line", () => {
    expect(problem({ kind: "add-header", name: "X", value: "a".repeat(994) })).toBeUndefined();
    expect(problem({ kind: "add-header", name: "X", value: "a".repeat(995) })).toBe("header-line-too-long");
    expect(problem({ kind: "add-header", name: "X", value: "é".repeat(497) })).toBeUndefined();
    expect(problem({ kind: "add-header", name: "X", value: "é".repeat(498) })).toBe("header-line-too-long");
  });

  test("property: no line of a value is too long or starts a field, and unfolding gives the text again", () => {
    const text = fc.array(
      fc.constantFrom("a", " ", "\t", "\n", "\r", "\0", "é", "試", "\u{1f600}", "b".repeat(300)),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(text, (pieces) => {
        const value = pieces.join("");
        const [packet] = formatEdits([{ kind: "add-header", name: "X-Y", value }], {
          ...terms,
          leadingSpace: false,
        }).packets;
        if (packet === undefined) return;
        const sent = packet.toString("utf8", 9, packet.length - 1);
        expect(sent).not.toMatch(/[\r\0]|\n\n|\n[^ \t]|\n[ \t]*$/);
        for (const [i, line] of sent.split("\n").entries()) {
          expect(Buffer.byteLength(line) + (i === 0 ? 5 : 0)).toBeLessThanOrEqual(997);
        }
        const bare = (all: string): string => all.replaceAll(/[ \t\n\r\0]/g, "");
        expect(bare(sent)).toBe(bare(value));
      }),
      { numRuns: 500 },
    );
  });
});

test("C.4 an edit that was not negotiated is left out: both MTAs drop the filter for it", () => {
  const edits: ReadonlySet<EditKind> = new Set(["add-header"]);
  const { packets, dropped } = formatEdits(
    [
      { kind: "quarantine", reason: "x" },
      { kind: "add-header", name: "X", value: "v" },
    ],
    { edits, leadingSpace: true },
  );
  expect(packets).toHaveLength(1);
  expect(dropped).toEqual([{ edit: "quarantine", problem: "not-negotiated" }]);
});

describe("C.1, C.7 a new body", () => {
  test("in packets of at most 65,535 octets that part no CRLF", () => {
    const body = Buffer.from(`${"x".repeat(65_533)}\r\n${"y".repeat(70_000)}\r\n`);
    const { packets } = splitPackets(
      Buffer.concat(formatEdits([{ kind: "replace-body", body }], terms).packets),
    );
    expect(packets.map(({ data }) => data.length)).toEqual([65_533, 65_534, 4470]);
    expect(Buffer.concat(packets.map(({ data }) => data)).equals(body)).toBe(true);
  });

  test("last and in one run: Postfix refuses other edits in between", () => {
    const codes = wire([
      { kind: "replace-body", body: Buffer.from("one") },
      { kind: "add-header", name: "X", value: "v" },
      { kind: "replace-body", body: Buffer.from("two") },
      { kind: "quarantine", reason: "r" },
    ]);
    expect(codes).toEqual(["hX\0 v\0", "qr\0", "btwo"]);
  });
});

/** The wire form as the test MTA reads it. */
function received(edits: readonly MessageEdit[]): WireEdit[] {
  return splitPackets(Buffer.concat(formatEdits(edits, terms).packets)).packets.map(({ code, data }) => {
    if (code === "b") return { kind: "body", octets: data };
    const at = code === "h" ? 0 : 4;
    const [name = "", value = ""] = data.toString("utf8", at).split("\0");
    if (code === "h") return { kind: "add", name, value };
    return { kind: code === "i" ? "insert" : "change", index: data.readUInt32BE(0), name, value };
  });
}

describe("C.6 the same result in Postfix, where deletions shift, and Sendmail, where they do not", () => {
  const raw = "A: 1\r\nA: 2\r\nB: x\r\nA: 3\r\nReceived: old\r\n\r\nbody\r\n";
  const cases: { name: string; edits: MessageEdit[]; is: string[] }[] = [
    {
      name: "deletions given upward",
      edits: [1, 2, 3].map((occurrence) => ({ kind: "delete-header", name: "A", occurrence })),
      is: [ownReceived, "B: x", "Received: old"],
    },
    {
      name: "a deletion before a change of a later field",
      edits: [
        { kind: "delete-header", name: "A", occurrence: 1 },
        { kind: "change-header", name: "A", occurrence: 3, value: "new" },
      ],
      is: [ownReceived, "A: 2", "B: x", "A: new", "Received: old"],
    },
    {
      name: "an insertion of the same name before deletions",
      edits: [
        { kind: "insert-header", index: 0, name: "A", value: "mine" },
        { kind: "delete-header", name: "A", occurrence: 2 },
        { kind: "delete-header", name: "A", occurrence: 1 },
      ],
      is: ["A: mine", ownReceived, "B: x", "A: 3", "Received: old"],
    },
    {
      name: "Received: the MTA's own is not counted, even with an insertion at 0 in the list",
      edits: [
        { kind: "insert-header", index: 0, name: "A", value: "mine" },
        { kind: "delete-header", name: "Received", occurrence: 1 },
      ],
      is: ["A: mine", ownReceived, "A: 1", "A: 2", "B: x", "A: 3"],
    },
    {
      name: "several at 0: the last is on top",
      edits: [
        { kind: "insert-header", index: 0, name: "X", value: "1" },
        { kind: "insert-header", index: 0, name: "X", value: "2" },
      ],
      is: ["X: 2", "X: 1", ownReceived, "A: 1", "A: 2", "B: x", "A: 3", "Received: old"],
    },
  ];
  test.each(cases)("$name", ({ edits, is }) => {
    const expected = `${is.join("\r\n")}\r\n\r\nbody\r\n`;
    expect(applyLikePostfix(raw, received(edits), agreed)).toBe(expected);
    expect(applyLikeSendmail(raw, received(edits), agreed)).toBe(expected);
  });

  test("property: any deletions and changes of one field each", () => {
    const fields = ["A: 1", "B: 1", "A: 2", "A: 3", "B: 2", "C: 1"];
    const choice = fc.array(fc.constantFrom("keep", "delete", "change"), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(choice, fc.nat(), (what, seed) => {
        const edits: MessageEdit[] = [];
        const kept: string[] = [];
        for (const [i, field] of fields.entries()) {
          const name = field.slice(0, 1);
          const occurrence = fields.slice(0, i + 1).filter((other) => other.startsWith(name)).length;
          if (what[i] === "delete") edits.push({ kind: "delete-header", name, occurrence });
          else kept.push(what[i] === "change" ? `${name}: new` : field);
          if (what[i] === "change") edits.push({ kind: "change-header", name, occurrence, value: "new" });
        }
        const shuffled = edits
          .map((edit, i) => ({ edit, key: (seed * (i + 7)) % 101 }))
          .sort((a, b) => a.key - b.key);
        const sent = received(shuffled.map(({ edit }) => edit));
        const expected = `${[ownReceived, ...kept].join("\r\n")}\r\n\r\n`;
        const message = `${fields.join("\r\n")}\r\n\r\n`;
        expect(applyLikePostfix(message, sent, agreed)).toBe(expected);
        expect(applyLikeSendmail(message, sent, agreed)).toBe(expected);
      }),
    );
  });
});
