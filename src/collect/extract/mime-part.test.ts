import fc from "fast-check";
import { expect, test } from "vitest";
import { Allowance, defaultLimits } from "./limits.ts";
import { readableName, readParameters, readPartHead } from "./mime-head.ts";
import { decodeBase64, decodeQuotedPrintable, type Mail, readMail } from "./mime-part.ts";

function read(text: string, allowance = new Allowance()): Mail {
  return readMail(Buffer.from(text.replaceAll("\n", "\r\n"), "latin1"), allowance);
}

function outline({ parts }: Mail): string[] {
  return parts.map(({ type, octets }) => `${type}: ${octets.toString("latin1").trim()}`);
}

test.each<readonly [string, string, readonly string[]]>([
  ["no structure", "Subject: x\n\nhello", ["text/plain: hello"]],
  ["no header", "\nhello", ["text/plain: hello"]],
  [
    "parts",
    'Content-Type: multipart/mixed; boundary="b"\n\nbefore\n--b\n\none\n--b\nContent-Type: TEXT/XML\n\n<a>\n--b--\nbehind',
    ["text/plain: one", "text/xml: <a>"],
  ],
  [
    "no closing delimiter",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo",
    ["text/plain: one", "text/plain: two"],
  ],
  [
    "a boundary within a line",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx--b\n--b--",
    ["text/plain: x--b"],
  ],
  [
    "a boundary that another begins with",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b2\n\n--b2\n\none\n--b2--\n--b \n\ntwo\n--b--",
    ["text/plain: one", "text/plain: two"],
  ],
  [
    "no boundary",
    "Content-Type: multipart/mixed\n\n--b\n\none\n--b--",
    ["multipart/mixed: --b\r\n\r\none\r\n--b--"],
  ],
  [
    "a boundary that never comes",
    "Content-Type: multipart/mixed; boundary=zz\n\nhello",
    ["multipart/mixed: hello"],
  ],
  [
    "parts in parts",
    "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--a\n\ntwo\n--a--",
    ["text/plain: one", "text/plain: two"],
  ],
  ["base64", "Content-Transfer-Encoding: BASE64\n\naGVs\nbG8=\n", ["text/plain: hello"]],
  [
    "base64 of each line for itself",
    "Content-Transfer-Encoding: base64\n\naGU=\nbGw=\nbw==\n",
    ["text/plain: hello"],
  ],
  [
    "base64 with what does not belong there",
    "Content-Transfer-Encoding: base64\n\n>aG*U=!\n>bGxv\n",
    ["text/plain: hello"],
  ],
  ["base64 without its end", "Content-Transfer-Encoding: base64\n\naGVsbG8\n", ["text/plain: hello"]],
  [
    "quoted-printable",
    "Content-Transfer-Encoding: quoted-printable\n\nh=65l=\nlo=3D=ZZ",
    ["text/plain: hello==ZZ"],
  ],
  ["the name of a gateway", "ContentType: application/gzip\n\nx", ["application/gzip: x"]],
  ["a fold", "Content-Type:\n\tmultipart/mixed;\n boundary=b\n\n--b\n\none\n--b--", ["text/plain: one"]],
])("RFC 2046 §5.1: %s", (_name, text, parts) => {
  expect(outline(read(text))).toEqual(parts);
  expect(outline(readMail(Buffer.from(text, "latin1"), new Allowance()))).toHaveLength(parts.length);
});

test.each<readonly [string, string, string | undefined]>([
  ["a plain name", 'attachment; filename="a b.xml"', "a b.xml"],
  ["without quotation marks", "attachment; filename=a.xml", "a.xml"],
  ["escapes", 'attachment; filename="a\\"b.xml"', 'a"b.xml'],
  ["a charset", "attachment; filename*=utf-8'ja'%E5%B1%B1.xml", "山.xml"],
  ["Shift_JIS", "attachment; filename*=shift_jis''%8ER.xml", "山.xml"],
  ["continued", "attachment; filename*0=a; filename*1=b; filename*2=.xml", "ab.xml"],
  ["continued, in any order", 'attachment; filename*1="b"; filename*0="a"', "ab"],
  [
    "continued, with a charset",
    "attachment; filename*0*=utf-8''%E5%B1; filename*1*=%B1; filename*2=.xml",
    "山.xml",
  ],
  ["both forms", "attachment; filename=\"x.xml\"; filename*=utf-8''%E5%B1%B1.xml", "山.xml"],
  ["the plain form again", "attachment; filename*=utf-8''y.xml; filename=\"x.xml\"", "y.xml"],
  ["an encoded word", 'attachment; filename="=?utf-8?B?5bGxLnhtbA==?="', "山.xml"],
  ["bare UTF-8", 'attachment; filename="\xe5\xb1\xb1.xml"', "山.xml"],
  ["a charset that nobody knows", "attachment; filename*=x''%E5", "\xe5"],
  ["none", "attachment; x", undefined],
  ["a semicolon within", 'attachment; filename="a;b=c.xml"; x=y', "a;b=c.xml"],
])("RFC 2231, RFC 2183: %s", (_name, text, name) => {
  const parameter = readParameters(text).parameters.get("filename");
  expect(parameter === undefined ? undefined : readableName(parameter)).toBe(name);
});

