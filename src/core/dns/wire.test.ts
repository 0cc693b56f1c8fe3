import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aRecord,
  encodeResponse,
  mxRecord,
  nameRecord,
  soaRecord,
  type TestResponse,
  txtRecord,
  wireName,
} from "../../../test/dns-server.ts";
import type { DnsType } from "./resolver.ts";
import { type DnsResponse, decodeResponse, encodeQuery, encodeQuestion } from "./wire.ts";

function ask(name: string, type: DnsType): { question: ReturnType<typeof encodeQuestion>; query: Buffer } {
  const question = encodeQuestion(name, type);
  return { question, query: encodeQuery(question, 0x1234, true) };
}

function decoded(name: string, type: DnsType, response: TestResponse): DnsResponse | string {
  const { question, query } = ask(name, type);
  return decodeResponse(encodeResponse(query, response), question, 0x1234);
}

test("a query has RD, AD and an OPT record: RFC 6840 §5.7, RFC 6891 §6.1.2", () => {
  const query = encodeQuery(encodeQuestion("a.jp", "TXT"), 0xbeef, true);
  const header = "01200001000000000001";
  const question = "0161026a700000100001";
  expect(query.toString("hex")).toBe(`beef${header}${question}00002904d0000000000000`);
  const plain = encodeQuery(encodeQuestion("a.jp", "TXT"), 0xbeef, false);
  expect(plain.toString("hex")).toBe(`beef${header.slice(0, -1)}0${question}`);
});

describe("records", () => {
  test.each([
    {
      type: "A",
      record: aRecord("x.jp", "192.0.2.1"),
      data: { family: 4, octets: new Uint8Array([192, 0, 2, 1]) },
    },
    { type: "MX", record: mxRecord("x.jp", 10, "MX.x.jp"), data: { preference: 10, exchange: "mx.x.jp" } },
    { type: "MX", record: mxRecord("x.jp", 0, ""), data: { preference: 0, exchange: "" } },
    {
      type: "TXT",
      record: txtRecord("x.jp", ["a", "\u00ff b"]),
      data: { strings: ["a", "\u00ff b"], text: "a\u00ff b" },
    },
    { type: "TXT", record: txtRecord("x.jp", [""]), data: { strings: [""], text: "" } },
    // RFC 7208 §14.1: type 99.
    {
      type: "SPF",
      record: { ...txtRecord("x.jp", ["v=spf1", " -all"]), type: "SPF" as const },
      data: { strings: ["v=spf1", " -all"], text: "v=spf1 -all" },
    },
    { type: "PTR", record: nameRecord("x.jp", "PTR", "h.jp"), data: "h.jp" },
    { type: "NS", record: nameRecord("x.jp", "NS", "n.jp"), data: "n.jp" },
    { type: "CNAME", record: nameRecord("x.jp", "CNAME", "n.jp"), data: "n.jp" },
    {
      type: "SOA",
      record: soaRecord("x.jp", 60),
      data: {
        primary: "ns.test",
        mailbox: "root.test",
        serial: 1,
        refresh: 7200,
        retry: 3600,
        expire: 86_400,
        minimum: 60,
      },
    },
    {
      type: "TLSA",
      record: { name: "x.jp", type: "TLSA", data: Buffer.from("030101abcd", "hex") },
      data: { usage: 3, selector: 1, matchingType: 1, data: Buffer.from("abcd", "hex") },
    },
  ] as const)("$type", ({ type, record, data }) => {
    const response = decoded("x.jp", type, { answers: [record], ad: true });
    expect(response).toMatchObject({
      rcode: 0,
      authentic: true,
      answers: [{ name: "x.jp", type, ttl: 300, data }],
    });
  });

  test("AAAA: RFC 3596 §2.2", () => {
    const response = decoded("x.jp", "AAAA", { answers: [aRecord("x.jp", "2001:db8::1")] });
    expect(response).toMatchObject({ answers: [{ data: { family: 6 } }] });
  });

  test.each([
    { what: "A of three octets", type: "A", data: "c00002" },
    { what: "AAAA of four octets", type: "AAAA", data: "c0000201" },
    { what: "MX without name", type: "MX", data: "000a" },
    { what: "MX with octets after the name", type: "MX", data: "000a000000" },
    { what: "TXT string over the end", type: "TXT", data: "0561" },
    { what: "CNAME without end", type: "CNAME", data: "0161" },
    { what: "SOA cut off", type: "SOA", data: "000000000001" },
    { what: "TLSA of two octets", type: "TLSA", data: "0301" },
  ] as const)("$what is malformed", ({ type, data }) => {
    expect(decoded("x.jp", type, { answers: [{ name: "x.jp", type, data: Buffer.from(data, "hex") }] })).toBe(
      "malformed",
    );
  });

  test("those of other types, and of other classes, are passed over", () => {
    const other = { name: "x.jp", type: 46, data: Buffer.from("00") };
    expect(decoded("x.jp", "A", { answers: [other, aRecord("x.jp", "192.0.2.1")] })).toMatchObject({
      answers: [{ type: "A" }],
    });
  });

  test("RFC 2181 §8: a TTL with the top bit set is zero", () => {
    expect(decoded("x.jp", "A", { answers: [aRecord("x.jp", "192.0.2.1", 0x80000001)] })).toMatchObject({
      answers: [{ ttl: 0 }],
    });
  });
});

