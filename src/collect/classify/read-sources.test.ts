import { join } from "node:path";
import { expect, test } from "vitest";
import { aggregate, arrival, record } from "../../../test/report-samples.ts";
import { lastTwoLabels } from "../../../test/source-facts.ts";
import { type SentMail, sentRecord } from "../../../test/source-world.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { formatIp } from "../../core/ip.ts";
import type { ReportStore } from "../../store/reports/port.ts";
import { openSqliteReports } from "../../store/reports/sqlite-reports.ts";
import { openSourceNamesInMemory } from "../../store/source-names.ts";
import { readSources } from "./read-sources.ts";

const firstDay = 20_240;
const dayLength = 86_400;

async function storeWith(
  reports: readonly {
    readonly day: number;
    readonly mails: readonly SentMail[];
    readonly domain?: string;
    readonly org?: string;
  }[],
): Promise<ReportStore> {
  const store = openSqliteReports({ path: join(temporaryFolder(), "reports.sqlite") });
  for (const [
    index,
    { day, mails, domain = "univ.example", org = "reporter.example" },
  ] of reports.entries()) {
    const begin = (firstDay + day) * dayLength;
    const records = mails.map((mail) => sentRecord(mail, domain));
    await store.ingest([arrival([aggregate({ id: `${index}`, domain, org, begin, records })])]);
  }
  return store;
}

const pass: SentMail = {
  ip: "192.0.2.1",
  count: 5,
  dkim: [["univ.example", "pass"]],
  spf: ["univ.example", "pass"],
};
const names = openSourceNamesInMemory();

test("sums are of the store, ways of the records; the most messages first", async () => {
  const store = await storeWith([
    { day: 0, mails: [pass, { ip: "203.0.113.1", count: 2, spf: ["univ.example", "fail"] }] },
    { day: 1, mails: [pass, { ...pass, count: 1, dkim: [] }], org: "other.example" },
    { day: 1, mails: [pass], domain: "second.example" },
  ]);
  names.put([{ ip: "192.0.2.1", result: "permerror", listed: [], fetchedAt: 0, expiresAt: 1 }]);
  const sources = await readSources({ domain: "univ.example" }, store, names, lastTwoLabels);
  expect(sources.map(({ ip }) => ip && formatIp(ip))).toEqual(["192.0.2.1", "203.0.113.1"]);
  expect(sources[0]).toMatchObject({
    sums: { messages: 11, dkim: 10, spf: 11, passed: 11 },
    share: 11 / 13,
    reporters: 2,
    domains: 2,
    firstSeen: firstDay * dayLength,
    name: { result: "permerror" },
  });
  expect(sources[0]?.ways.map(({ dkim, messages }) => [dkim, messages])).toEqual([
    ["pass", 10],
    ["none", 1],
  ]);
  expect(sources[1]).toMatchObject({ domains: 1, reporters: 1 });
  expect(sources[1]).not.toHaveProperty("name");
  await store.close();
});

test("only what is of those days", async () => {
  const store = await storeWith([
    { day: 0, mails: [pass] },
    { day: 5, mails: [{ ...pass, count: 7 }] },
  ]);
  const sources = await readSources(
    { domain: "univ.example", sinceDay: firstDay + 1 },
    store,
    names,
    lastTwoLabels,
  );
  expect(sources).toMatchObject([{ sums: { messages: 7 }, ways: [{ messages: 7 }] }]);
  await store.close();
});

