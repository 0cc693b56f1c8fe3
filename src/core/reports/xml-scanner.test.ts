import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregateXml } from "../../../test/report-files.ts";
import { resolveReferences, XmlScanner } from "./xml-scanner.ts";

/** What was found, texts that follow each other in one. */
function scan(pieces: readonly string[]): string[] {
  const found: string[] = [];
  let text: string | undefined;
  const say = (what: string): void => {
    if (text !== undefined) found.push(`"${text}"`);
    text = undefined;
    found.push(what);
  };
  const scanner = new XmlScanner({
    open: (name, attributes) => say(`<${name}${attributes.trimEnd()}>`),
    close: (name) => say(`</${name}>`),
    text: (value) => {
      text = (text ?? "") + value;
    },
    wantsText: () => true,
    documentType: () => say("!DOCTYPE"),
  });
  for (const piece of pieces) scanner.write(piece);
  scanner.end();
  if (text !== undefined) found.push(`"${text}"`);
  return found;
}

test.each([
  ["elements", "<a><b>x</b></a>", ["<a>", "<b>", '"x"', "</b>", "</a>"]],
  ["prefixes", "<d:a d:x='1'>x</d:a>", ["<a d:x='1'>", '"x"', "</a>"]],
  ["an empty element", "<a/><b />", ["<a>", "</a>", "<b>", "</b>"]],
  ["references", "<a>&lt;&amp;&#65;&#x42;&nbsp;</a>", ["<a>", '"<&AB "', "</a>"]],
  ["entities do not exist", "<a>&xxe;</a>", ["<a>", '"&xxe;"', "</a>"]],
  ["a bare ampersand", "<a>a & b && c</a>", ["<a>", '"a & b && c"', "</a>"]],
  ["an address in angle brackets", "<a>x <d@example.org></a>", ["<a>", '"x <d@example.org>"', "</a>"]],
  ["less than", "<a>1 < 2 <3</a>", ["<a>", '"1 < 2 <3"', "</a>"]],
  ["a tag that is none", "<a>x <foo y</a>", ["<a>", '"x <foo y"', "</a>"]],
  ["a tag within quotation marks", "<a x='>' y=\"/>\">z</a>", ["<a x='>' y=\"/>\">", '"z"', "</a>"]],
  ["a quotation mark that nobody closes", "<a x='>z</a>", ["<a x='>", '"z"', "</a>"]],
  ["a comment", "<a><!-- <b> -- > -->x</a>", ["<a>", '"x"', "</a>"]],
  ["a comment that does not end", "<a>x<!-- </a>", ["<a>", '"x"']],
  ["CDATA", "<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>", ["<a>", '"<b>&amp;]]>"', "</a>"]],
  ["an instruction", "<?xml version='1.0'?><a?>", ['"<a?>"']],
  ["an instruction that ends as a tag does", "<?xml version='1.0'><a>x</a>", ["<a>", '"x"', "</a>"]],
  ["an instruction that does not end", "<?xml version='1.0'<a>x</a><?<b>", ["<a>", '"x"', "</a>", "<b>"]],
  ["a document type", "<!DOCTYPE feedback SYSTEM 'x'><a/>", ["<a>", "</a>"]],
  ["declarations", "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>", ["!DOCTYPE"]],
  ["declarations, in small letters", "<!doctype a[", ["!DOCTYPE"]],
  ["a declaration of nothing", "<!FOO><a/>", ['"<!FOO>"', "<a>", "</a>"]],
  ["the end within a tag", "<a>x</a", ["<a>", '"x"']],
  ["Japanese names", "<報告>x</報告>", ["<報告>", '"x"', "</報告>"]],
])("%s", (_name, text, found) => {
  expect(scan([text])).toEqual(found);
});

const hostile = fc.array(
  fc.oneof(
    fc.constantFrom(
      "<",
      ">",
      "</",
      "/>",
      "<a",
      "<a ",
      "'",
      '"',
      "&",
      "&amp;",
      "&#",
      ";",
      "<!--",
      "-->",
      "]]>",
    ),
    fc.constantFrom(
      "<![CDATA[",
      "<!DOCTYPE",
      "[",
      "<?",
      "?>",
      "x",
      " ",
      "\n",
      "<record>",
      "</record>",
      "=",
      "報",
    ),
  ),
  { maxLength: 40 },
);

test("where the text is cut makes no difference", () => {
  fc.assert(
    fc.property(hostile, fc.array(fc.nat(100), { maxLength: 8 }), (parts, cuts) => {
      const text = parts.join("");
      const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
      expect(scan(pieces)).toEqual(scan([text]));
      expect(scan([...text])).toEqual(scan([text]));
    }),
    { numRuns: 1_000 },
  );
});

test("a report cut at every place is the same report", () => {
  const text = aggregateXml({ org: "A &amp; B <x@y.example> &#12354;" });
  const whole = scan([text]);
  for (let at = 0; at <= text.length; at++) expect(scan([text.slice(0, at), text.slice(at)])).toEqual(whole);
});

test.each([
  ["a tag", 1 << 16, `<a ${" ".repeat(70_000)}>`],
  ["a name", 256, `<${"a".repeat(300)}>`],
  ["a document type", 1 << 16, `<!DOCTYPE ${" ".repeat(70_000)}>`],
])("%s that is too long is text", (_name, _most, text) => {
  expect(scan([text])).toEqual([`"${text}"`]);
  expect(scan([text.slice(0, 100), text.slice(100)])).toEqual([`"${text}"`]);
});

test.each([
  ["&#0;", "&#0;"],
  ["&#1114112;", "&#1114112;"],
  ["&#x1F600;", "😀"],
  ["&quot;&apos;", "\"'"],
  ["&AMP;", "&AMP;"],
])("the reference %s", (text, resolved) => {
  expect(resolveReferences(text)).toBe(resolved);
});