test.each([
  { soaTtl: 300, minimum: 60, is: 60 },
  { soaTtl: 30, minimum: 60, is: 30 },
])("RFC 2308 §5: negative TTL of SOA TTL $soaTtl and MINIMUM $minimum is $is", ({ soaTtl, minimum, is }) => {
  const response = decoded("a.x.jp", "A", { rcode: 3, authority: [soaRecord("x.jp", minimum, soaTtl)] });
  expect(response).toMatchObject({ rcode: 3, soa: { owner: "x.jp", ttl: is } });
});

test("RFC 6891 §6.1.3, RFC 8914 §2: extended RCODE and extended errors", () => {
  expect(decoded("x.jp", "A", { rcode: 16 })).toMatchObject({ rcode: 16 });
  expect(decoded("x.jp", "A", { rcode: 2, extendedErrors: [22, 6] })).toMatchObject({
    rcode: 2,
    extendedErrors: [22, 6],
  });
});

describe("what is no answer to the question", () => {
  const { question, query } = ask("x.jp", "A");
  const good = encodeResponse(query, { answers: [aRecord("x.jp", "192.0.2.1")] });
  const changed = (at: number, octet: number): Buffer => {
    const copy = Buffer.from(good);
    copy[at] = octet;
    return copy;
  };
  test.each([
    { what: "another id", message: changed(1, 0x35) },
    { what: "a query", message: changed(2, 0x01) },
    { what: "another opcode", message: changed(2, 0xa1) },
    { what: "another name", message: changed(13, 0x79) },
    { what: "another type", message: changed(19, 28) },
    { what: "another class", message: changed(21, 3) },
    { what: "two questions", message: changed(5, 2) },
    { what: "no question with NOERROR", message: encodeResponse(query, { question: "none" }) },
    { what: "no question with NXDOMAIN", message: encodeResponse(query, { question: "none", rcode: 3 }) },
    { what: "eleven octets", message: good.subarray(0, 11) },
    { what: "a cut question", message: good.subarray(0, 18) },
  ])("$what", ({ message }) => {
    expect(decodeResponse(message, question, 0x1234)).toBe("mismatch");
  });

  test("the case of letters does not count: RFC 4343 §3", () => {
    expect(decodeResponse(changed(13, 0x58), question, 0x1234)).toMatchObject({ rcode: 0 });
  });

  test("but a server that cannot read queries need not repeat it", () => {
    expect(
      decodeResponse(encodeResponse(query, { question: "none", rcode: 1 }), question, 0x1234),
    ).toMatchObject({
      rcode: 1,
    });
  });

  test("a message cut anywhere in its records is malformed", () => {
    for (let end = 12 + question.section.length; end < good.length; end++)
      expect(decodeResponse(good.subarray(0, end), question, 0x1234)).toBe("malformed");
  });
});

test("truncated: the records are left alone", () => {
  expect(decoded("x.jp", "A", { tc: true, answers: [aRecord("x.jp", "192.0.2.1")] })).toMatchObject({
    truncated: true,
    answers: [],
  });
});

test("compressed owners and data", () => {
  const { question, query } = ask("x.jp", "MX");
  const header = Buffer.from(encodeResponse(query, {}));
  header.writeUInt16BE(2, 6);
  const first = Buffer.from("c00c000f00010000003c0007000a026d78c00c", "hex");
  // The owner of the second record is "jp", by a pointer into the question.
  const second = Buffer.from("c00e000f00010000003c00040014c00c", "hex");
  expect(decodeResponse(Buffer.concat([header, first, second]), question, 0x1234)).toMatchObject({
    answers: [
      { name: "x.jp", data: { preference: 10, exchange: "mx.x.jp" } },
      { name: "jp", data: { preference: 20, exchange: "x.jp" } },
    ],
  });
});

test("real responses with changed octets never throw, nor does noise", () => {
  const { question, query } = ask("x.jp", "TXT");
  const seed = encodeResponse(query, {
    answers: [nameRecord("x.jp", "CNAME", "y.jp"), txtRecord("y.jp", ["v=spf1 -all"])],
    authority: [soaRecord("jp", 60)],
    extendedErrors: [6],
  });
  const change = fc.tuple(fc.nat(seed.length - 3), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.nat(seed.length), (changes, end) => {
      const message = Buffer.from(seed);
      for (const [at, octet] of changes) message[at + 2] = octet;
      decodeResponse(message.subarray(0, end), question, 0x1234);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
      const head = seed.subarray(0, 12 + wireName("x.jp").length + 4);
      decodeResponse(Buffer.concat([head, noise]), question, 0x1234);
    }),
    { numRuns: 1000 },
  );
});