test("the name of a part: that of the disposition, else that of the type", () => {
  const named = (fields: string): string | undefined => read(`${fields}\n\nx`).parts[0]?.fileName;
  expect(named('Content-Type: text/xml; name="t.xml"\nContent-Disposition: attachment; filename=d.xml')).toBe(
    "d.xml",
  );
  expect(named('Content-Type: text/xml; name="t.xml"')).toBe("t.xml");
  expect(named("Content-Type: text/xml")).toBeUndefined();
});

test("a head: the first of a name, and nothing without end", () => {
  const { head, bodyAt } = readPartHead(Buffer.from("A: 1\nB : 2\n3\na: 4\n 5\nC: \n 6\n\nbody"));
  expect([...head]).toEqual([
    ["a", "1"],
    ["b", "2"],
    ["c", " 6"],
  ]);
  expect(bodyAt).toBe(29);
  expect(readPartHead(Buffer.from("x: y\r\n".repeat(500_000))).head.size).toBe(1);
  const long = readPartHead(Buffer.from(`x: y\r\n${" zzzzzzzzzz\r\n".repeat(50_000)}`));
  expect(long.head.get("x")?.length).toBeLessThan(70_000);
});

test("parts beyond the limit are left out", () => {
  const allowance = new Allowance({ ...defaultLimits, maxEntries: 10 });
  const { parts } = read(
    `Content-Type: multipart/mixed; boundary=b\n\n${"--b\n\nx\n".repeat(1_000)}--b--`,
    allowance,
  );
  expect(parts).toHaveLength(10);
  expect(allowance.entriesLeft).toBeLessThan(0);
});

test("parts in parts in parts are one part at last", () => {
  const levels = Array.from(
    { length: 50 },
    (_, n) => `--b${n}\nContent-Type: multipart/mixed; boundary=b${n + 1}\n\n`,
  );
  const { parts } = read(`Content-Type: multipart/mixed; boundary=b0\n\n${levels.join("")}end`);
  expect(parts).toHaveLength(1);
  expect(parts[0]?.octets.includes("end")).toBe(true);
});

test.each([
  ["a=3Db", "a=b"],
  ["a=\r\nb", "ab"],
  ["a= \t\r\nb", "ab"],
  ["a=\nb", "ab"],
  ["a=3", "a=3"],
  ["=", "="],
  ["=e3=81=82", "\xe3\x81\x82"],
])("RFC 2045 §6.7: %j", (text, decoded) => {
  expect(decodeQuotedPrintable(Buffer.from(text)).toString("latin1")).toBe(decoded);
});

test("no octets make it throw", () => {
  const piece = fc.constantFrom(
    "--b",
    "\r\n",
    "\n",
    "Content-Type: multipart/mixed; boundary=b",
    "--",
    ";",
    '"',
    "=",
    "*0*=",
    "'",
    "x",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 60 }), (pieces) => {
      const mail = readMail(Buffer.from(pieces.join("")), new Allowance());
      expect(mail.parts.length).toBeGreaterThan(0);
      readParameters(pieces.join(""));
    }),
    { numRuns: 500 },
  );
});

test("RFC 2045 §6.8: base64 of pieces, each padded for itself, is the pieces one behind the other", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9 })), (pieces) => {
      const written = pieces.map((piece) => Buffer.from(piece).toString("base64")).join("\r\n");
      expect(decodeBase64(Buffer.from(written)).equals(Buffer.concat(pieces))).toBe(true);
    }),
  );
});