test("a report of a day in another zone is of the day that holds its middle, for sums and ways alike", async () => {
  const afternoon = 15 / 24;
  const store = await storeWith([
    { day: 0, mails: [{ ...pass, count: 3 }] },
    { day: afternoon, mails: [pass], org: "jst.example" },
    { day: 1 + afternoon, mails: [{ ...pass, count: 11 }], org: "jst.example" },
  ]);
  const read = async (span: object): Promise<unknown> =>
    (await readSources({ domain: "univ.example", ...span }, store, names, lastTwoLabels)).map(
      ({ sums, ways, reporters }) => [sums.messages, ways[0]?.messages, reporters],
    );
  expect(await read({ sinceDay: firstDay + 1 })).toEqual([[16, 16, 1]]);
  expect(await read({ sinceDay: firstDay + 1, beforeDay: firstDay + 2 })).toEqual([[5, 5, 1]]);
  expect(await read({ beforeDay: firstDay + 1 })).toEqual([[3, 3, 1]]);
  expect(await read({ beforeDay: firstDay + 2 })).toEqual([[8, 8, 2]]);
  await store.close();
});

test("where records are gone, sums are left", async () => {
  const store = await storeWith([{ day: 0, mails: [pass] }]);
  while (await store.expire({ recordsMs: 1 }, Date.now() + 1e9));
  const sources = await readSources({ domain: "univ.example" }, store, names, lastTwoLabels);
  expect(sources).toMatchObject([{ sums: { messages: 5, passed: 5 }, ways: [], reporters: 0 }]);
  await store.close();
});

test("a record of no message tells nothing of a source", async () => {
  const store = await storeWith([
    { day: 0, mails: [pass] },
    { day: 0, mails: [{ ...pass, count: 0, dkim: [] }], org: "other.example" },
  ]);
  const [source] = await readSources({ domain: "univ.example" }, store, names, lastTwoLabels);
  expect(source).toMatchObject({ reporters: 1, ways: [{ messages: 5 }] });
  expect(source?.ways).toHaveLength(1);
  await store.close();
});

test("a record without an address is a source without one", async () => {
  const store = openSqliteReports({ path: join(temporaryFolder(), "reports.sqlite") });
  await store.ingest([arrival([aggregate({ records: [record({ ip: "", count: 3 })] })])]);
  const sources = await readSources({ domain: "univ.example" }, store, names, lastTwoLabels);
  expect(sources).toMatchObject([{ sums: { messages: 3 }, ways: [{ messages: 3 }] }]);
  expect(sources[0]).not.toHaveProperty("ip");
  await store.close();
});

test("a source with very many ways keeps as many as can be held, and no message is lost", async () => {
  const mails = Array.from({ length: 500 }, (_, index) => ({
    ...pass,
    count: 1,
    envelope: `b${index}.univ.example`,
  }));
  const store = await storeWith([{ day: 0, mails }]);
  const [source] = await readSources({ domain: "univ.example" }, store, names, lastTwoLabels);
  expect(source?.ways.length).toBeLessThanOrEqual(210);
  expect(source?.ways.reduce((sum, { messages }) => sum + messages, 0)).toBe(500);
  await store.close();
});

test("of ways that are summed no one stands for the others", async () => {
  const many = Array.from({ length: 200 }, (_, index) => ({
    ...pass,
    count: 1,
    envelope: `b${index}.univ.example`,
  }));
  const known: SentMail = {
    ip: pass.ip,
    count: 1,
    spf: ["amazonses.com", "pass"],
    dkim: [["amazonses.com", "pass"]],
  };
  const others = Array.from({ length: 300 }, (_, index): SentMail => {
    const domain = `c${index}.elsewhere.example`;
    return { ip: pass.ip, count: 10, spf: [domain, "pass"], dkim: [[domain, "pass"]] };
  });
  const store = await storeWith([
    { day: 0, mails: [...many, known, ...others, { ...pass, count: 5_000, envelope: "b7.univ.example" }] },
  ]);
  const [source] = await readSources({ domain: "univ.example" }, store, names, lastTwoLabels);
  const ways = source?.ways ?? [];
  expect(ways[0]).toMatchObject({ envelope: "b7.univ.example", messages: 5_001 });
  expect(ways[1]).toMatchObject({ dkim: "other", spf: "other", dkimPasses: [], messages: 3_001 });
  expect(ways[1]).not.toHaveProperty("spfDomain");
  await store.close();
});
