import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleSvg } from "../../../test/sample-svg.ts";
import { checkSvg, recommendedSvgOctets } from "./svg.ts";
import { expandedSize } from "./svg-expansion.ts";
import { readXml } from "./xml.ts";

const check = (text: string | Buffer, maxOctets = recommendedSvgOctets): string =>
  checkSvg(typeof text === "string" ? Buffer.from(text) : text, maxOctets).problem ?? "valid";
const svg = '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 9 9">';
const title = "<title>A</title>";
const whole = (inside: string): string => `${svg}${title}${inside}</svg>`;
const root = (change: (tag: string) => string): string => `${change(svg)}${title}</svg>`;
const uses = (id: string, count: number, target: string): string =>
  `<g id="${id}">${`<use xlink:href="#${target}"/>`.repeat(count)}</g>`;

describe("SVG Tiny PS (draft-svg-tiny-ps-abrotman §2, RFC 6170 §5.2)", () => {
  test.each([
    { name: "the sample", text: sampleSvg(), is: "valid" },
    { name: "no declaration", text: whole(""), is: "valid" },
    { name: "a byte order mark", text: `\ufeff${sampleSvg()}`, is: "valid" },
    {
      name: "comments and CDATA",
      text: whole("<!-- <script> --><desc><![CDATA[a < b]]></desc>"),
      is: "valid",
    },
    { name: "single quotes", text: sampleSvg().replaceAll('"', "'"), is: "valid" },
    { name: "character references", text: whole("<desc>&#x41;&#66;&amp;&lt;</desc>"), is: "valid" },
    {
      name: "gradients by their id",
      text: whole('<linearGradient id="a"/><rect fill="url(#a)"/><use xlink:href="#a"/>'),
      is: "valid",
    },
    {
      name: "xlink declared",
      text: root((tag) => tag.replace(" v", ' xmlns:xlink="http://www.w3.org/1999/xlink" v')),
      is: "valid",
    },
    {
      name: "inert attributes at their value",
      text: root((tag) => tag.replace(" v", ' zoomAndPan="disable" v')),
      is: "valid",
    },
    { name: "metadata as text", text: whole("<metadata>x</metadata>"), is: "valid" },

    { name: "empty", text: "", is: "svg-empty" },
    { name: "too large", text: whole(" ".repeat(recommendedSvgOctets)), is: "svg-too-large" },
    { name: "UTF-16", text: Buffer.from(`\ufeff${sampleSvg()}`, "utf16le"), is: "svg-encoding" },
    { name: "latin1", text: Buffer.from(whole("<desc>\u00e9</desc>"), "latin1"), is: "svg-encoding" },
    {
      name: "another encoding declared",
      text: sampleSvg().replace("UTF-8", "Shift_JIS"),
      is: "svg-encoding",
    },
    { name: "text", text: "not a picture", is: "svg-not-well-formed" },
    { name: "cut off", text: sampleSvg().slice(0, -8), is: "svg-not-well-formed" },
    { name: "two roots", text: `${whole("")}${whole("")}`, is: "svg-not-well-formed" },
    { name: "text behind the root", text: `${whole("")}x`, is: "svg-not-well-formed" },
    { name: "tags that cross", text: whole("<g><defs></g></defs>"), is: "svg-not-well-formed" },
    { name: "an attribute twice", text: whole('<g id="a" id="b"/>'), is: "svg-not-well-formed" },
    { name: "an attribute without quotes", text: whole("<g id=a />"), is: "svg-not-well-formed" },
    {
      name: "attributes without a blank between",
      text: whole('<g id="a"fill="b"/>'),
      is: "svg-not-well-formed",
    },
    { name: "< in a value", text: whole('<g id="<"/>'), is: "svg-not-well-formed" },
    { name: "-- in a comment", text: whole("<!-- a -- b -->"), is: "svg-not-well-formed" },
    { name: "]]> in text", text: whole("<desc>]]></desc>"), is: "svg-not-well-formed" },
    { name: "a control character", text: whole("<desc>\u0001</desc>"), is: "svg-not-well-formed" },
    { name: "deep", text: whole("<g>".repeat(70) + "</g>".repeat(70)), is: "svg-too-complex" },
    { name: "many elements", text: whole("<g/>".repeat(5001)), is: "svg-too-complex" },
    { name: "a document type", text: `<!DOCTYPE svg>${whole("")}`, is: "svg-doctype" },
    {
      name: "an entity of its own",
      text: `<!DOCTYPE svg [<!ENTITY a "b">]>${whole("&a;")}`,
      is: "svg-doctype",
    },
    { name: "an unknown entity", text: whole("<desc>&nbsp;</desc>"), is: "svg-entity" },
    { name: "an entity in a value", text: whole('<g id="&x;"/>'), is: "svg-entity" },
    { name: "a reference to no character", text: whole("<desc>&#0;</desc>"), is: "svg-entity" },
    { name: "a bare ampersand", text: whole("<desc>a & b</desc>"), is: "svg-entity" },
    {
      name: "a style sheet instruction",
      text: `<?xml-stylesheet href="a.css"?>${whole("")}`,
      is: "svg-processing-instruction",
    },
    { name: "PHP", text: whole("<?php x ?>"), is: "svg-processing-instruction" },

    { name: "another root", text: "<html><title>A</title></html>", is: "svg-root" },
    { name: "a root with a prefix", text: '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>', is: "svg-root" },
    { name: "no namespace", text: root((tag) => tag.replace(/ xmlns="[^"]*"/, "")), is: "svg-namespace" },
    {
      name: "another namespace inside",
      text: whole('<g xmlns="http://www.w3.org/1999/xhtml"/>'),
      is: "svg-namespace",
    },
    { name: "xlink is something else", text: whole('<g xmlns:xlink="urn:x"/>'), is: "svg-namespace" },
    { name: "version 1.1", text: root((tag) => tag.replace("1.2", "1.1")), is: "svg-version" },
    { name: "no version", text: root((tag) => tag.replace(' version="1.2"', "")), is: "svg-version" },
    { name: "baseProfile tiny", text: root((tag) => tag.replace("tiny-ps", "tiny")), is: "svg-base-profile" },
    { name: "x on the root", text: root((tag) => tag.replace(" v", ' x="0" v')), is: "svg-position" },
    { name: "y on the root", text: root((tag) => tag.replace(" v", ' y="0px" v')), is: "svg-position" },
    { name: "no viewBox", text: root((tag) => tag.replace(/ viewBox="[^"]*"/, "")), is: "svg-view-box" },
    {
      name: "viewBox of three numbers",
      text: root((tag) => tag.replace("0 0 9 9", "0 0 9")),
      is: "svg-view-box",
    },
    {
      name: "viewBox of no size",
      text: root((tag) => tag.replace("0 0 9 9", "0 0 0 9")),
      is: "svg-view-box",
    },
    {
      name: "viewBox with commas",
      text: root((tag) => tag.replace("0 0 9 9", "-1.5,0, 9 ,9.")),
      is: "valid",
    },
    { name: "no title", text: `${svg}</svg>`, is: "svg-title" },
    { name: "an empty title", text: `${svg}<title> \n</title></svg>`, is: "svg-title" },
    { name: "two titles", text: whole(title), is: "svg-title" },
    { name: "a title elsewhere only", text: `${svg}<g>${title}</g></svg>`, is: "svg-title" },
    { name: "an empty desc", text: whole("<desc/>"), is: "svg-description" },

    { name: "script", text: whole("<script>x</script>"), is: "svg-script" },
    { name: "an event attribute", text: whole('<g onload="x"/>'), is: "svg-event" },
    { name: "an event attribute in capitals", text: whole('<g ONCLICK="x"/>'), is: "svg-event" },
    { name: "handler", text: whole("<handler/>"), is: "svg-event" },
    { name: "animate", text: whole("<g><animate/></g>"), is: "svg-animation" },
    { name: "set", text: whole("<set/>"), is: "svg-animation" },
    { name: "image", text: whole('<image xlink:href="#a"/>'), is: "svg-raster-image" },
    { name: "video", text: whole("<video/>"), is: "svg-multimedia" },
    { name: "a link", text: whole('<a xlink:href="https://a.example/"/>'), is: "svg-link" },
    { name: "style", text: whole("<style>*{}</style>"), is: "svg-style" },
    { name: "a style attribute", text: whole('<g style="fill:red"/>'), is: "svg-style" },
    { name: "foreignObject", text: whole("<foreignObject/>"), is: "svg-element" },
    { name: "switch", text: whole("<switch/>"), is: "svg-element" },
    { name: "clipPath", text: whole("<clipPath/>"), is: "svg-element" },
    { name: "an svg inside", text: whole("<svg/>"), is: "svg-element" },
    { name: "an element of another language", text: whole('<x:script xmlns:x="urn:x"/>'), is: "svg-element" },
    { name: "capitals", text: whole("<Rect/>"), is: "svg-element" },
    { name: "an attribute of another language", text: whole('<g inkscape:label="x"/>'), is: "svg-attribute" },
    {
      name: "zoomAndPan magnify",
      text: root((tag) => tag.replace(" v", ' zoomAndPan="magnify" v')),
      is: "svg-attribute-value",
    },
    { name: "focusable", text: whole('<g focusable="true"/>'), is: "svg-attribute-value" },
    {
      name: "use of another document",
      text: whole('<use xlink:href="https://a.example/#x"/>'),
      is: "svg-external-reference",
    },
    {
      name: "a data URI",
      text: whole('<use xlink:href="data:image/png;base64,AA=="/>'),
      is: "svg-external-reference",
    },
    { name: "href without a prefix", text: whole('<use href="x.svg#a"/>'), is: "svg-external-reference" },
    { name: "an empty reference", text: whole('<use xlink:href="#"/>'), is: "svg-external-reference" },
    {
      name: "a paint from outside",
      text: whole('<g fill="URL(https://a.example/#a)"/>'),
      is: "svg-external-reference",
    },
    {
      name: "the second paint from outside",
      text: whole('<g fill="url(#a) url(b#c)"/>'),
      is: "svg-external-reference",
    },
    {
      name: "an escaped reference",
      text: whole('<use xlink:href="&#x68;ttps://a.example/"/>'),
      is: "svg-external-reference",
    },
    { name: "xml:base", text: whole('<g xml:base="https://a.example/"/>'), is: "svg-external-reference" },
    { name: "use of itself", text: whole(uses("a", 1, "a")), is: "svg-expansion" },
    { name: "a circle of two", text: whole(uses("a", 1, "b") + uses("b", 1, "a")), is: "svg-expansion" },
    {
      name: "uses of uses, a thousand times",
      text: whole(["b", "c", "d"].map((id, index) => uses("abc"[index] ?? "", 10, id)).join("")),
      is: "valid",
    },
    {
      name: "uses of uses, a hundred thousand times",
      text: whole(["b", "c", "d", "e", "f"].map((id, index) => uses("abcde"[index] ?? "", 10, id)).join("")),
      is: "svg-expansion",
    },
  ])("$name: $is", ({ text, is }) => {
    expect(check(text)).toBe(is);
  });
});

describe("SVGZ (RFC 6170 §5.2)", () => {
  const packed = gzipSync(sampleSvg());

  test("is unpacked", () => {
    expect(checkSvg(packed, recommendedSvgOctets)).toEqual({ svg: Buffer.from(sampleSvg()) });
  });

  test.each([
    {
      name: "damaged",
      octets: Buffer.concat([packed.subarray(0, 20), Buffer.alloc(20, 0xff)]),
      is: "svg-compression",
    },
    { name: "cut off", octets: packed.subarray(0, -12), is: "svg-compression" },
    { name: "of nothing", octets: gzipSync(""), is: "svg-empty" },
    { name: "of gigabytes", octets: gzipSync(Buffer.alloc(4_000_000)), is: "svg-too-large" },
    { name: "twice", octets: gzipSync(packed), is: "svg-encoding" },
  ])("$name: $is", ({ octets, is }) => {
    expect(check(octets)).toBe(is);
  });
});

test("what use comes to is counted", () => {
  const elements = (text: string) => {
    const document = readXml(text);
    return document.problem === undefined ? document.elements : [];
  };
  expect(
    expandedSize(elements('<svg><g id="a"><g/></g><use href="#a"/><use href="#none"/></svg>'), 100),
  ).toBe(7);
  expect(expandedSize(elements('<svg id="a"><use href="#a"/></svg>'), 100)).toBe(100);
  expect(expandedSize([], 100)).toBe(0);
});

describe("properties", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "<",
      ">",
      "/",
      "<g",
      "</g>",
      "<svg",
      '"',
      "=",
      "&",
      "#",
      "&amp;",
      "<!--",
      "-->",
      "]]>",
      "<![CDATA[",
      " ",
      "use",
      "xlink:href",
    ),
    fc.string({ maxLength: 4 }),
  );

  test("whatever the octets, the check ends", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        expect(check(Buffer.from(octets))).not.toBe("valid");
      }),
    );
  });

  test("a change of the sample is checked, and what is valid can be read", () => {
    const text = sampleSvg();
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(10), fc.array(piece, { maxLength: 4 }), (at, cut, pieces) => {
        const changed = text.slice(0, at) + pieces.join("") + text.slice(at + cut);
        if (check(changed) !== "valid") return;
        const document = readXml(changed.replace(/^\ufeff/, ""));
        expect(document.problem).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});
