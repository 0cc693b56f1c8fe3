import { describe, expect, test } from "vitest";
import { formatTlsa, tlsaUse } from "./tlsa.ts";

const record = (usage: number, selector: number, matchingType: number, octets = 32) => ({
  usage,
  selector,
  matchingType,
  data: Buffer.alloc(octets, 0xab),
});

describe("whether a mail server can use a record", () => {
  test.each([
    ["RFC 7671 §5.1: DANE-EE with the key", record(3, 1, 1), { usable: true, usage: "DANE-EE" }],
    ["RFC 7671 §5.2: DANE-TA", record(2, 0, 1), { usable: true, usage: "DANE-TA" }],
    ["RFC 6698 §2.1.3: SHA2-512", record(3, 1, 2, 64), { usable: true, usage: "DANE-EE" }],
    ["RFC 6698 §2.1.3: the whole", record(3, 0, 0, 900), { usable: true, usage: "DANE-EE" }],
    ["RFC 7672 §3.1.3: PKIX-EE", record(1, 1, 1), { usable: false, problem: "pkix-usage" }],
    ["RFC 7672 §3.1.3: PKIX-TA", record(0, 0, 1), { usable: false, problem: "pkix-usage" }],
    ["usage 4", record(4, 1, 1), { usable: false, problem: "usage" }],
    ["selector 2", record(3, 2, 1), { usable: false, problem: "selector" }],
    ["matching type 3", record(3, 1, 3), { usable: false, problem: "matching-type" }],
    ["a digest cut off", record(3, 1, 1, 31), { usable: false, problem: "length" }],
    ["the wrong digest", record(3, 1, 2, 32), { usable: false, problem: "length" }],
    ["nothing", record(3, 0, 0, 0), { usable: false, problem: "length" }],
  ] as const)("%s", (_, tlsa, use) => {
    expect(tlsaUse(tlsa)).toEqual(use);
  });
});

test("is written as in a zone file", () => {
  expect(formatTlsa(record(3, 1, 1, 2))).toBe("3 1 1 ABAB");
});
