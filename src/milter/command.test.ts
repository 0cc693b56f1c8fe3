import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCommand, parseMacros } from "./command.ts";

function decode(code: string, data: string | Buffer = ""): unknown {
  return decodeCommand({ code: code.charCodeAt(0), data: Buffer.from(data as string, "utf8") });
}

describe("C.2 connect", () => {
  const cases = [
    {
      name: "IPv4",
      data: "mail.example.jp\0" + "4\x61\xa9192.0.2.1\0",
      client: { family: 4, address: "192.0.2.1", port: 25_001 },
    },
    {
      name: "IPv6, bare as Postfix writes it",
      data: "h\0" + "6\0\x192001:db8::1\0",
      client: { family: 6, address: "2001:db8::1", port: 25 },
    },
    {
      name: "IPv6 with Sendmail's IPv6: before it",
      data: "h\0" + "6\0\x19IPv6:2001:db8::1\0",
      client: { family: 6, address: "2001:db8::1", port: 25 },
    },
    { name: "unix socket", data: "localhost\0L\0\0/run/s\0", client: { family: "unix", path: "/run/s" } },
    { name: "unknown family, no port and no address", data: "localhost\0U", client: { family: "unknown" } },
    {
      name: "family 4 that holds no address",
      data: "h\0" + "4\0\x19300.1.1.1\0",
      client: { family: "unknown" },
    },
    {
      name: "family 4 over an IPv6 address",
      data: "h\0" + "4\0\x19::1\0",
      client: { family: 6, address: "::1", port: 25 },
    },
  ];
  test.each(cases)("$name", ({ data, client }) => {
    expect(decode("C", Buffer.from(data, "latin1"))).toMatchObject({ kind: "connect", event: { client } });
  });

  test("the name of an unresolved client is [addr] and stays so", () => {
    expect(decode("C", "[192.0.2.1]\0" + "4\0\x19192.0.2.1\0")).toMatchObject({
      event: { hostname: "[192.0.2.1]" },
    });
  });

  test.each(["", "name without an end", "name\0", "name\0" + "4", "name\0" + "4\0"])(
    "%j is malformed",
    (data) => {
      expect(decode("C", data)).toEqual({ kind: "malformed", problem: "malformed-connect" });
    },
  );
});

describe("C.2 envelope", () => {
  const cases = [
    {
      name: "address and arguments",
      data: "<a@example.jp>\0SIZE=100\0BODY=8BITMIME\0",
      is: ["a@example.jp", "SIZE=100", "BODY=8BITMIME"],
    },
    { name: "null sender", data: "<>\0", is: [""] },
    { name: "no brackets", data: "a@example.jp\0", is: ["a@example.jp"] },
    {
      name: "C.8 Sendmail before 8.17.2 with EAI: all in the first argument",
      data: "<用@例え.jp> SMTPUTF8 BODY=8BITMIME\0",
      is: ["用@例え.jp", "SMTPUTF8", "BODY=8BITMIME"],
    },
    { name: "the same without brackets", data: "a@example.jp SMTPUTF8\0", is: ["a@example.jp", "SMTPUTF8"] },
    {
      name: "a blank and a bracket in a quoted local part",
      data: '<"a> b"@example.jp> SIZE=1\0',
      is: ['"a> b"@example.jp', "SIZE=1"],
    },
    { name: "an escaped quote", data: '<"a\\">"@example.jp>\0X\0', is: ['"a\\">"@example.jp', "X"] },
    { name: "a quote that never closes", data: '<"a@example.jp>\0', is: ['"a@example.jp'] },
    { name: "no NUL at the end", data: "<a@example.jp>", is: ["a@example.jp"] },
    { name: "a bracket that never closes", data: "<a@example.jp\0", is: ["a@example.jp"] },
  ];
  test.each(cases)("$name", ({ data, is }) => {
    const [address, ...parameters] = is;
    expect(decode("M", data)).toEqual({ kind: "mail", event: { address, parameters } });
    expect(decode("R", data)).toEqual({ kind: "recipient", event: { address, parameters } });
  });

  test("octets that are no UTF-8 are read one by one", () => {
    expect(decode("M", Buffer.from("<\xe9@example.jp>\0", "latin1"))).toMatchObject({
      event: { address: "\xe9@example.jp" },
    });
  });

  test("no argument at all is malformed", () => {
    expect(decode("M")).toEqual({ kind: "malformed", problem: "malformed-mail" });
    expect(decode("R")).toEqual({ kind: "malformed", problem: "malformed-recipient" });
  });
});

describe("C.2 the others", () => {
  test("header: octets of name and value, as they are", () => {
    const command = decode("L", Buffer.from("Subject\0 \xff\n\tb\r\n c\0", "latin1"));
    expect(command).toEqual({
      kind: "header",
      name: Buffer.from("Subject"),
      value: Buffer.from(" \xff\n\tb\r\n c", "latin1"),
    });
  });

  test.each(["", "Subject", "\0value\0"])("header %j is malformed", (data) => {
    expect(decode("L", data)).toEqual({ kind: "malformed", problem: "malformed-header" });
  });

  test("E may carry data", () => {
    expect(decode("E", "rest")).toEqual({ kind: "end-of-message", chunk: Buffer.from("rest") });
  });

  test.each([
    ["T", { kind: "data" }],
    ["N", { kind: "end-of-headers" }],
    ["A", { kind: "abort" }],
    ["Q", { kind: "quit" }],
    ["K", { kind: "quit-new-connection" }],
    ["Z", { kind: "unrecognized", code: 0x5a }],
    ["D", { kind: "unrecognized", code: 0x44 }],
    ["O", { kind: "malformed", problem: "malformed-negotiation" }],
  ])("%s without data", (code, is) => {
    expect(decode(code)).toEqual(is);
  });

  test("HELO and an unknown command", () => {
    expect(decode("H", "mail.example.jp\0")).toEqual({ kind: "helo", name: "mail.example.jp" });
    expect(decode("U", "FOO bar\0")).toEqual({ kind: "unknown", command: "FOO bar" });
  });
});

describe("C.5 macros", () => {
  test.each([
    {
      name: "braces are taken off",
      data: "i\0ABC\0{client_addr}\x00192.0.2.1\0",
      is: [
        ["i", "ABC"],
        ["client_addr", "192.0.2.1"],
      ],
    },
    {
      name: "an empty value",
      data: "{tls_version}\0\0i\0A\0",
      is: [
        ["tls_version", ""],
        ["i", "A"],
      ],
    },
    { name: "a name without a value", data: "i\0A\0j\0", is: [["i", "A"]] },
    { name: "nothing", data: "", is: [] },
    { name: "UTF-8", data: "{mail_addr}\0用@例え.jp\0", is: [["mail_addr", "用@例え.jp"]] },
  ])("$name", ({ data, is }) => {
    expect([...parseMacros(Buffer.from(data))]).toEqual(is);
  });

  test("a packet of a million empty strings gives a bounded map", () => {
    expect(parseMacros(Buffer.from("a\0b\0".repeat(100_000))).size).toBeLessThanOrEqual(500);
  });
});

test("property: never throws, whatever the octets", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 }), (code, data) => {
      const command = decodeCommand({ code, data: Buffer.from(data) });
      if (command.kind === "macros") parseMacros(command.data);
    }),
    { numRuns: 3000 },
  );
});
