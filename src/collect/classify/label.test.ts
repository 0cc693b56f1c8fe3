import { expect, test } from "vitest";
import { parseIp } from "../../core/ip.ts";
import { openStateInMemory } from "../../store/sqlite-state.ts";
import { labelOf, labelPattern, listLabels, putLabel, readLabels, removeLabel } from "./label.ts";

const patterns = [
  ["192.0.2.1", "192.0.2.1"],
  ["192.0.2.77/24", "192.0.2.0/24"],
  ["192.0.2.77/28", "192.0.2.64/28"],
  ["192.0.2.1/32", "192.0.2.1"],
  ["2001:DB8:0:0::1/64", "2001:db8::/64"],
  ["2001:db8::1", "2001:db8::1"],
  // As sources are called.
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.77/120", "192.0.2.0/24"],
  ["::ffff:0:0/90", "::ffc0:0:0/90"],
  ["Mail.Example.NET", "mail.example.net"],
  ["*.example.net", "example.net"],
  ["example.net.", "example.net"],
  ["net", undefined],
  ["192.0.2.1/33", undefined],
  ["192.0.2.256", undefined],
  ["not a name", undefined],
  ["", undefined],
] as const;
test.each(patterns)("what a label can be of: %s is %s", (written, is) => {
  expect(labelPattern(written)).toBe(is);
});

const labels = readLabels([
  { pattern: "example.net", group: "service" },
  { pattern: "mail.example.net", group: "forwarder" },
  { pattern: "192.0.2.0/24", group: "hosting" },
  { pattern: "192.0.2.1", group: "own" },
  { pattern: "0.0.0.0/0", group: "unknown" },
]);
const matches = [
  ["192.0.2.1", "mail.example.net", "192.0.2.1"],
  ["192.0.2.2", "mail.example.net", "192.0.2.0/24"],
  ["203.0.113.1", "mail.example.net", "0.0.0.0/0"],
  ["2001:db8::1", "a.mail.example.net", "mail.example.net"],
  ["2001:db8::1", "www.example.net", "example.net"],
  ["2001:db8::1", "badexample.net", undefined],
  ["2001:db8::1", undefined, undefined],
] as const;
test.each(matches)("the label of %s, %s is %s", (ip, name, pattern) => {
  expect(labelOf(parseIp(ip), name, labels)?.pattern).toBe(pattern);
});

test("labels are kept until they are taken away", async () => {
  const state = openStateInMemory();
  await putLabel(state, { pattern: "192.0.2.1", group: "own", name: "A", contact: "a@example.jp" });
  await putLabel(state, { pattern: "192.0.2.1", group: "list" });
  await putLabel(state, { pattern: "example.net", group: "service" });
  expect(await listLabels(state)).toEqual([
    { pattern: "192.0.2.1", group: "list" },
    { pattern: "example.net", group: "service" },
  ]);
  expect(await removeLabel(state, "192.0.2.1")).toBe(true);
  expect(await removeLabel(state, "192.0.2.1")).toBe(false);
  expect(await listLabels(state)).toHaveLength(1);
  await state.close();
});
