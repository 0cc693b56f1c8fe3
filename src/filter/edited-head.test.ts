import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits } from "../../test/edited-message.ts";
import { HeadBuilder } from "../core/message/head-builder.ts";
import type { MessageHead } from "../core/message/message.ts";
import { parseHead } from "../core/message/message.ts";
import { EditedHead } from "./edited-head.ts";

type Written = readonly (readonly [string, string])[];

function headOf(fields: Written): MessageHead {
  const builder = new HeadBuilder();
  for (const [name, value] of fields) builder.add(Buffer.from(name), Buffer.from(value));
  return builder.head();
}

const names = fc.constantFrom("From", "from", "X-A", "Authentication-Results", "Subject");
const values = fc.constantFrom(" a", "", " b\n\tc", "\td", " 日本語");
const newValues = fc.constantFrom("new", "a\n b", "日本語", "x\ny", "a\r\n b", "\0z");
const steps = fc.oneof(
  fc.record({
    kind: fc.constant("delete" as const),
    name: names,
    occurrence: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("change" as const),
    name: names,
    occurrence: fc.integer({ min: 1, max: 3 }),
    value: newValues,
  }),
  fc.record({ kind: fc.constant("top" as const), name: names, value: newValues }),
  fc.record({ kind: fc.constant("append" as const), name: names, value: newValues }),
);

test("head() is what an MTA makes of the edits, in whatever order they were asked for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(names, values), { maxLength: 8 }),
      fc.array(steps, { maxLength: 6 }),
      (fields, asked) => {
        const edited = new EditedHead(headOf(fields));
        const done = new Set<string>();
        for (const step of asked) {
          // One edit for each field: two of one field have no meaning.
          const place =
            "occurrence" in step ? `${step.name.toLowerCase()} ${step.occurrence}` : `${done.size} new`;
          if (done.has(place)) continue;
          done.add(place);
          if (step.kind === "delete") edited.delete(step.name, step.occurrence);
          else if (step.kind === "change") edited.change(step.name, step.occurrence, step.value);
          else if (step.kind === "top") edited.insertOnTop(step.name, step.value);
          else edited.append(step.name, step.value);
        }
        const plain = edited
          .edits()
          .map((edit) => ("value" in edit ? { ...edit, value: sent(edit.value) } : edit));
        const expected = applyEdits(fields, plain);
        const { octets, fields: found } = edited.head();
        expect(octets.toString()).toBe(expected);
        expect(found).toEqual(parseHead(Buffer.from(expected)).fields);
      },
    ),
  );
});

/** What the milter layer makes of the few odd values above. */
function sent(value: string): string {
  const clean = value.replaceAll("\r", "").replaceAll("\0", "");
  const lines = clean
    .split("\n")
    .map((line, index) => (index > 0 && !/^[ \t]/.test(line) ? `\t${line}` : line));
  return lines.join("\n");
}

test("a line that is too long is broken in the head as it is on the wire", () => {
  const edited = new EditedHead(headOf([]));
  edited.insertOnTop("X", `${"word ".repeat(300)}end`);
  const lines = edited.head().octets.toString().split("\r\n");
  expect(lines.map(({ length }) => length)).toEqual([997, 509, 0]);
  expect(edited.head().fields).toHaveLength(1);
});

test("what cannot be sent or is not there changes nothing", () => {
  const edited = new EditedHead(headOf([["From", " a"]]));
  expect(edited.change("From", 2, "b")).toBe(false);
  expect(edited.change("From", 1, "x".repeat(2000))).toBe(false);
  expect(edited.insertOnTop("X", "x".repeat(2000))).toBe(false);
  expect(edited.append("X", "x".repeat(2000))).toBe(false);
  expect(edited.headWith([{ name: "X", value: "x".repeat(2000) }])).toBeUndefined();
  expect(edited.edits()).toEqual([]);
  expect(edited.head()).toBe(edited.received);
  expect(edited.hasChanged("from")).toBe(false);
});

test("a deletion of a field that was beyond the limits of the head is still sent", () => {
  const edited = new EditedHead({ ...headOf([["From", " a"]]), truncated: true });
  edited.delete("Authentication-Results", 7);
  expect(edited.edits()).toEqual([{ kind: "delete-header", name: "Authentication-Results", occurrence: 7 }]);
  expect(edited.head().truncated).toBe(true);
});

test("what is deleted cannot be changed, and a deletion is no other value", () => {
  const edited = new EditedHead(headOf([["From", " a"]]));
  edited.delete("from", 1);
  expect([edited.hasChanged("From"), edited.hasRewritten("From")]).toEqual([true, false]);
  expect(edited.change("From", 1, "b")).toBe(false);
  expect(edited.head().octets.toString()).toBe("");
  const other = new EditedHead(headOf([["From", " a"]]));
  other.change("From", 1, "b");
  expect(other.hasRewritten("FROM")).toBe(true);
});

test("a hundred thousand deletions in a header of ten thousand fields", () => {
  const fields = Array.from({ length: 10_000 }, (_, i) => [`X-${i % 5000}`, ""] as const);
  const edited = new EditedHead(headOf(fields));
  for (let occurrence = 100_000; occurrence > 0; occurrence--)
    edited.delete("Authentication-Results", occurrence);
  edited.delete("x-7", 2);
  expect(edited.head().fields).toHaveLength(9_999);
  expect(edited.edits()).toHaveLength(100_001);
});

test("headWith only tries out", () => {
  const edited = new EditedHead(headOf([["From", " a"]]));
  edited.insertOnTop("B", "2");
  expect(edited.headWith([{ name: "A", value: "1\n x" }])?.octets.toString()).toBe(
    "A: 1\r\n x\r\nB: 2\r\nFrom: a\r\n",
  );
  expect(edited.head().octets.toString()).toBe("B: 2\r\nFrom: a\r\n");
  expect(edited.hasChanged("From")).toBe(false);
  edited.change("FROM", 1, "b");
  expect(edited.hasChanged("From")).toBe(true);
});
