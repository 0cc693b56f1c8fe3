import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStsRecord } from "./parse-record.ts";

const long = "a".repeat(32);

describe("RFC 8461 §3.1", () => {
  test.each([
    ["v=STSv1; id=20160831085700Z;", "20160831085700Z"],
    ["v=STSv1;id=1", "1"],
    ["v=STSv1; x=y; id=1 ; z.a-b_c=!", "1"],
    [`v=STSv1; id=${long}`, long],
    ["v=STSv1; ID=x; id=1", "1"],
  ])("%s has an id", (text, id) => {
    expect(parseStsRecord(text)).toEqual({ id });
  });

  test.each([
    ["v=STSv1;", "id-missing", ""],
    ["v=STSv1; id=", "id-missing", "id="],
    ["v=STSv1; x=y", "id-missing", ""],
    ["v=STSv1; id=1; id=2", "id-twice", "id=2"],
    [`v=STSv1; id=${long}a`, "id-too-long", `id=${long}a`],
    ["v=STSv1; id=a-b", "id-character", "id=a-b"],
    ["v=STSv1; id=1;;", "field", ""],
    ["v=STSv1;; id=1", "field", ""],
    ["v=STSv1; id = 1", "field", "id = 1"],
    ["v=STSv1; hello; id=1", "field", "hello"],
    ["v=STSv1; x=; id=1", "value", "x="],
    ["v=STSv1; x=a=b; id=1", "value", "x=a=b"],
    ["v=STSv1; x=\u00e9; id=1", "value", "x=\u00e9"],
    ["v=STSv1; id=1\r\n", "value", ""],
  ])("%s breaks the grammar", (text, problem, at) => {
    expect(parseStsRecord(text)).toEqual({ problem, at });
  });

  test.each([
    "",
    "v=STSv1",
    "v=STSv1 ; id=1",
    "v=stsv1; id=1",
    " v=STSv1; id=1",
    "v=STSv10; id=1",
    "v=spf1 -all",
  ])('"%s" is no such record', (text) => {
    expect(parseStsRecord(text)).toBeUndefined();
  });
});

test("any text is read, and what is taken for an id is one", () => {
  const piece = fc.oneof(fc.constantFrom("v=STSv1;", "id=", ";", " ", "=", "a1", "\r\n"), fc.string());
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const read = parseStsRecord(`v=STSv1;${pieces.join("")}`);
      if (read?.problem === undefined) expect(read?.id).toMatch(/^[A-Za-z0-9]{1,32}$/);
    }),
  );
});
