import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTlsrptRecord, readDestination } from "./parse-record.ts";

describe("RFC 8460 §3", () => {
  test.each([
    ["v=TLSRPTv1;rua=mailto:reports@example.com", ["example.com"]],
    ["v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", ["reporting.example.com"]],
    ["v=TLSRPTv1; rua=mailto:a@A.example , https://B.example/x;", ["a.example", "b.example"]],
    ["v=TLSRPTv1; x=y=z; rua=mailto:a@example.jp?subject=x", ["example.jp"]],
  ])("%s names destinations", (text, hosts) => {
    const read = parseTlsrptRecord(text);
    expect(read?.problem).toBeUndefined();
    const rua = read !== undefined && read.problem === undefined ? read.rua : [];
    expect(rua.map((one) => (one.scheme === undefined ? one.problem : one.host))).toEqual(hosts);
  });

  test.each([
    ["v=TLSRPTv1;", "no-rua", ""],
    ["v=TLSRPTv1; x=y", "no-rua", ""],
    ["v=TLSRPTv1; rua=mailto:a@b.c; rua=mailto:d@e.f", "rua-twice", "rua=mailto:d@e.f"],
    ["v=TLSRPTv1; hello", "field", "hello"],
    ["v=TLSRPTv1; rua = mailto:a@b.c", "field", "rua = mailto:a@b.c"],
    ["v=TLSRPTv1;; rua=mailto:a@b.c", "field", ""],
    ["v=TLSRPTv1; rua=mailto:a@b.c\n", "field", ""],
  ])("%s breaks the grammar", (text, problem, at) => {
    expect(parseTlsrptRecord(text)).toEqual({ problem, at });
  });

  test.each(["", "v=TLSRPTv1", "v=tlsrptv1; rua=mailto:a@b.c", " v=TLSRPTv1; rua=mailto:a@b.c"])(
    '"%s" is no such record',
    (text) => {
      expect(parseTlsrptRecord(text)).toBeUndefined();
    },
  );

  test.each([
    ["", "empty"],
    ["tls@example.jp", "no-scheme"],
    ["http://example.jp/", "scheme"],
    ["mailto://a@example.jp", "slashes"],
    ["mailto:example.jp", "address"],
    ["mailto:a@-..jp", "address"],
    ["https:example.jp", "address"],
    ["https://", "address"],
    ["mailto: a@example.jp", "character"],
    ["mailto:a!b@example.jp", "character"],
    ["https://example.jp/%zz", "character"],
  ])('"%s" is no destination: %s', (uri, problem) => {
    expect(readDestination(uri)).toEqual({ uri, problem });
  });
});

test("any text is read, with twenty destinations at most", () => {
  const piece = fc.oneof(fc.constantFrom("rua=", "mailto:a@b.c", ",", ";", "https://x.y/", " "), fc.string());
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const read = parseTlsrptRecord(`v=TLSRPTv1;${pieces.join("")}`);
      if (read !== undefined && read.problem === undefined) expect(read.rua.length).toBeLessThanOrEqual(20);
    }),
  );
});
