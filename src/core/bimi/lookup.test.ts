import { expect, test } from "vitest";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import { discoverBimi } from "./lookup.ts";

const logo = (name: string, more = ""): string => `v=BIMI1; l=https://a.example/${name}.svg${more}`;
const at = (text: string): MemoryZone[string] => [{ TXT: text }];
const question = {
  selector: "default",
  author: "sub.example.com",
  organization: "example.com",
  localPart: "News.Letter",
};

interface Case {
  readonly name: string;
  readonly zone: MemoryZone;
  readonly ask?: Partial<typeof question>;
  readonly is: object;
  readonly asked: readonly string[];
}
const sub = "default._bimi.sub.example.com";
const top = "default._bimi.example.com";

test.each<Case>([
  {
    name: "§7.2 step 3: at the author domain",
    zone: { [sub]: at(logo("a")), [top]: at(logo("b")) },
    is: {
      kind: "record",
      domain: "sub.example.com",
      selector: "default",
      record: { location: "https://a.example/a.svg" },
    },
    asked: [sub],
  },
  {
    name: "§7.2 step 6: at the organizational domain",
    zone: { [top]: at(logo("b")) },
    is: {
      kind: "record",
      domain: "example.com",
      selector: "default",
      record: { location: "https://a.example/b.svg" },
    },
    asked: [sub, top],
  },
  {
    name: "§7.2 step 6: a custom selector stays the same one",
    zone: { [top]: at(logo("b")) },
    ask: { selector: "brand" },
    is: { kind: "none" },
    asked: ["brand._bimi.sub.example.com", "brand._bimi.example.com"],
  },
  {
    name: "author and organization are one domain",
    zone: {},
    ask: { author: "example.com" },
    is: { kind: "none" },
    asked: [top],
  },
  {
    name: "§7.2 step 4: other records are discarded",
    zone: { [sub]: [{ TXT: "v=spf1 -all" }, { TXT: logo("a") }, { TXT: "v=BIMI2; l=" }] },
    is: { kind: "record", domain: "sub.example.com" },
    asked: [sub],
  },
  {
    name: "§7.2 step 4: only other records are an empty set",
    zone: { [sub]: at("hello"), [top]: at(logo("b")) },
    is: { kind: "record", domain: "example.com" },
    asked: [sub, top],
  },
  {
    name: "§7.2 step 8: several records",
    zone: { [sub]: [{ TXT: logo("a") }, { TXT: logo("b") }], [top]: at(logo("c")) },
    is: { kind: "several", domain: "sub.example.com", selector: "default" },
    asked: [sub],
  },
  {
    name: "a record that breaks a rule is there all the same",
    zone: { [sub]: at("v=BIMI1; x=y"), [top]: at(logo("b")) },
    is: { kind: "record", domain: "sub.example.com", record: { problem: "location-missing" } },
    asked: [sub],
  },
  {
    name: "DNS fails",
    zone: { [sub]: ["TIMEOUT"], [top]: at(logo("b")) },
    is: { kind: "failure" },
    asked: [sub],
  },
  {
    name: "§4.2 strings are joined (RFC 7208 §3.3)",
    zone: { [sub]: [{ TXT: ["v=BIMI1; l=https://a.ex", "ample/a.svg"] }] },
    is: { kind: "record", record: { location: "https://a.example/a.svg" } },
    asked: [sub],
  },
  {
    name: "a CNAME is followed (§6.3)",
    zone: { [sub]: [{ CNAME: "bimi.provider.example" }], "bimi.provider.example": at(logo("a")) },
    is: { kind: "record", domain: "sub.example.com" },
    asked: [sub],
  },
  {
    name: "§7.2 step 5: the selector of the local part",
    zone: {
      [sub]: at(logo("a", "; lps=")),
      "news-letter._bimi.sub.example.com": at(logo("n")),
    },
    is: { kind: "record", selector: "news-letter", record: { location: "https://a.example/n.svg" } },
    asked: [sub, "news-letter._bimi.sub.example.com"],
  },
  {
    name: "§4.5 step 7: not there, so the first record",
    zone: { [sub]: at(logo("a", "; lps=news")) },
    is: { kind: "record", selector: "default", record: { location: "https://a.example/a.svg" } },
    asked: [sub, "news-letter._bimi.sub.example.com"],
  },
  {
    name: "§7.2 step 5: not valid, so the first record",
    zone: { [sub]: at(logo("a", "; lps=")), "news-letter._bimi.sub.example.com": at("v=BIMI1") },
    is: { kind: "record", selector: "default" },
    asked: [sub, "news-letter._bimi.sub.example.com"],
  },
  {
    name: "§4.5 step 4: no prefix matches",
    zone: { [sub]: at(logo("a", "; lps=brand-")) },
    is: { kind: "record", selector: "default" },
    asked: [sub],
  },
  {
    name: "§4.3.1: declined but for local parts",
    zone: {
      [sub]: at("v=BIMI1; l=; a=; lps=news"),
      "news-letter._bimi.sub.example.com": at(logo("n")),
    },
    is: { kind: "record", selector: "news-letter", record: { declined: false } },
    asked: [sub, "news-letter._bimi.sub.example.com"],
  },
  {
    name: "§7.2 step 8: the local part at the organizational domain",
    zone: { [top]: at(logo("b", "; lps=")), "news-letter._bimi.example.com": at(logo("n")) },
    is: { kind: "record", domain: "example.com", selector: "news-letter" },
    asked: [sub, top, "news-letter._bimi.example.com"],
  },
  {
    name: "§7.2 step 5: a selector that was asked for already is not asked again",
    zone: { "news._bimi.sub.example.com": at(logo("a", "; lps=")) },
    ask: { selector: "news", localPart: "news" },
    is: { kind: "record", selector: "news" },
    asked: ["news._bimi.sub.example.com"],
  },
  {
    name: "a failure for the local part hides what may stand there",
    zone: { [sub]: at(logo("a", "; lps=")), "news-letter._bimi.sub.example.com": ["SERVFAIL"] },
    is: { kind: "failure" },
    asked: [sub, "news-letter._bimi.sub.example.com"],
  },
  {
    name: "lps= of the record that lps= led to is not followed",
    zone: {
      [sub]: at(logo("a", "; lps=")),
      "news-letter._bimi.sub.example.com": at(logo("n", "; lps=")),
    },
    is: { kind: "record", selector: "news-letter" },
    asked: [sub, "news-letter._bimi.sub.example.com"],
  },
])("BIMI draft -10 $name", async ({ zone, ask, is, asked }) => {
  const dns = memoryResolver(zone);
  const { found, localPartSelector } = await discoverBimi({ ...question, ...ask }, { dns });
  expect(found).toMatchObject(is);
  expect(dns.asked).toEqual(asked.map((name) => `${name} TXT`));
  const own = asked.at(-1)?.startsWith("news-letter.") === true ? "news-letter" : undefined;
  expect(localPartSelector).toBe(own);
});

test("a name too long to be asked holds no record", async () => {
  const dns = {
    query: () => Promise.resolve({ kind: "failure", reason: "bad-name" } as const),
  };
  expect((await discoverBimi(question, { dns })).found).toEqual({ kind: "none" });
});
