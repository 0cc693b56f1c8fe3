import { expect, test } from "vitest";
import { checkCitations, citationsIn, headingsIn } from "./check-rfc.ts";

test.each([
  { text: "// RFC 7208 §4.6.4: eleven", is: [{ rfc: 7208, sections: ["4.6.4"], line: 1 }] },
  {
    text: "by RFC 6376 §3.4.3, §3.4.4 and §3.7.",
    is: [{ rfc: 6376, sections: ["3.4.3", "3.4.4", "3.7"], line: 1 }],
  },
  {
    text: "(RFC 7208 §3.3, RFC 6376 §3.6.2.2)",
    is: [
      { rfc: 7208, sections: ["3.3"], line: 1 },
      { rfc: 6376, sections: ["3.6.2.2"], line: 1 },
    ],
  },
  {
    text: "RFC 8601 §2.2 by RFC 6532",
    is: [
      { rfc: 8601, sections: ["2.2"], line: 1 },
      { rfc: 6532, sections: [], line: 1 },
    ],
  },
  { text: "RFC 8601 appendix B.7", is: [{ rfc: 8601, sections: ["B.7"], line: 1 }] },
  { text: "RFC 5322 §A.1.2. Next", is: [{ rfc: 5322, sections: ["A.1.2"], line: 1 }] },
  { text: "x\n * as RFC\n * 7208\n * §4.3 says", is: [{ rfc: 7208, sections: ["4.3"], line: 2 }] },
  { text: "x\n// RFC 5321\n// §4.4", is: [{ rfc: 5321, sections: ["4.4"], line: 2 }] },
  { text: "the RFC, 7208 times, §5", is: [] },
])("citations in $text", ({ text, is }) => {
  expect(citationsIn(text)).toEqual(is);
});

test("headings stand at the left edge", () => {
  const text =
    '   1.  Contents . . 3\n1.  Introduction\n   2.  not\n2.7.3.  "iprev"\n10 Plain\nAppendix B.  Examples\nB.7.  Comments\nAppendix C.1.2.  More\nRFC 7601    x\n';
  expect([...headingsIn(text)]).toEqual(["1", "2.7.3", "10", "B", "B.7", "C.1.2"]);
});

const table =
  "| RFC | title | done | remark |\n|---|---|---|---|\n| 7208 | SPF | yes | whole |\n| 1035 | DNS | partial | client |\n";
const headingsOf = (rfc: number): ReadonlySet<string> | undefined =>
  rfc === 7208 ? new Set(["4", "4.6.4"]) : undefined;

test.each([
  { name: "nothing wrong", text: "RFC 7208 §4.6.4 and RFC 1035 §99", table, is: [] },
  { name: "not in the table", text: "\nRFC 9999", table, is: ["a.ts:2: RFC 9999 is not in docs/rfc.md"] },
  { name: "no such section", text: "RFC 7208 §4.6.9", table, is: ["a.ts:1: RFC 7208 has no section 4.6.9"] },
  {
    name: "rows that are not well formed",
    text: "",
    table: `${table}| 7208 | SPF | maybe | |\n`,
    is: [
      "docs/rfc.md:5: a row has four cells, none empty",
      "docs/rfc.md:5: yes, partial or no, not maybe",
      "docs/rfc.md:5: RFC 7208 stands there twice",
    ],
  },
])("$name", ({ text, table: rows, is }) => {
  expect(checkCitations([{ path: "a.ts", text }], rows, headingsOf)).toEqual(is);
});
