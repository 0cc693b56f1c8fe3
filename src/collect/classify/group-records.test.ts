import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { aggregate, arrival } from "../../../test/report-samples.ts";
import { lastTwoLabels, labSite as site } from "../../../test/source-facts.ts";
import { type SentMail, sentRecord } from "../../../test/source-world.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { formatIp, parseIp } from "../../core/ip.ts";
import type { MailJudgement, ReportStore } from "../../store/reports/port.ts";
import { openSqliteReports } from "../../store/reports/sqlite-reports.ts";
import { openSourceNamesInMemory } from "../../store/source-names.ts";
import { RecordGroups, type RecordSource } from "./group-records.ts";
import { groupSource } from "./group-source.ts";
import { readSources, type SourcesQuery } from "./read-sources.ts";

const firstDay = 20_240;
const dayLength = 86_400;
const domains = ["univ.example", "second.example"] as const;
const ips = ["192.0.2.1", "198.51.100.7", "203.0.113.5", "203.0.113.9", "2001:db8::5", ""];

interface SentReport {
  readonly day: number;
  readonly domain: string;
  readonly mails: readonly SentMail[];
  readonly mail?: MailJudgement["verdict"];
}

function emptyStore(): ReportStore {
  const store = openSqliteReports({ path: join(temporaryFolder(), "reports.sqlite") });
  onTestFinished(() => store.close());
  return store;
}

let reports = 0;

async function add(store: ReportStore, sent: readonly SentReport[]): Promise<void> {
  await store.ingest(
    sent.map(({ day, domain, mails, mail }) => {
      reports += 1;
      const begin = (firstDay + day) * dayLength;
      const records = mails.map((one) => sentRecord(one, domain));
      const org = `r${reports % 4}.example`;
      return arrival([
        aggregate({ id: `${reports}`, org, domain, begin, records, ...(mail !== undefined && { mail }) }),
      ]);
    }),
  );
}

const names = openSourceNamesInMemory();
names.put([
  { ip: "203.0.113.9", result: "permerror", listed: [], fetchedAt: 0, expiresAt: 1 },
  { ip: "198.51.100.7", result: "pass", name: "o1.ptr.sendgrid.net", listed: [], fetchedAt: 0, expiresAt: 1 },
]);

function sourceOf(domain: string, ip: string): RecordSource {
  const address = parseIp(ip);
  return { domain, ...(address !== undefined && { ip: address }) };
}

/** Groups as `readSources` and the rules find them, by domain and address. */
async function groupsByDomain(
  store: ReportStore,
  span: Omit<SourcesQuery, "domain">,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const domain of domains)
    for (const facts of await readSources({ domain, ...span }, store, names, lastTwoLabels)) {
      const { group } = groupSource(facts, site);
      found.set(`${domain} ${facts.ip === undefined ? "" : formatIp(facts.ip)}`, group);
    }
  return found;
}

const mailShapes: readonly Omit<SentMail, "ip" | "count">[] = [
  { dkim: [["univ.example", "pass"]], spf: ["univ.example", "pass"] },
  { dkim: [["univ.example", "pass"]], spf: ["other.example", "pass"] },
  { spf: ["univ.example", "pass"] },
  { spf: ["univ.example", "fail"], disposition: "reject" },
  { spf: ["lists.other.example", "pass"], envelope: "lists.other.example" },
  { dkim: [["univ.example", "fail"]], spf: ["x.example", "softfail"], marks: ["forwarded"] },
  { marks: ["mailing_list"] },
  { spf: ["amazonses.com", "pass"], envelope: "amazonses.com" },
];
const sentMails = fc
  .record({ ip: fc.constantFrom(...ips), count: fc.nat(60), shape: fc.constantFrom(...mailShapes) })
  .map(({ ip, count, shape }): SentMail => ({ ip, count, ...shape }));
const sentReports = fc.record({
  day: fc.nat(4),
  domain: fc.constantFrom(...domains),
  mails: fc.array(sentMails, { maxLength: 8 }),
  mail: fc.constantFrom("aligned", "unaligned", "unknown"),
});
const spans = fc.record(
  {
    sinceDay: fc.integer({ min: firstDay, max: firstDay + 2 }),
    beforeDay: fc.integer({ min: firstDay + 3, max: firstDay + 5 }),
    alignedOnly: fc.boolean(),
  },
  { requiredKeys: [] },
);

test("groups are those of report sources, whatever the span and however little is remembered", async () => {
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(sentReports, { maxLength: 8 }),
      spans,
      fc.constantFrom(1, 2, 50),
      async (sent, span, most) => {
        const store = emptyStore();
        await add(store, sent);
        const expected = await groupsByDomain(store, span);
        const sources = [...expected.keys()].map((key) => {
          const [domain = "", ip = ""] = key.split(" ");
          return sourceOf(domain, ip);
        });
        const groups = new RecordGroups({ reports: store, names, site }, span, most);
        const twice = [
          ...(await groups.of(sources)),
          ...(await groups.of(sources.toReversed())).toReversed(),
        ];
        expect(twice).toEqual([...expected.values(), ...expected.values()]);
        for (const group of expected.values()) found.add(group);
      },
    ),
    { numRuns: 60 },
  );
  expect([...found].sort()).toEqual(["forwarder", "list", "own", "service", "spoofed", "unknown"]);
});

test("a report of a day in another zone counts from the day on that holds its middle", async () => {
  const store = emptyStore();
  const ip = "203.0.113.5";
  const mails = [
    { ip, count: 2, spf: ["lists.other.example", "pass"], envelope: "lists.other.example" },
  ] as const;
  await add(store, [{ day: 15 / 24, domain: "univ.example", mails }]);
  const span = { sinceDay: firstDay + 1 };
  const groups = new RecordGroups({ reports: store, names, site }, span);
  expect(await groups.of([sourceOf("univ.example", ip)])).toEqual(["list"]);
  expect([...(await groupsByDomain(store, span)).values()]).toEqual(["list"]);
});

test("what only reports tell of that do not count is judged by what the operator has said", async () => {
  const groups = new RecordGroups({ reports: emptyStore(), names, site }, {});
  expect(await groups.of([sourceOf("univ.example", "192.0.2.77"), sourceOf("univ.example", "")])).toEqual([
    "own",
    "unknown",
  ]);
  expect(await groups.of([])).toEqual([]);
});

test("each source is asked for once, many of them at a time", async () => {
  const store = emptyStore();
  const asked: number[] = [];
  const counting = {
    days: store.days.bind(store),
    tallies: (query: Parameters<ReportStore["tallies"]>[0]) => {
      asked.push(query.ips.length);
      return store.tallies(query);
    },
  };
  const groups = new RecordGroups({ reports: counting, names, site }, {});
  const sources = Array.from({ length: 450 }, (_, index) =>
    sourceOf("univ.example", `203.0.${index >> 8}.${index & 255}`),
  );
  await groups.of([...sources, ...sources]);
  await groups.of(sources);
  expect(asked).toEqual([200, 200, 50]);
});
