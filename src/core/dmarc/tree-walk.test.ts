import fc from "fast-check";
import { expect, test } from "vitest";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import { organizationalDomainOf, recordLookup, walkTargets, walkTree } from "./tree-walk.ts";

const targets: readonly (readonly [start: string, expected: readonly string[]])[] = [
  ["com", ["com"]],
  ["example.com", ["example.com", "com"]],
  ["a.mail.example.com", ["a.mail.example.com", "mail.example.com", "example.com", "com"]],
  ["1.2.3.4.5.6.7", ["1.2.3.4.5.6.7", "2.3.4.5.6.7", "3.4.5.6.7", "4.5.6.7", "5.6.7", "6.7", "7"]],
  [
    "1.2.3.4.5.6.7.8",
    ["1.2.3.4.5.6.7.8", "2.3.4.5.6.7.8", "3.4.5.6.7.8", "4.5.6.7.8", "5.6.7.8", "6.7.8", "7.8", "8"],
  ],
  [
    "0.1.2.3.4.5.6.7.8",
    ["0.1.2.3.4.5.6.7.8", "2.3.4.5.6.7.8", "3.4.5.6.7.8", "4.5.6.7.8", "5.6.7.8", "6.7.8", "7.8", "8"],
  ],
  // The illustration at the end of RFC 9989 §4.10.
  [
    "a.b.c.d.e.f.g.h.i.j.mail.example.com",
    [
      "a.b.c.d.e.f.g.h.i.j.mail.example.com",
      "g.h.i.j.mail.example.com",
      "h.i.j.mail.example.com",
      "i.j.mail.example.com",
      "j.mail.example.com",
      "mail.example.com",
      "example.com",
      "com",
    ],
  ],
];
test.each(targets)("RFC 9989 §4.10 steps 3 to 7: %s", (start, expected) => {
  expect(walkTargets(start)).toEqual(expected);
});

const v = "v=DMARC1";
type Row = readonly [
  section: string,
  start: string,
  zone: Readonly<Record<string, readonly string[]>>,
  organizational: string | undefined,
  asked: readonly string[],
];
const rows: readonly Row[] = [
  ["§4.10.2 nothing found", "a.example.com", {}, "a.example.com", ["a.example.com", "example.com", "com"]],
  [
    "§4.10.2 the fewest labels",
    "a.mail.example.com",
    { "mail.example.com": [v], "example.com": [v] },
    "example.com",
    ["a.mail.example.com", "mail.example.com", "example.com", "com"],
  ],
  [
    "§4.10.2 psd=n",
    "a.mail.example.com",
    { "mail.example.com": [`${v};psd=n`], "example.com": [v] },
    "mail.example.com",
    ["a.mail.example.com", "mail.example.com"],
  ],
  [
    "§4.10.2 psd=n at the start",
    "a.example.com",
    { "a.example.com": [`${v};psd=n`], "example.com": [v] },
    "a.example.com",
    ["a.example.com"],
  ],
  [
    "§4.10.2 psd=y above, no other record",
    "a.mail.example.com",
    { com: [`${v};psd=y`] },
    "example.com",
    ["a.mail.example.com", "mail.example.com", "example.com", "com"],
  ],
  [
    "§4.10.2 psd=y above, record below",
    "a.mail.example.com",
    { "mail.example.com": [v], "example.com": [`${v};psd=y`] },
    "mail.example.com",
    ["a.mail.example.com", "mail.example.com", "example.com"],
  ],
  [
    "§4.10.2 psd=y above, record two labels below",
    "a.mail.example.com",
    { "a.mail.example.com": [v], "example.com": [`${v};psd=y`] },
    "mail.example.com",
    ["a.mail.example.com", "mail.example.com", "example.com"],
  ],
  [
    "§4.10.2 psd=y at the start",
    "bank.example",
    { "bank.example": [`${v};psd=y`] },
    "bank.example",
    ["bank.example"],
  ],
  [
    "§4.10 step 2: several records",
    "a.example.com",
    { "a.example.com": [v, v], "example.com": [v] },
    "example.com",
    ["a.example.com", "example.com", "com"],
  ],
  [
    "§4.10 step 2: several records, one with psd=n",
    "a.example.com",
    { "a.example.com": [`${v};psd=n`, v] },
    "a.example.com",
    ["a.example.com", "example.com", "com"],
  ],
  [
    "§4.10 step 2: other records do not count",
    "a.example.com",
    { "a.example.com": ["v=spf1 -all", "x", `${v};psd=n`] },
    "a.example.com",
    ["a.example.com"],
  ],
  [
    "§4.10.2 a top-level domain with a record",
    "a.example.com",
    { "example.com": [v], com: [v] },
    "com",
    ["a.example.com", "example.com", "com"],
  ],
  [
    "§4.10.2 psd=y above a name that was cut",
    "1.2.3.4.5.6.7.8.9",
    { "3.4.5.6.7.8.9": [`${v};psd=y`] },
    "2.3.4.5.6.7.8.9",
    ["1.2.3.4.5.6.7.8.9", "3.4.5.6.7.8.9"],
  ],
  [
    "§4.10 a record between the cuts is not seen",
    "1.2.3.4.5.6.7.8.9",
    { "2.3.4.5.6.7.8.9": [v] },
    "1.2.3.4.5.6.7.8.9",
    ["1.2.3.4.5.6.7.8.9", "3.4.5.6.7.8.9", "4.5.6.7.8.9", "5.6.7.8.9", "6.7.8.9", "7.8.9", "8.9", "9"],
  ],
  [
    "§5.3.6 failure on the way",
    "a.b.example.com",
    { "a.b.example.com": [v], "b.example.com": ["TIMEOUT"] },
    undefined,
    ["a.b.example.com", "b.example.com"],
  ],
];
test.each(rows)("RFC 9989 %s: %s", async (_section, start, records, organizational, asked) => {
  const dns = memoryResolver(zoneOf(records));
  const walk = await walkTree(start, recordLookup(dns, undefined));
  expect(walk.failedAt === undefined ? organizationalDomainOf(walk) : undefined).toBe(organizational);
  expect(dns.asked).toEqual(asked.map((name) => `_dmarc.${name} TXT`));
});

