import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIp, inNetwork, parseIp, parseNetwork, reverseName, sameIp, unmapped } from "./ip.ts";

describe("parseIp", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ])("RFC 4291 §2.2, RFC 5952 §4: %s is written %s", (text, canonical) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip)).toBe(canonical);
  });

  test.each([
    ["", "empty"],
    ["010.1.1.1", "looks octal"],
    ["1.2.3", "three parts"],
    ["1.2.3.4.5", "five parts"],
    ["256.1.1.1", "over 255"],
    ["1.2.3.-4", "a sign"],
    ["0x7f.0.0.1", "hexadecimal"],
    ["127.1", "shorthand"],
    [" 192.0.2.1", "a blank"],
    ["1.2.3.4\n", "a line end"],
    [":", "one colon"],
    [":::", "three colons"],
    ["1::2::3", "two gaps"],
    ["1:2:3:4:5:6:7:8::", "a gap for nothing"],
    ["1:2:3:4:5:6:7", "seven groups"],
    ["1:2:3:4:5:6:7:8:9", "nine groups"],
    ["12345::", "five digits"],
    ["g::", "no digit"],
    ["fe80::1%eth0", "a zone index"],
    ["[::1]", "brackets"],
    ["192.0.2.1::", "IPv4 in front"],
    ["::192.0.2.1:1", "IPv4 in the middle"],
    ["1:2:3:4:5:6:7:192.0.2.1", "IPv4 in place of one group"],
  ])("refuses %j: %s", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test("what is formatted is read back, and never throws on any text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        const ip = { family: 6, octets } as const;
        const back = parseIp(formatIp(ip));
        expect(back !== undefined && sameIp(back, ip)).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseIp(text)));
  });
});

test.each([
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::fffe:192.0.2.1", "::fffe:c000:201"],
  ["2001:db8::1", "2001:db8::1"],
  ["192.0.2.1", "192.0.2.1"],
])("RFC 7208 §5: %s counts as %s", (text, counts) => {
  const ip = parseIp(text);
  expect(ip && formatIp(unmapped(ip))).toBe(counts);
});

describe("networks", () => {
  test.each([
    ["192.0.2.9", "192.0.2.0/24", true],
    ["192.0.2.9", "192.0.2.8/31", true],
    ["192.0.2.10", "192.0.2.8/31", false],
    ["192.0.2.9", "0.0.0.0/0", true],
    ["192.0.2.9", "192.0.2.9", true],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["2001:db8::8000", "2001:db8::/113", false],
    ["192.0.2.9", "::/0", false],
  ])("%s in %s: %s", (address, network, is) => {
    const ip = parseIp(address);
    const parsed = parseNetwork(network);
    if (ip === undefined || parsed === undefined) throw new Error("the table is wrong");
    expect(inNetwork(ip, parsed.address, parsed.prefix)).toBe(is);
  });

  test.each([
    "192.0.2.0/33",
    "192.0.2.0/",
    "192.0.2.0/08",
    "192.0.2.0/-1",
    "2001:db8::/129",
    "/8",
    "192.0.2/24",
    "::/0/0",
  ])("refuses %s", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

test.each([
  ["192.0.2.25", "25.2.0.192.in-addr.arpa"],
  ["2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
])("RFC 1035 §3.5, RFC 3596 §2.5: %s has its PTR at %s", (text, name) => {
  const ip = parseIp(text);
  expect(ip && reverseName(ip)).toBe(name);
});
