import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp } from "../ip.ts";
import { reportedAddress } from "./reported-address.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["192.0.2.1:25", "192.0.2.1"],
  ["[192.0.2.1]", "192.0.2.1"],
  ["[192.0.2.1]:25", "192.0.2.1"],
  ["192.0.2.1/32", "192.0.2.1"],
  ["192.0.2.1 (mail.example.org)", "192.0.2.1"],
  ["[192.0.2.1] (mail.example.org)", "192.0.2.1"],
  ["192.000.002.001", "192.0.2.1"],
  ["010.000.002.001", "10.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["[::FFFF:192.0.2.1]:25", "192.0.2.1"],
  ["2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
  ["[2001:db8::1]:25", "2001:db8::1"],
  ["[IPv6:2001:db8::1]", "2001:db8::1"],
  ["IPv6:2001:db8::1", "2001:db8::1"],
  ["2001:db8::1/128", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["192.0.2.0/24", undefined],
  ["2001:db8::/32", undefined],
  ["192.0.02.1", undefined],
  ["192.0.2", undefined],
  ["host.example", undefined],
  ["", undefined],
  [" ".repeat(400), undefined],
])("an address: %s", (text, ip) => {
  const found = reportedAddress(text);
  expect(found && formatIp(found)).toBe(ip);
});

test("any text is an address or none", () => {
  fc.assert(fc.property(fc.string(), (text) => void reportedAddress(text)));
});