function zoneOf(records: Readonly<Record<string, readonly string[]>>): MemoryZone {
  return Object.fromEntries(
    Object.entries(records).map(([name, texts]) => [
      `_dmarc.${name}`,
      texts.map((TXT) => (TXT === "TIMEOUT" ? TXT : { TXT })),
    ]),
  );
}

test("RFC 9989 §4.5: the strings of a record are joined", async () => {
  const dns = memoryResolver({ "_dmarc.example.com": [{ TXT: ["v=DM", "ARC1; p=rej", "ect"] }] });
  const walk = await walkTree("example.com", recordLookup(dns, undefined));
  expect(walk.found).toMatchObject([{ domain: "example.com", record: { p: "reject" } }]);
});

test("a name that is too long to be asked holds no record", async () => {
  const dns = memoryResolver({});
  const refusing: typeof dns = {
    ...dns,
    query: async (name, type) =>
      name.startsWith("_dmarc.long.") ? { kind: "failure", reason: "bad-name" } : dns.query(name, type),
  };
  const walk = await walkTree("long.example.com", recordLookup(refusing, undefined));
  expect(walk).toEqual({ start: "long.example.com", found: [] });
});

test("RFC 9989 §4.10: at most 8 queries a walk, and none twice", async () => {
  const label = fc.constantFrom("a", "b", "c");
  const record = fc.constantFrom(v, `${v};psd=y`, `${v};psd=n`, "x", "TIMEOUT");
  await fc.assert(
    fc.asyncProperty(
      fc.array(label, { minLength: 1, maxLength: 30 }),
      fc.array(fc.tuple(fc.nat(30), record), { maxLength: 4 }),
      async (labels, published) => {
        const start = labels.join(".");
        const zone = Object.fromEntries(
          published.map(([skip, text]) => [labels.slice(skip % labels.length).join("."), [text]]),
        );
        const dns = memoryResolver(zoneOf(zone));
        const walk = await walkTree(start, recordLookup(dns, undefined));
        expect(dns.asked.length).toBeLessThanOrEqual(8);
        expect(new Set(dns.asked).size).toBe(dns.asked.length);
        const organizational = organizationalDomainOf(walk);
        expect(`.${start}`.endsWith(`.${organizational}`)).toBe(true);
      },
    ),
  );
});
