import { expect, test } from "vitest";
import { parseZone } from "../../core/dns/zone-parse.ts";
import { zoneDetailJa } from "./zone-detail-ja.ts";

const lines = [
  "a.test. AX 1",
  "a..test. A 192.0.2.1",
  "a.test. A 192.0.2",
  "a.test. AAAA 192.0.2.1",
  "$TTL soon",
  "$ORIGIN a..test.",
  "$GENERATE 1-9 a$ A 192.0.2.$",
  "$INCLUDE other",
  "$TTL",
  " A 192.0.2.1",
  "a.test. 300 IN",
  "a.test. CH A 192.0.2.1",
  "a.test. MX mx.test.",
  "a.test. NS a b",
  "a.test. A",
  'a.test. TXT "\\999"',
  "a.test. SOA a. b. 1 2 3",
  "a.test. SOA a. b. 1 x 3 4 5",
  "a.test. TLSA 3 1 one",
  "a.test. A \\# 4 zz",
];

test.each(lines)("%s is told in Japanese", (line) => {
  const [error] = parseZone(line).errors;
  expect(error).toBeDefined();
  const detail = zoneDetailJa(error?.message ?? "");
  expect(detail).not.toBe(error?.message);
  expect(detail).toMatch(/(?:ません|ます|です)$/);
});

test("other words stay as they are", () => {
  expect(zoneDetailJa("something else")).toBe("something else");
});
