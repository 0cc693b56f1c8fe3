import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { aggregate, arrival, dayLength, firstBegin, record, tls } from "../../../test/report-samples.ts";
import { labSite as site } from "../../../test/source-facts.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { RecordGroups } from "../../collect/classify/group-records.ts";
import type { ReportStore } from "../../store/reports/port.ts";
import { openSqliteReports } from "../../store/reports/sqlite-reports.ts";
import { openSourceNamesInMemory } from "../../store/source-names.ts";
import { type GroupQuery, listGroup } from "./list-group.ts";

/** Ten days: every third report has one record of ours, behind 1,500 of others on the day 6; a TLS report on each day. */
async function tenDays(): Promise<ReportStore> {
  const store = openSqliteReports({ path: join(temporaryFolder(), "reports.sqlite") });
  onTestFinished(() => store.close());
  for (let day = 0; day < 10; day++) {
    const others = Array.from({ length: day === 6 ? 1_500 : 2 }, () => record({ ip: "203.0.113.1" }));
    const records = day % 3 === 0 ? [...others, record({ ip: "192.0.2.7" })] : others;
    const begin = firstBegin + day * dayLength;
    const span = { begin, end: begin + dayLength - 1 };
    await store.ingest([
      arrival([aggregate({ id: `day${day}`, begin, records }), tls({ id: `t${day}`, report: span })]),
    ]);
  }
  return store;
}

async function search(
  store: ReportStore,
  query: Partial<GroupQuery>,
  most?: { readonly reports: number; readonly records: number },
): Promise<{ readonly ids: string; readonly cursor?: string; readonly looked?: number }> {
  const groups = new RecordGroups({ reports: store, names: openSourceNamesInMemory(), site }, {});
  const wanted = { filter: {}, limit: 50, group: "own", ...query } as const;
  const { reports, cursor, lookedThrough } = await listGroup(store, groups, wanted, most);
  return {
    ids: reports.map(({ reportId }) => reportId).join(" "),
    ...(cursor !== undefined && { cursor }),
    ...(lookedThrough !== undefined && { looked: lookedThrough.reports }),
  };
}

test("all of them, large and small, and nothing to go on with", async () => {
  const store = await tenDays();
  expect(await search(store, {})).toEqual({ ids: "day9 day6 day3 day0" });
  expect(await search(store, { filter: { before: firstBegin + 5 * dayLength } })).toEqual({
    ids: "day3 day0",
  });
  expect(await search(store, { group: "gateway" })).toEqual({ ids: "" });
  expect(await search(store, { limit: 4 })).toEqual({ ids: "day9 day6 day3 day0" });
});

test("as many as are wanted, and then the others", async () => {
  const store = await tenDays();
  const { ids, cursor, looked } = await search(store, { limit: 3 });
  expect([ids, looked]).toEqual(["day9 day6 day3", undefined]);
  expect(await search(store, { ...(cursor !== undefined && { cursor }) })).toEqual({ ids: "day0" });
});

test.each([
  ["reports", { reports: 2, records: 1e9 }],
  ["records", { reports: 1e9, records: 5 }],
])("no more %s than are looked through at a time, and told how far it came", async (_, most) => {
  const store = await tenDays();
  const found: string[] = [];
  let cursor: string | undefined;
  let rounds = 0;
  do {
    const part = await search(store, { ...(cursor !== undefined && { cursor }) }, most);
    found.push(...part.ids.split(" ").filter((id) => id !== ""));
    expect(part.looked === undefined).toBe(part.cursor === undefined);
    cursor = part.cursor;
    rounds += 1;
  } while (cursor !== undefined && rounds < 20);
  expect(found).toEqual(["day9", "day6", "day3", "day0"]);
  expect(rounds).toBeGreaterThan(3);
});
