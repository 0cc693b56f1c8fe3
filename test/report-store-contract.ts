import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { formatIp, parseIp } from "../src/core/ip.ts";
import type { AggregateRecord } from "../src/core/reports/aggregate.ts";
import type {
  IngestRequest,
  ReadDocument,
  ReportPageQuery,
  ReportStore,
  SourceSum,
} from "../src/store/reports/port.ts";
import {
  aggregate,
  arrival,
  dayLength,
  failure,
  firstBegin,
  firstDay,
  listed,
  record,
  sumsOf,
  tls,
} from "./report-samples.ts";
import { StoreModel } from "./report-store-model.ts";
import { countedRecords, storedSums, sumPlainly } from "./report-sums.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A new and empty database, and how to open it, also several times. */
export interface FreshStore {
  open(now?: () => number): Promise<ReportStore>;
  /** Whether the database itself finds nothing wrong. */
  integrity(): Promise<string>;
  /** Opens a backup of it beside it. */
  openBackup(path: string): Promise<ReportStore>;
  /** As a newer version of the program leaves it. */
  makeNewer(): Promise<void>;
  /** Changes it behind the back of all that have it open. */
  run(sql: string): Promise<void>;
}

export interface StoreWorld {
  fresh(): Promise<FreshStore>;
  /** Runs of the property tests. */
  readonly runs: number;
}

/** What every store of reports has to do, whatever keeps them. */
export function describeReportStore(name: string, world: StoreWorld): void {
  const opened = async (): Promise<ReportStore> => openOf(await world.fresh());
  const openOf = async (fresh: FreshStore, now?: () => number): Promise<ReportStore> => {
    const store = await fresh.open(now);
    onTestFinished(() => store.close());
    return store;
  };
  const outcomes = async (store: ReportStore, ...requests: readonly IngestRequest[]): Promise<string[]> =>
    (await store.ingest(requests)).map((documents) => documents.map(({ outcome }) => outcome).join(" "));

  describe(`${name}: what becomes of a document`, () => {
    test("new, the same octets again, the same report in another mail", async () => {
      const store = await opened();
      const first = arrival([aggregate()]);
      expect(await outcomes(store, first)).toEqual(["saved"]);
      expect(await outcomes(store, first)).toEqual(["seen"]);
      expect(await outcomes(store, arrival([aggregate({ extra: "told elsewhere" })]))).toEqual(["seen"]);
      expect(await store.counts()).toMatchObject({ reports: 1, records: 1, raw: 2, unread: 0, conflicts: 0 });
      expect(await store.days({})).toMatchObject([{ day: firstDay, messages: 1, passed: 1 }]);
    });

    test("the same twice within one transaction", async () => {
      const store = await opened();
      const one = arrival([aggregate(), aggregate({ id: "2" })]);
      expect(await outcomes(store, one, one, arrival([aggregate()]))).toEqual([
        "saved saved",
        "seen seen",
        "seen",
      ]);
    });

    test("what is skipped and unread stays so, with its reason", async () => {
      const store = await opened();
      const odd = arrival([
        { kind: "skipped", ordinal: 0, reason: "unused" },
        { kind: "unread", ordinal: 1, name: "報告.xml", reason: "not-a-report" },
      ]);
      expect(await outcomes(store, odd)).toEqual(["skipped unread"]);
      expect(await outcomes(store, odd)).toEqual(["skipped unread"]);
      expect(await store.odd("unread", 10)).toEqual([
        {
          rawDigest: odd.raw.digest,
          via: odd.raw.via,
          receivedAt: odd.raw.receivedAt,
          ordinal: 1,
          outcome: "unread",
          name: "報告.xml",
          reason: "not-a-report",
        },
      ]);
      expect(await store.odd("skipped", 10)).toMatchObject([{ ordinal: 0, reason: "unused" }]);
    });

    test("what was read of an arrival can be asked for", async () => {
      const store = await opened();
      const mixed = arrival([
        aggregate({ mail: "aligned" }),
        { kind: "unread", ordinal: 1, name: "x.zip", reason: "bomb" },
      ]);
      await store.ingest([mixed]);
      const [report] = (await store.list({})).reports;
      expect(await store.documents(mixed.raw.digest)).toMatchObject([
        {
          ordinal: 0,
          kind: "aggregate",
          outcome: "saved",
          report: report?.key,
          mail: { verdict: "aligned" },
        },
        { ordinal: 1, kind: "unread", outcome: "unread", name: "x.zip", reason: "bomb" },
      ]);
      expect(await store.documents("00".repeat(32))).toEqual([]);
      expect(await store.documents("no digest")).toEqual([]);
    });

    test("has a name of its own, which stays", async () => {
      const store = await opened();
      expect(await store.id()).toMatch(/^[0-9a-f]{32}$/);
      expect(await store.id()).toBe(await store.id());
      expect(await (await opened()).id()).not.toBe(await store.id());
    });

    test("identical rows inside one report do not fold", async () => {
      const store = await opened();
      await store.ingest([arrival([aggregate({ records: [record(), record(), record({ count: 2 })] })])]);
      expect(await listed(store.records({}))).toHaveLength(3);
      expect(await store.sources({})).toMatchObject([{ messages: 4 }]);
      // A row less is another content.
      const fewer = arrival([aggregate({ records: [record(), record({ count: 2 })] })]);
      expect(await outcomes(store, fewer)).toEqual(["conflict"]);
    });

    test("the order of the rows makes no other report", async () => {
      const store = await opened();
      const rows = [record({ ip: "192.0.2.1" }), record({ ip: "192.0.2.2" })];
      expect(
        await outcomes(
          store,
          arrival([aggregate({ records: rows })]),
          arrival([aggregate({ records: rows.toReversed() })]),
        ),
      ).toEqual(["saved", "seen"]);
    });

    test.each([
      ["another reporter", { org: "other.example" }],
      ["other days", { begin: firstBegin + dayLength }],
      ["another end", { end: firstBegin + 3600 }],
      ["another domain", { domain: "isp.example" }],
      ["another id", { id: "2" }],
    ])("%s: another report, although the id may be the same", async (_, change) => {
      const store = await opened();
      expect(await outcomes(store, arrival([aggregate()]), arrival([aggregate(change)]))).toEqual([
        "saved",
        "saved",
      ]);
      expect((await store.list({})).reports.map(({ counted }) => counted)).toEqual([true, true]);
    });

    test("a report without an id counts once, whatever the files are called that bring it", async () => {
      const store = await opened();
      const named = (id: string, count = 7): IngestRequest => {
        const warnings = [{ id: "filled-in", at: "report_metadata/report_id", value: id }];
        return arrival([{ ...aggregate({ id, records: [record({ count })] }), warnings }]);
      };
      expect(await outcomes(store, named("a"), named("report (1)"), named(""), named("a", 8))).toEqual([
        "saved",
        "seen",
        "seen",
        "saved",
      ]);
      // Nothing says that the last one is to be the same report.
      expect(await store.days({})).toMatchObject([{ messages: 15 }]);
      expect((await store.list({})).reports.map(({ conflict }) => conflict)).toEqual([false, false]);
    });

    test("a conflict keeps both, shows both, and counts the first", async () => {
      const store = await opened();
      const other = aggregate({ records: [record({ count: 100, ip: "198.51.100.9" })] });
      expect(await outcomes(store, arrival([aggregate()]), arrival([other]))).toEqual(["saved", "conflict"]);
      const { reports } = await store.list({});
      expect(reports.map(({ counted, messages }) => [counted, messages])).toEqual([
        [false, 100],
        [true, 1],
      ]);
      const [second, first] = reports.map(({ key }) => key);
      expect((await store.show(first as string))?.conflicts).toEqual([second]);
      expect(await store.odd("conflict", 5)).toMatchObject([{ key: second }]);
      expect(await store.sources({})).toMatchObject([{ messages: 1 }]);
      expect(await store.list({ counted: false })).toMatchObject({ reports: [{ key: second }] });
      expect(await listed(store.records({}))).toHaveLength(1);
      expect(await listed(store.records({ uncounted: true }))).toHaveLength(2);
    });

    test("of a conflict, the one whose mail is what it says counts, though it came later", async () => {
      const store = await opened();
      const forged = aggregate({ mail: "unaligned", records: [record({ count: 5000, ip: "203.0.113.5" })] });
      await store.ingest([arrival([forged])]);
      expect(await store.sources({})).toMatchObject([{ messages: 5000 }]);
      expect(await store.sources({ alignedOnly: true })).toEqual([]);
      expect(await outcomes(store, arrival([aggregate({ mail: "aligned" })]))).toEqual(["conflict"]);
      const counted = (await store.list({ counted: true })).reports;
      expect(counted).toMatchObject([{ mailVerdict: "aligned", messages: 1 }]);
      expect(await store.sources({})).toMatchObject([{ messages: 1, ip: parseIp("192.0.2.1") }]);
      expect(await store.sources({ alignedOnly: true })).toMatchObject([{ messages: 1 }]);
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
    });

    test("the same report, first from an unaligned mail and then from an aligned one, is trusted", async () => {
      const store = await opened();
      const trusted = arrival([aggregate({ mail: "aligned" })]);
      expect(await outcomes(store, arrival([aggregate({ mail: "unaligned" })]), trusted)).toEqual([
        "saved",
        "seen",
      ]);
      expect(await store.days({ alignedOnly: true })).toMatchObject([{ messages: 1 }]);
      expect(await store.days({})).toMatchObject([{ messages: 1 }]);
      const [report] = (await store.list({})).reports;
      expect(await store.show(report?.key ?? "")).toMatchObject({
        mailVerdict: "aligned",
        rawDigest: trusted.raw.digest,
      });
    });

    test("a TLS report that nobody signed counts from when it comes signed", async () => {
      const store = await opened();
      expect(await outcomes(store, arrival([tls({ counted: false })]))).toEqual(["saved"]);
      expect(await store.tls({})).toEqual([]);
      expect((await store.list({ kind: "tls" })).reports).toMatchObject([{ counted: false }]);
      expect(await outcomes(store, arrival([tls()]))).toEqual(["seen"]);
      const sums = [
        ["", 10],
        ["certificate-expired", 3],
      ];
      expect((await store.tls({})).map((sum) => [sum.resultType, sum.sessions])).toEqual(sums);
      expect(await outcomes(store, arrival([tls({ counted: false })]), arrival([tls()]))).toEqual([
        "seen",
        "seen",
      ]);
      expect((await store.tls({})).map((sum) => [sum.resultType, sum.sessions])).toEqual(sums);
    });

    test("no record, or none with a message, is a heartbeat: kept, and nothing to sum", async () => {
      const store = await opened();
      const beat = arrival([
        aggregate({ records: [] }),
        aggregate({ id: "2", records: [record({ ip: "", count: 0 })] }),
      ]);
      expect(await outcomes(store, beat)).toEqual(["saved saved"]);
      expect((await store.list({})).reports.map(({ messages }) => messages)).toEqual([0, 0]);
      expect(await store.days({})).toEqual([]);
      expect(await store.sources({})).toEqual([]);
    });

    test("a request that the database refuses holds up no other and is kept with its octets", async () => {
      const store = await opened();
      const poison = arrival([aggregate({ id: "poison", records: [record({ count: Number.NaN })] })]);
      const good = ["a", "b"].map((id) =>
        arrival([aggregate({ id, records: [record({ headerFrom: `${id}.example` })] })]),
      );
      expect(await outcomes(store, good[0] as IngestRequest, poison, good[1] as IngestRequest)).toEqual([
        "saved",
        "unread",
        "saved",
      ]);
      expect(await store.odd("unread", 5)).toMatchObject([
        { rawDigest: poison.raw.digest, reason: expect.stringContaining("not-storable: ") },
      ]);
      expect((await store.raw(poison.raw.digest))?.octets).toEqual(poison.raw.octets);
      // The names that were new in what was rolled back have to be right.
      const names = (await listed(store.records({}))).map((one) => one.record.headerFrom);
      expect(names.sort()).toEqual(["a.example", "b.example"]);
      expect(await outcomes(store, poison)).toEqual(["unread"]);
      // Two documents at one place are a mistake of ours, and hold up nobody either.
      const twice = arrival([aggregate({ id: "c" }), aggregate({ id: "d" })]);
      const wrong = { ...twice, documents: twice.documents.map((one) => ({ ...one, ordinal: 0 })) };
      expect(await outcomes(store, wrong)).toEqual(["unread unread"]);
      expect((await store.list({})).reports.map(({ reportId }) => reportId).sort()).toEqual(["a", "b"]);
    });

    test("NUL, half surrogates and very long texts are no reason to refuse anything", async () => {
      const store = await opened();
      const long = "x".repeat(4096);
      const strange = aggregate({
        id: `\0${long}`,
        org: `half \uD83D and \0 ${long}`,
        records: [
          record({ headerFrom: `${long}.example`, comment: `\0\uDC00${long}`, disposition: "\0" }),
          // The same once it is stored, and yet not the same.
          ...["\uD800", "\uD801", "\uFFFD"].map((disposition) => record({ disposition })),
        ],
      });
      expect(await outcomes(store, arrival([strange], { via: "a\0b" }))).toEqual(["saved"]);
      expect(await outcomes(store, arrival([strange]))).toEqual(["seen"]);
      const [kept, ...rest] = await listed(store.records({}));
      expect(rest.map((one) => one.record.disposition)).toEqual(["\uFFFD", "\uFFFD", "\uFFFD"]);
      expect(await listed(store.records({ domain: "\0\uD800", reporter: "\0" }))).toEqual([]);
      expect(kept?.record.headerFrom).toBe(`${long}.example`);
      expect(kept?.record.disposition).toBe("\uFFFD");
      expect(kept?.record.overrides).toMatchObject([{ type: "local_policy" }]);
    });

    test("claims of any size neither fail nor close the sums to others", async () => {
      const store = await opened();
      const rows = Array.from({ length: 20_000 }, () => record({ count: 999_999_999_999 }));
      const huge = tls({ successful: Number.MAX_SAFE_INTEGER, failed: 0 });
      expect(await outcomes(store, arrival([aggregate({ records: rows })]), arrival([huge]))).toEqual([
        "saved",
        "saved",
      ]);
      expect(await outcomes(store, arrival([aggregate({ id: "2" })]))).toEqual(["saved"]);
      expect((await store.days({}))[0]?.messages).toBeGreaterThan(1.9e16);
      expect((await store.sources({}))[0]?.messages).toBeGreaterThan(1.9e16);
      expect((await store.tls({}))[0]?.sessions).toBe(1e12);
      expect((await store.list({})).reports).toHaveLength(3);
    });

    test("sums stop where the integers of the database end, and go on from there", async () => {
      const fresh = await world.fresh();
      const store = await openOf(fresh);
      const forged = { id: "2", mail: "unaligned", records: [record({ count: 1e12 })] } as const;
      await store.ingest([arrival([aggregate(forged)]), arrival([aggregate(), tls()])]);
      for (const table of ["day_sum", "source_sum"])
        await fresh.run(`UPDATE ${table} SET messages = ${2n ** 63n - 1n}, passed = ${2n ** 63n - 1n}`);
      await fresh.run(`UPDATE tls_sum SET sessions = ${2n ** 63n - 1n}`);
      const more = arrival([aggregate({ id: "3" }), aggregate({ ...forged, id: "4" }), tls({ id: "t2" })]);
      expect(await outcomes(store, more)).toEqual(["saved saved saved"]);
      const alike = { messages: 8e18, passed: 8e18 };
      expect(await store.days({})).toMatchObject([alike]);
      expect(await store.sources({})).toMatchObject([alike]);
      expect((await store.tls({}))[0]).toMatchObject({ sessions: 4e18 });
      // What is taken back there is taken back, too.
      expect(await outcomes(store, arrival([aggregate({ id: "2", mail: "aligned" })]))).toEqual(["conflict"]);
      expect((await store.days({}))[0]?.messages).toBeLessThan(8e18);
    });
  });

  describe(`${name}: sums`, () => {
    test("a period over a day is spread by share without loss, and marked", async () => {
      const store = await opened();
      // Six hours of the first day, all of the second, six of the third: 10 messages as 2, 6, 2.
      const begin = firstBegin + 18 * 3600;
      const rows = [record({ count: 10, disposition: "reject", dkim: false, spf: false })];
      await store.ingest([arrival([aggregate({ begin, end: begin + 36 * 3600, records: rows })])]);
      expect(
        (await store.days({})).map(({ day, messages, rejected, estimated }) => [
          day,
          messages,
          rejected,
          estimated,
        ]),
      ).toEqual([
        [firstDay, 2, 2, 2],
        [firstDay + 1, 6, 6, 6],
        [firstDay + 2, 2, 2, 2],
      ]);
      expect(await store.sources({})).toMatchObject([{ messages: 10, estimated: 10, passed: 0 }]);
    });

    test("a report of thousands of records is counted, taken back and counted again, row by row", async () => {
      const store = await opened();
      const many = (from: number): AggregateRecord[] =>
        Array.from({ length: 2_500 }, (_, index) => {
          const ip = `10.${from}.${Math.floor(index / 250)}.${index % 250}`;
          return record({ ip, count: 1 + (index % 7), spf: index % 3 === 0, comment: `${index % 40}` });
        });
      const forged = arrival([aggregate({ mail: "unaligned", records: [...many(0), ...many(0)] })]);
      const right = arrival([aggregate({ mail: "aligned", records: [...many(1), ...many(0)] })]);
      expect(await outcomes(store, forged)).toEqual(["saved"]);
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
      expect((await store.sources({})).length).toBe(2_500);
      expect(await outcomes(store, right)).toEqual(["conflict"]);
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
      expect((await store.sources({})).length).toBe(5_000);
      const places = (await listed(store.records({}))).map((one) => one.record.sourceIp?.octets.join("."));
      expect(places).toEqual([...many(1), ...many(0)].map(({ sourceIp }) => sourceIp?.octets.join(".")));
      await store.replace({ ...right, documents: [aggregate({ mail: "aligned", records: many(1) })] });
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
      expect((await store.sources({})).length).toBe(2_500);
    });

    test("a day of 25 hours and a local day are one day, and no estimate", async () => {
      const store = await opened();
      const local = firstBegin - 9 * 3600;
      await store.ingest([
        arrival([aggregate({ id: "dst", end: firstBegin + 25 * 3600 })]),
        arrival([aggregate({ id: "jst", begin: local, end: local + dayLength - 1 })]),
      ]);
      expect(await store.days({})).toMatchObject([{ day: firstDay, messages: 2, estimated: 0 }]);
    });

    test("questions by domain, days and trust", async () => {
      const store = await opened();
      await store.ingest([
        arrival([
          aggregate({
            records: [record({ count: 5 }), record({ ip: "2001:db8::1", count: 7, dkim: false })],
          }),
          aggregate({ id: "2", domain: "isp.example", begin: firstBegin + dayLength, mail: "unaligned" }),
          aggregate({
            id: "3",
            begin: firstBegin + 2 * dayLength,
            mail: "aligned",
            records: [record({ count: 3 })],
          }),
        ]),
        arrival([tls({ mail: "unaligned" })]),
      ]);
      expect((await store.domains()).toSorted()).toEqual(["isp.example", "univ.example"]);
      expect(
        (await store.sources({ domain: "univ.example" })).map(({ ip, messages, dkim }) => [
          ip,
          messages,
          dkim,
        ]),
      ).toEqual([
        [parseIp("192.0.2.1"), 8, 8],
        [parseIp("2001:db8::1"), 7, 0],
      ]);
      expect(await store.sources({ limit: 1 })).toHaveLength(1);
      expect(await store.sources({ sinceDay: firstDay + 2 })).toMatchObject([
        { messages: 3, firstSeen: firstBegin, lastSeen: firstBegin + 3 * dayLength - 1 },
      ]);
      expect(await store.sources({ beforeDay: firstDay })).toEqual([]);
      expect((await store.days({ alignedOnly: true })).map(({ domain }) => domain)).toEqual([
        "univ.example",
        "univ.example",
      ]);
      expect(await store.days({ sinceDay: firstDay + 1, beforeDay: firstDay + 2 })).toMatchObject([
        { domain: "isp.example" },
      ]);
      expect(await store.tls({ domain: "univ.example" })).toHaveLength(2);
      expect(await store.tls({ alignedOnly: true })).toEqual([]);
      expect(await store.tls({ sinceDay: firstDay + 1 })).toEqual([]);
    });

    test("equal what the records say, for any reports in any order", { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(anyArrivals, async (samples) => {
          const fresh = await world.fresh();
          const store = await fresh.open();
          try {
            for (const batch of samples) await store.ingest(batch.map((documents) => arrival(documents)));
            const counted = await countedRecords(store);
            expect(await storedSums(store)).toEqual(sumPlainly(counted));
            // Every group counts exactly one.
            const { reports } = await store.list({ limit: 1000 });
            const groups = Map.groupBy(
              reports,
              (one) => `${one.reporter} ${one.reportId} ${one.domain} ${one.begin} ${one.end}`,
            );
            for (const group of groups.values()) expect(group.filter((one) => one.counted)).toHaveLength(1);
            expect(await fresh.integrity()).toBe("ok");
          } finally {
            await store.close();
          }
        }),
        { numRuns: world.runs },
      );
    });
  });

  describe(`${name}: reading anew`, () => {
    test("what has changed is changed, and what has not keeps its name", async () => {
      const store = await opened();
      const first = arrival([aggregate(), aggregate({ id: "2" })]);
      await store.ingest([first]);
      const [two, one] = (await store.list({})).reports.map(({ key }) => key);
      const again = {
        ...first,
        documents: [aggregate(), aggregate({ id: "2", ordinal: 1, records: [record({ count: 9 })] })],
      };
      expect((await store.replace(again)).map(({ outcome }) => outcome)).toEqual(["saved", "saved"]);
      expect(await store.show(one as string)).toMatchObject({ reportId: "1" });
      expect(await store.show(two as string)).toBeUndefined();
      expect(await store.days({})).toMatchObject([{ messages: 10 }]);
      expect(await store.counts()).toMatchObject({ reports: 2, records: 2, raw: 1 });
    });

    test("what others say, too, stays when one arrival no longer says it", async () => {
      const store = await opened();
      const first = arrival([aggregate()]);
      const second = arrival([aggregate({ extra: "copy" })]);
      await store.ingest([first, second]);
      expect((await store.replace({ ...first, documents: [] })).length).toBe(0);
      const [kept] = (await store.list({})).reports;
      expect(await store.show(kept?.key ?? "")).toMatchObject({
        counted: true,
        rawDigest: second.raw.digest,
      });
      expect(await store.days({})).toMatchObject([{ messages: 1 }]);
    });

    test("a conflict that is left alone is one no longer, and counts", async () => {
      const store = await opened();
      const first = arrival([aggregate()]);
      await store.ingest([first, arrival([aggregate({ records: [record({ count: 4, ip: "192.0.2.4" })] })])]);
      expect(await store.counts()).toMatchObject({ conflicts: 1 });
      await store.replace({ ...first, documents: [{ kind: "unread", ordinal: 0, reason: "not-a-report" }] });
      expect(await store.counts()).toMatchObject({ conflicts: 0, unread: 1, reports: 1 });
      expect(await store.sources({})).toMatchObject([{ messages: 4, ip: parseIp("192.0.2.4") }]);
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
    });

    test("a judgement of the mail that has changed moves its sums", async () => {
      const store = await opened();
      const first = arrival([aggregate({ mail: "unaligned" })]);
      const report = arrival([tls({ counted: false })]);
      await store.ingest([first, report]);
      await store.replace({ ...first, documents: [aggregate({ mail: "aligned" })] });
      await store.replace({ ...report, documents: [tls()] });
      expect(await store.days({ alignedOnly: true })).toMatchObject([{ messages: 1 }]);
      expect(await store.tls({})).toHaveLength(2);
    });

    test("an arrival that is new is simply kept", async () => {
      const store = await opened();
      expect(await store.replace(arrival([aggregate()]))).toMatchObject([{ outcome: "saved" }]);
    });

    test("leaves what a fresh store would have, whatever is read otherwise", {
      timeout: 120_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(anyReread, async ({ before, after, order }) => {
          const requests = before.map((documents) => arrival(documents));
          const reread = requests.map((request, index) => ({
            ...request,
            documents: (after[index] ?? []).map((document, ordinal) => ({ ...document, ordinal })),
          }));
          const one = await (await world.fresh()).open();
          const other = await (await world.fresh()).open();
          try {
            await one.ingest(requests);
            for (const index of order)
              if (reread[index % reread.length] !== undefined)
                await one.replace(reread[index % reread.length] as IngestRequest);
            for (const request of reread) await one.replace(request);
            await other.ingest(reread);
            expect(await sumsOf(one)).toEqual(await sumsOf(other));
            expect(await sumsOf(one, true)).toEqual(await sumsOf(other, true));
            expect(await plainReports(one)).toEqual(await plainReports(other));
            expect(await oddOnes(one)).toEqual(await oddOnes(other));
          } finally {
            await one.close();
            await other.close();
          }
        }),
        { numRuns: world.runs },
      );
    });
  });

  describe(`${name}: lists`, () => {
    test("pages of reports, the newest period first, without gap or repetition", async () => {
      const store = await opened();
      const reports = Array.from({ length: 25 }, (_, index) =>
        aggregate({ id: String(index), begin: firstBegin + Math.floor(index / 3) * dayLength }),
      );
      await store.ingest([arrival(reports)]);
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ limit: 7, ...(cursor !== undefined && { cursor }) });
        expect(page.reports.length).toBeLessThanOrEqual(7);
        ids.push(...page.reports.map(({ reportId }) => reportId));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(ids).toEqual(Array.from({ length: 25 }, (_, index) => String(24 - index)));
    });

    test("filters of the list", async () => {
      const store = await opened();
      await store.ingest([
        arrival([
          aggregate({ id: "a" }),
          aggregate({ id: "b", org: "other.example", domain: "isp.example", begin: firstBegin + dayLength }),
        ]),
        arrival([tls()]),
        arrival([failure()]),
      ]);
      const ids = async (filter: Parameters<ReportStore["list"]>[0]): Promise<string[]> =>
        (await store.list(filter)).reports.map(({ kind, reportId }) =>
          kind === "failure" ? kind : reportId,
        );
      expect(await ids({ domain: "isp.example" })).toEqual(["b"]);
      expect(await ids({ reporter: "reporter.example" })).toEqual(["a"]);
      expect(await ids({ kind: "failure" })).toEqual(["failure"]);
      expect(await ids({ since: firstBegin + 1 })).toEqual(["b"]);
      expect((await ids({ before: firstBegin + 1 })).toSorted()).toEqual(["a", "failure", "t1"]);
      expect(await ids({ domain: "nobody.example" })).toEqual([]);
      expect(await ids({ idPrefix: "t1" })).toEqual(["t1"]);
      expect(await ids({ idPrefix: "T" })).toEqual([]);
      expect(await ids({ idPrefix: "%" })).toEqual([]);
      expect(await ids({ cursor: "nonsense" })).toHaveLength(4);
    });

    test("everything of a report is there again", async () => {
      const store = await opened();
      const document = aggregate({ extra: "https://example", mail: "aligned" });
      const request = arrival([document], {
        octets: Buffer.from("From: a\r\n\r\nbody"),
        via: "imap://h/INBOX;UID=7",
      });
      const report = failure();
      const tlsReport = tls();
      await store.ingest([request, arrival([report]), arrival([tlsReport])]);
      const { reports } = await store.list({});
      const shown = await Promise.all(reports.map(({ key }) => store.show(key)));
      const ofKind = (kind: string) => shown.find((one) => one?.kind === kind);
      expect(ofKind("aggregate")).toMatchObject({
        via: "imap://h/INBOX;UID=7",
        rawDigest: request.raw.digest,
        receivedAt: request.raw.receivedAt,
        content: { kind: "aggregate", head: document.head, warnings: [] },
        mail: document.mail,
        records: 1,
        recordsExpired: false,
        conflicts: [],
      });
      expect(ofKind("failure")?.content).toEqual({ kind: "failure", report: report.report });
      expect(ofKind("tls")?.content).toEqual({ kind: "tls", report: tlsReport.report });
      const raw = await store.raw(request.raw.digest);
      expect(raw?.octets?.toString()).toBe("From: a\r\n\r\nbody");
      expect(await store.has(request.raw.digest)).toBe(true);
      expect(await store.has("00".repeat(32))).toBe(false);
      expect(await store.has("no digest")).toBe(false);
      expect(await store.raw("00".repeat(32))).toBeUndefined();
      for (const key of ["999999", "x", "", "1;2"]) expect(await store.show(key)).toBeUndefined();
      expect((await listed(store.raws())).map(({ digest }) => digest)[0]).toBe(request.raw.digest);
    });

    test("records as they were, by report, address and domain", async () => {
      const store = await opened();
      const full = record({
        ip: "2001:db8::5",
        count: 12,
        disposition: "quarantine",
        spf: false,
        headerFrom: "日本.example",
        envelopeFrom: "",
        envelopeTo: "rcpt.example",
        comment: "arc=pass",
      });
      const rows = [full, record({ ip: "" }), record({ ip: "192.0.2.9" })];
      await store.ingest([
        arrival([
          aggregate({ records: rows }),
          aggregate({ id: "2", domain: "isp.example", begin: firstBegin + dayLength, records: [full] }),
        ]),
      ]);
      const all = await listed(store.records({}));
      expect(all.map((one) => one.record)).toEqual([full, ...rows]);
      expect(all[1]).toMatchObject({
        domain: "univ.example",
        reporter: "reporter.example",
        reportId: "1",
        begin: firstBegin,
      });
      const ip = parseIp("2001:db8::5");
      expect(await listed(store.records({ ...(ip && { ip }) }))).toHaveLength(2);
      expect(await listed(store.records({ ...(ip && { ip }), domain: "univ.example" }))).toHaveLength(1);
      expect(await listed(store.records({ since: firstBegin + 1 }))).toHaveLength(1);
      expect(await listed(store.records({ key: all[1]?.key ?? "" }))).toHaveLength(3);
      expect(await listed(store.records({ key: "no key" }))).toEqual([]);
    });

    const ofList = async (store: ReportStore, query: ReportPageQuery): Promise<string> =>
      (await store.list(query)).reports
        .map(({ reportId }) => reportId)
        .sort()
        .join(" ");

    test("reports by domain with what is below it, and by trust of their mail", async () => {
      const store = await opened();
      const domains = ["univ.example", "a.univ.example", "notuniv.example", "example", "univ.example.org"];
      await store.ingest([
        arrival(domains.map((domain) => aggregate({ id: domain, domain }))),
        arrival([aggregate({ id: "forged", mail: "unaligned" })]),
        arrival([aggregate({ id: "true", mail: "aligned" })]),
        arrival([aggregate({ id: "unknown", mail: "unknown" })]),
      ]);
      expect(await ofList(store, { domain: "univ.example" })).toBe("forged true univ.example unknown");
      expect(await ofList(store, { domain: "univ.example", subdomains: true, alignedOnly: true })).toBe(
        "a.univ.example true univ.example unknown",
      );
      expect(await ofList(store, { subdomains: true, domain: "longer.than.all.of.them.example" })).toBe("");
      const records = await listed(store.records({ domain: "univ.example", alignedOnly: true }));
      expect(records.map(({ reportId }) => reportId).sort()).toEqual(["true", "univ.example", "unknown"]);
      expect(await store.reporters()).toEqual(["reporter.example"]);
    });

    test("reports by their id and its beginning, however long it is", async () => {
      const store = await opened();
      const long = "x".repeat(5_000);
      const ids = ["abc", "abcd", "ABC", "ab%", "ab_d", "日本-1", "日本-2", `${long}1`, `${long}2`, "😀😀"];
      await store.ingest([arrival(ids.map((id) => aggregate({ id })))]);
      expect(await ofList(store, { id: "abc" })).toBe("abc");
      expect(await ofList(store, { id: `${long}2` })).toBe(`${long}2`);
      expect(await ofList(store, { id: long })).toBe("");
      expect(await ofList(store, { idPrefix: "abc" })).toBe("abc abcd");
      expect(await ofList(store, { idPrefix: "ab%" })).toBe("ab%");
      expect(await ofList(store, { idPrefix: "日本" })).toBe("日本-1 日本-2");
      expect(await ofList(store, { idPrefix: "😀" })).toBe("😀😀");
      expect(await ofList(store, { idPrefix: long })).toBe(`${long}1 ${long}2`);
      expect(await ofList(store, { idPrefix: `${long}2` })).toBe(`${long}2`);
      for (const idPrefix of ["abcde", "\0", "\uD800"]) expect(await ofList(store, { idPrefix })).toBe("");
    });

    test("reports in conflict, and no others, a page at a time", async () => {
      const store = await opened();
      const twice = [record(), record({ count: 9 })];
      await store.ingest([
        ...twice.map((one) => arrival([aggregate({ id: "a", records: [one] })])),
        ...twice.map((one) => arrival([aggregate({ id: "b", domain: "isp.example", records: [one] })])),
        arrival([aggregate({ id: "c" })]),
        arrival([aggregate({ id: "c", extra: "the same in another mail" })]),
      ]);
      expect(await ofList(store, { conflict: true })).toBe("a a b b");
      expect(await ofList(store, { conflict: true, domain: "isp.example" })).toBe("b b");
      const first = await store.list({ conflict: true, limit: 3 });
      const second = await store.list({ conflict: true, limit: 3, cursor: first.cursor ?? "" });
      expect([first.reports.length, second.reports.length, second.cursor]).toEqual([3, 1, undefined]);
      const marks = (await store.list({})).reports.map(({ reportId, conflict }) => `${reportId} ${conflict}`);
      expect([...new Set(marks)].sort()).toEqual(["a true", "b true", "c false"]);
      expect((await store.show(first.reports[0]?.key ?? ""))?.conflict).toBe(true);
    });

    test("what is unread, by when it came", async () => {
      const store = await opened();
      const odd = [{ kind: "unread", ordinal: 0, reason: "empty" }] as const;
      await store.ingest([1000, 2000, 3000].map((receivedAt) => arrival(odd, { receivedAt })));
      const times = async (received: Parameters<ReportStore["odd"]>[2]): Promise<number[]> =>
        (await store.odd("unread", 10, received)).map(({ receivedAt }) => receivedAt);
      expect(await times({})).toEqual([3000, 2000, 1000]);
      expect(await times({ since: 2000 })).toEqual([3000, 2000]);
      expect(await times({ since: 1000, before: 2000 })).toEqual([1000]);
    });

    test("what is known of some addresses", async () => {
      const store = await opened();
      const ips = ["192.0.2.1", "2001:db8::5"].map(parseIp);
      await store.ingest([
        arrival([
          aggregate({
            records: [
              record({ count: 2 }),
              record({ count: 4, spf: false, disposition: "reject", envelopeFrom: "x.example" }),
              record({ ip: "2001:db8::5", count: 0 }),
              record({ ip: "", count: 7 }),
              record({ ip: "192.0.2.2" }),
            ],
          }),
        ]),
        arrival([
          aggregate({ id: "2", org: "other.example", begin: firstBegin + dayLength, mail: "unaligned" }),
        ]),
        arrival([aggregate({ id: "3", domain: "isp.example", records: [record({ dkim: false })] })]),
        arrival([aggregate({ id: "3", domain: "isp.example", records: [record({ count: 50 })] })]),
      ]);
      const tallies = await store.tallies({ ips });
      expect(tallies).toMatchObject([
        { domain: "isp.example", messages: 1, dkim: 0, spf: 1, passed: 1 },
        {
          domain: "univ.example",
          ...{ messages: 7, dkim: 7, spf: 3, passed: 7, quarantined: 0, rejected: 4, reporters: 2 },
          firstSeen: firstBegin,
          lastSeen: firstBegin + 2 * dayLength - 1,
        },
      ]);
      expect(tallies.map(({ ip }) => ip)).toEqual([ips[0], ips[0]]);
      expect(tallies[1]?.alike).toEqual([
        record({ count: 4, spf: false, disposition: "reject", envelopeFrom: "x.example" }),
        record({ count: 3 }),
      ]);
      const spans = [
        { alignedOnly: true },
        { since: firstBegin + 1 },
        { before: firstBegin + 1, since: firstBegin },
      ];
      const sums = await Promise.all(spans.map((span) => store.tallies({ ips, ...span })));
      expect(sums.map((some) => some.map(({ messages }) => messages))).toEqual([[1, 6], [1], [1, 6]]);
      expect(await store.tallies({ ips: [undefined] })).toMatchObject([
        { messages: 7, domain: "univ.example" },
      ]);
      expect(await store.tallies({ ips: [parseIp("192.0.2.2"), undefined] })).toHaveLength(2);
      expect(await store.tallies({ ips: [] })).toEqual([]);
    });

    test("of very many ways of an address those with the most messages", async () => {
      const store = await opened();
      const rows = Array.from({ length: 300 }, (_, index) =>
        record({ count: index + 1, envelopeFrom: `e${index}.example` }),
      );
      await store.ingest([arrival([aggregate({ records: rows })])]);
      const [tally] = await store.tallies({ ips: [parseIp("192.0.2.1")] });
      expect(tally?.messages).toBe((300 * 301) / 2);
      expect(tally?.alike.map(({ count }) => count)).toEqual(
        Array.from({ length: 200 }, (_, index) => 300 - index),
      );
    });

    test("many records, in pieces, while others are kept", async () => {
      const store = await opened();
      const rows = Array.from({ length: 4_500 }, (_, index) => record({ count: index + 1 }));
      const small = Array.from({ length: 120 }, (_, index) =>
        aggregate({
          id: `s${index}`,
          begin: firstBegin - dayLength,
          records: [record({ count: index + 1 })],
        }),
      );
      await store.ingest([arrival([aggregate({ records: rows })]), arrival(small)]);
      const counts: number[] = [];
      for await (const { record: one } of store.records({})) {
        if (counts.length === 100)
          await store.ingest([arrival([aggregate({ id: "new", begin: firstBegin + dayLength })])]);
        counts.push(one.count);
      }
      expect(counts.slice(0, 4_500)).toEqual(rows.map(({ count }) => count));
      expect(counts.slice(4_500)).toEqual(small.map((_, index) => 120 - index));
    });
  });

  describe(`${name}: less than what arrived`, () => {
    const lessOf = (whole: IngestRequest, octets?: Buffer): IngestRequest => {
      return { ...whole, raw: { ...whole.raw, kept: octets === undefined ? {} : { octets } } };
    };
    const less = Buffer.from("less");

    test("is what is given back, under the digest and with the size of what arrived", async () => {
      const store = await opened();
      const whole = arrival([failure()]);
      await store.ingest([lessOf(whole, less)]);
      const { digest, octets } = whole.raw;
      expect(await store.raw(digest)).toMatchObject({ digest, octets: less, size: octets.length });
      expect((await listed(store.raws())).map((raw) => raw.octets)).toEqual([less]);
      expect(await store.has(digest)).toBe(true);
    });

    test("the same mail is seen, whatever is kept of it then", async () => {
      const store = await opened();
      const whole = arrival([failure()]);
      await store.ingest([lessOf(whole, less)]);
      expect(await outcomes(store, whole, lessOf(whole))).toEqual(["seen", "seen"]);
      expect((await store.raw(whole.raw.digest))?.octets).toEqual(less);
      expect(await store.counts()).toMatchObject({ raw: 1, reports: 1 });
    });

    test("may be nothing", async () => {
      const store = await opened();
      const whole = arrival([failure()]);
      await store.ingest([lessOf(whole)]);
      expect((await store.raw(whole.raw.digest))?.octets).toBeUndefined();
      expect((await store.list({})).reports).toHaveLength(1);
    });

    test("takes the place of more when it is read anew, and more never comes back", async () => {
      const store = await opened();
      const whole = arrival([failure()]);
      await store.ingest([whole]);
      await store.replace(whole);
      expect((await store.raw(whole.raw.digest))?.octets).toEqual(whole.raw.octets);
      expect(await store.replace(lessOf(whole, less))).toMatchObject([{ outcome: "saved" }]);
      expect((await store.raw(whole.raw.digest))?.octets).toEqual(less);
      await store.replace({ ...whole, raw: { ...whole.raw, octets: less } });
      expect((await store.raw(whole.raw.digest))?.octets).toEqual(less);
    });
  });

  describe(`${name}: age`, () => {
    const now = (firstBegin + 400 * dayLength) * 1000;
    const all = async (
      store: ReportStore,
      retention: Parameters<ReportStore["expire"]>[0],
    ): Promise<void> => {
      while (await store.expire(retention, now)) {}
    };

    test("raw octets go alone, and only the old ones", async () => {
      const store = await opened();
      const old = arrival([aggregate()]);
      const young = arrival([aggregate({ id: "2" })], { receivedAt: now - 1000 });
      await store.ingest([old, young]);
      await all(store, { rawMs: 30 * 86_400_000 });
      expect(await store.raw(old.raw.digest)).toEqual({
        digest: old.raw.digest,
        size: old.raw.octets.length,
        via: old.raw.via,
        receivedAt: old.raw.receivedAt,
      });
      expect((await store.raw(young.raw.digest))?.octets).toEqual(young.raw.octets);
      expect(await store.counts()).toMatchObject({ reports: 2, records: 2, raw: 2 });
      expect(await outcomes(store, old)).toEqual(["seen"]);
    });

    test("records go while sums and the memory of the report stay", async () => {
      const store = await opened();
      const old = arrival([aggregate({ records: [record(), record({ count: 2 })] })]);
      await store.ingest([old, arrival([aggregate({ id: "2", begin: firstBegin + 399 * dayLength })])]);
      await all(store, { recordsMs: 100 * 86_400_000 });
      expect(await store.counts()).toMatchObject({ records: 1, reports: 2 });
      expect((await store.days({})).map(({ messages }) => messages)).toEqual([3, 1]);
      const report = (await store.list({})).reports.find(({ reportId }) => reportId === "1");
      expect(report).toMatchObject({ recordsExpired: true, records: 2, messages: 3 });
      expect(
        await outcomes(store, arrival([aggregate({ records: [record(), record({ count: 2 })] })])),
      ).toEqual(["seen"]);
    });

    test("a report whose records are gone is not read anew, and its sums stay as they were", async () => {
      const store = await opened();
      const old = arrival([aggregate({ mail: "unaligned" })]);
      await store.ingest([old]);
      await all(store, { recordsMs: 0 });
      const sums = await sumsOf(store);
      const changed = {
        ...old,
        documents: [aggregate({ records: [record({ count: 50 })], mail: "aligned" })],
      };
      expect(await store.replace(changed)).toMatchObject([{ outcome: "seen" }]);
      expect(await outcomes(store, arrival([aggregate({ mail: "aligned" })]))).toEqual(["seen"]);
      expect(await sumsOf(store)).toEqual(sums);
      // Another content does not push it out: it could not be taken back.
      const other = arrival([aggregate({ records: [record({ count: 7 })], mail: "aligned" })]);
      expect(await outcomes(store, other)).toEqual(["conflict"]);
      expect(await sumsOf(store)).toEqual(sums);
    });

    const forged = { id: "2", org: "other.example" } as const;
    const found = async (store: ReportStore, ip: string): Promise<readonly SourceSum[]> =>
      (await store.sources({})).filter((one) => one.ip !== undefined && formatIp(one.ip) === ip);

    test("a source that only sums know stays when another report of it counts no longer", async () => {
      const store = await opened();
      await store.ingest([arrival([aggregate({ records: [record({ count: 1000 })] })])]);
      await all(store, { recordsMs: 0 });
      const before = await store.sources({});
      await store.ingest([arrival([aggregate({ ...forged, mail: "unaligned" })])]);
      const right = aggregate({ ...forged, mail: "aligned", records: [record({ ip: "192.0.2.9" })] });
      expect(await outcomes(store, arrival([right]))).toEqual(["conflict"]);
      expect(await found(store, "192.0.2.1")).toEqual(before);
      expect(await found(store, "192.0.2.9")).toMatchObject([{ messages: 1 }]);
    });

    test("when it was seen is told by the sums then, to the day", async () => {
      const store = await opened();
      const day = (number: number, length = dayLength) => {
        return { begin: firstBegin + number * dayLength, end: firstBegin + number * dayLength + length - 1 };
      };
      await store.ingest([arrival([aggregate(day(5))])]);
      await all(store, { recordsMs: 0 });
      const longer = aggregate({ ...forged, ...day(1, 9 * dayLength), mail: "unaligned" });
      await store.ingest([arrival([longer, aggregate({ id: "3", ...day(8) })])]);
      const [begin, end] = [longer.head.begin, longer.head.end];
      expect(await found(store, "192.0.2.1")).toMatchObject([{ firstSeen: begin, lastSeen: end }]);
      const right = {
        ...forged,
        begin,
        end,
        mail: "aligned",
        records: [record({ ip: "192.0.2.9" })],
      } as const;
      expect(await outcomes(store, arrival([aggregate(right)]))).toEqual(["conflict"]);
      expect(await found(store, "192.0.2.1")).toMatchObject([
        { messages: 2, firstSeen: day(5).begin, lastSeen: day(8).end },
      ]);
    });

    test("what is taken back after its sums went by age makes none that are less than nothing", async () => {
      const store = await opened();
      const first = arrival([aggregate({ records: [record({ count: 5 })], mail: "unaligned" }), tls()]);
      await store.ingest([first, arrival([aggregate({ id: "9", begin: firstBegin + 399 * dayLength })])]);
      await all(store, { sumsMs: 100 * 86_400_000 });
      const before = await store.days({});
      await store.replace({ ...first, documents: [] });
      expect(await store.days({})).toEqual(before);
      expect(await found(store, "192.0.2.1")).toMatchObject([{ messages: 1 }]);
      expect(await store.tls({})).toEqual([]);
      // Counted late, beside what has gone.
      const [lost, late] = ["7", "8"].map((id) => {
        return arrival([aggregate({ id, records: [record({ count: Number(id) })] })]);
      });
      if (lost === undefined || late === undefined) return;
      await store.ingest([lost]);
      await all(store, { sumsMs: 100 * 86_400_000 });
      await store.ingest([late]);
      await store.replace({ ...lost, documents: [] });
      for (const { messages } of [...(await store.days({})), ...(await store.sources({}))])
        expect(messages).toBeGreaterThan(0);
    });

    test("sums go by day while the records stay", async () => {
      const store = await opened();
      await store.ingest([
        arrival([aggregate(), aggregate({ id: "2", domain: "isp.example" })]),
        arrival([aggregate({ id: "3", begin: firstBegin + 399 * dayLength })]),
        arrival([tls()]),
      ]);
      await all(store, { sumsMs: 100 * 86_400_000 });
      expect((await store.days({})).map(({ day }) => day)).toEqual([firstDay + 399]);
      expect(await store.sources({})).toMatchObject([{ messages: 1, firstSeen: firstBegin }]);
      expect(await store.tls({})).toEqual([]);
      expect(await store.counts()).toMatchObject({ records: 3 });
    });

    test("failure reports go with the mails that brought them, and nothing else does", async () => {
      const store = await opened();
      const two = [failure(), failure()].map((one) => arrival([one]));
      const other = arrival([aggregate()]);
      await store.ingest([...two, other]);
      await all(store, { failureMs: 30 * 86_400_000 });
      expect((await store.list({})).reports.map(({ kind }) => kind)).toEqual(["aggregate"]);
      for (const { raw } of two) expect((await store.raw(raw.digest))?.octets).toBeUndefined();
      expect((await store.raw(other.raw.digest))?.octets).toBeDefined();
      expect(await outcomes(store, ...two)).toEqual(["seen", "seen"]);
      expect((await store.list({})).reports).toHaveLength(1);
    });

    test("mails without a report go when failure reports do, unless there is something else in them", async () => {
      const store = await opened();
      const odd = (reason: string, kind: "skipped" | "unread" = "skipped"): ReadDocument => {
        return { kind, ordinal: 0, reason };
      };
      const mailbox = arrival(
        Array.from({ length: 600 }, (_, ordinal) => ({ ...odd("no-report"), ordinal })),
      );
      const letter = arrival([odd("no-report")]);
      const young = arrival([odd("no-report")], { receivedAt: now - 1000 });
      const stays = [
        arrival([odd("no-report"), aggregate()]),
        arrival([odd("not-a-report", "unread")]),
        arrival([odd("empty")]),
      ];
      await store.ingest([mailbox, letter, young, ...stays]);
      await all(store, { failureMs: 30 * 86_400_000 });
      expect((await store.raw(mailbox.raw.digest))?.octets).toBeUndefined();
      expect((await store.raw(letter.raw.digest))?.octets).toBeUndefined();
      for (const { raw } of [young, ...stays]) expect((await store.raw(raw.digest))?.octets).toBeDefined();
      expect(await outcomes(store, letter)).toEqual(["skipped"]);
    });

    test("what was kept in place of a mail goes as well", async () => {
      const store = await opened();
      const one = arrival([failure()]);
      await store.ingest([{ ...one, raw: { ...one.raw, kept: { octets: Buffer.from("less") } } }]);
      await all(store, { failureMs: 0 });
      expect((await store.raw(one.raw.digest))?.octets).toBeUndefined();
      expect(await store.has(one.raw.digest)).toBe(true);
    });

    test.each([
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ])(
      "whatever comes, changes and goes, the sums are what is counted anew (seed %i)",
      async (seed, ages) => {
        const model = new StoreModel(await opened(), seed);
        for (let round = 0; round < 50; round++) {
          await model.step(ages);
          await model.check();
        }
      },
    );

    test("goes on in batches until all of it is gone", async () => {
      const store = await opened();
      const many = Array.from({ length: 1_100 }, (_, index) => arrival([aggregate({ id: String(index) })]));
      await store.ingest(many);
      let rounds = 1;
      while (await store.expire({ rawMs: 0, recordsMs: 0, sumsMs: 0 }, now)) rounds += 1;
      expect(rounds).toBe(3);
      expect(await store.counts()).toMatchObject({ records: 0, reports: 1_100, raw: 1_100 });
      expect(await store.days({})).toEqual([]);
      for await (const raw of store.raws()) expect(raw.octets).toBeUndefined();
    });

    test("nothing goes without a time", async () => {
      const store = await opened();
      await store.ingest([arrival([aggregate()]), arrival([failure()])]);
      const before = await store.counts();
      expect(await store.expire({}, now)).toBe(false);
      expect(await store.counts()).toMatchObject({ reports: before.reports, records: before.records });
    });
  });

  describe(`${name}: a row that is damaged`, () => {
    const three = [
      arrival([aggregate({ id: "a", mail: "unaligned" })]),
      arrival([tls({ id: "b", mail: "unaligned" })]),
      arrival([failure()]),
    ];
    const damaged = async (...statements: readonly string[]): Promise<ReportStore> => {
      const fresh = await world.fresh();
      const store = await openOf(fresh);
      await store.ingest(three);
      for (const sql of statements) await fresh.run(sql);
      return store;
    };
    const keyOf = async (store: ReportStore, kind: string): Promise<string> =>
      (await store.list({})).reports.find((one) => one.kind === kind)?.key ?? "";
    const rawsOf = (store: ReportStore): Promise<(readonly [string, boolean, unknown])[]> =>
      listed(store.raws()).then((all) =>
        all.map((one) => [one.digest, one.octets === undefined, one.damage?.failure] as const),
      );

    test("octets that were cut off are told by their name, and all others are read", async () => {
      const [first, second, third] = three.map(({ raw }) => raw.digest) as [string, string, string];
      const store = await damaged(
        "UPDATE raw SET octets = substr(octets, 1, 3) WHERE key = (SELECT raw FROM report WHERE kind = 'tls')",
      );
      const failure = { fault: "damaged-raw", digest: second, said: "unexpected end of file" };
      const error = { code: "STORE_UNAVAILABLE", failure, message: expect.stringContaining("only a backup") };
      await expect(store.raw(second)).rejects.toMatchObject(error);
      expect((await store.raw(first))?.octets).toEqual(three[0]?.raw.octets);
      expect(await rawsOf(store)).toEqual([
        [first, false, undefined],
        [second, true, failure],
        [third, false, undefined],
      ]);
    });

    test.each([
      ["cut off", "UPDATE report SET json = substr(json, 1, 10)"],
      ["empty", "UPDATE report SET json = ''"],
      ["null", "UPDATE report SET json = 'null'"],
      ["of another shape", `UPDATE report SET json = '{"report":[],"head":3}'`],
    ])("reports that are %s are listed with what is known of them, and shown as damaged", async (_, sql) => {
      const store = await damaged(`${sql} WHERE kind <> 'failure'`);
      const { reports } = await store.list({});
      expect(reports).toHaveLength(3);
      for (const { kind, key, damaged: isDamaged, reportId, messages } of reports) {
        expect([kind, isDamaged]).toEqual([kind, kind === "failure" ? undefined : true]);
        if (kind === "failure") continue;
        expect(reportId).toBe(kind === "tls" ? "b" : "a");
        expect(messages).toBeGreaterThan(0);
        await expect(store.show(key)).rejects.toMatchObject({
          code: "STORE_UNAVAILABLE",
          failure: { fault: "damaged-report", report: key },
          message: expect.stringMatching(`report ${key} is damaged: .*; sekisho report reparse`),
        });
      }
      expect(await store.show(await keyOf(store, "failure"))).toMatchObject({ kind: "failure" });
    });

    test("an aggregate report that is damaged is whole again when it is read anew", async () => {
      const store = await damaged("UPDATE report SET json = '' WHERE kind = 'aggregate'");
      const [request] = three as [IngestRequest];
      expect(await store.replace(request)).toMatchObject([{ outcome: "saved" }]);
      expect(await store.show(await keyOf(store, "aggregate"))).toMatchObject({
        mailVerdict: "unaligned",
        content: { kind: "aggregate", head: { orgName: "reporter.example" } },
      });
    });

    test("a TLS report whose sums cannot be taken back stays, and holds up nobody", async () => {
      const store = await damaged("UPDATE report SET json = '' WHERE kind = 'tls'");
      const report = await keyOf(store, "tls");
      const sums = await store.tls({});
      const [, { raw }] = three as [IngestRequest, IngestRequest];
      const otherwise = { raw, documents: [tls({ id: "b", successful: 11 })] };
      const failure = { fault: "damaged-report", report };
      await expect(store.replace(otherwise)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", failure });
      const better = arrival([tls({ id: "b", successful: 12, mail: "aligned" })]);
      const kept = await store.ingest([better, arrival([tls({ id: "other" })])]);
      expect(kept.map((all) => all.map(({ kind, outcome }) => [kind, outcome]))).toEqual([
        [["unread", "unread"]],
        [["tls", "saved"]],
      ]);
      expect((await store.odd("unread", 1))[0]?.reason).toContain(`report ${report} is damaged`);
      expect(await store.replace(three[1] as IngestRequest)).toMatchObject([{ outcome: "saved" }]);
      expect(await store.show(report)).toMatchObject({ content: { report: { reportId: "b" } } });
      const sumOf = (all: typeof sums): number => all.reduce((sum, { sessions }) => sum + sessions, 0);
      // Of the other one as well.
      expect(sumOf(await store.tls({}))).toBe(2 * sumOf(sums));
    });

    test("what was found of a mail is no fault of the others", async () => {
      const store = await damaged("UPDATE document SET mail = '{' WHERE kind = 'aggregate'");
      const [{ raw }, other] = three as [IngestRequest, IngestRequest];
      const { reports } = await store.list({});
      expect(reports.filter((one) => one.damaged === true).map(({ reportId }) => reportId)).toEqual(["a"]);
      const failure = { fault: "damaged-documents", digest: raw.digest };
      await expect(store.documents(raw.digest)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", failure });
      expect(await store.documents(other.raw.digest)).toMatchObject([{ kind: "tls" }]);
    });

    test("what only the page of a record asks for is named by its report, and whole again when that is read anew", async () => {
      const fresh = await world.fresh();
      const store = await openOf(fresh);
      await store.ingest(three);
      await fresh.run("UPDATE detail SET json = substr(json, 1, 5)");
      const report = await keyOf(store, "aggregate");
      await expect(listed(store.records({}))).rejects.toMatchObject({
        failure: { fault: "damaged-details", report },
        message: expect.stringMatching(`records of report ${report} are damaged: .*; sekisho report reparse`),
      });
      const tallied = { ips: [record().sourceIp] };
      // Sums are none of it.
      expect(await store.tallies(tallied)).toMatchObject([{ messages: record().count, alike: [] }]);
      const sums = await store.sources({});
      expect(sums).toHaveLength(1);
      expect(await store.show(report)).toMatchObject({ reportId: "a" });
      // As the command does, in a process of its own.
      const other = await openOf(fresh);
      expect(await other.replace(three[0] as IngestRequest)).toMatchObject([{ report, outcome: "saved" }]);
      expect((await listed(store.records({}))).map((one) => one.record)).toEqual([record()]);
      expect(await store.sources({})).toEqual(sums);
      expect(await store.tallies(tallied)).toMatchObject([{ alike: [{ dkim: record().dkim }] }]);
    });
  });

  describe(`${name}: jobs and leases`, () => {
    const clocked = async () => {
      const fresh = await world.fresh();
      const clock = { ms: 1_000_000 };
      const now = (): number => clock.ms;
      return { clock, one: await openOf(fresh, now), other: await openOf(fresh, now) };
    };

    test("a job is put once, taken by one, and done once", async () => {
      const { clock, one, other } = await clocked();
      const key = "imap://host/INBOX;UIDVALIDITY=1;UID=7";
      expect(await one.jobs.put("fetch", key, { uid: 7 })).toBe(true);
      expect(await other.jobs.put("fetch", key, { uid: 7 })).toBe(false);
      expect(await other.jobs.put("other", key, {})).toBe(true);
      const [job] = await one.jobs.take("fetch", 10, 60_000);
      expect(job).toEqual({ kind: "fetch", key, payload: { uid: 7 }, failures: 0, number: 1 });
      expect(await other.jobs.take("fetch", 10, 60_000)).toEqual([]);
      if (job === undefined) return;
      expect(await one.jobs.done(job)).toBe(true);
      expect(await one.jobs.done(job)).toBe(false);
      clock.ms += 120_000;
      expect(await other.jobs.take("fetch", 10, 60_000)).toEqual([]);
      expect(await other.jobs.put("fetch", key, {})).toBe(false);
      expect(await other.jobs.forget("fetch", clock.ms)).toBe(1);
      expect(await other.jobs.put("fetch", key, {})).toBe(true);
    });

    test("jobs of one who is gone come back, and he can no longer end them", async () => {
      const { clock, one, other } = await clocked();
      await one.jobs.put("fetch", "a", {});
      const [lost] = await one.jobs.take("fetch", 1, 1_000);
      clock.ms += 1_000;
      const [again] = await other.jobs.take("fetch", 1, 1_000);
      expect(again).toMatchObject({ key: "a", number: 2 });
      if (lost === undefined || again === undefined) throw new Error("no job");
      expect(await one.jobs.done(lost)).toBe(false);
      expect(await one.jobs.retry(lost, 0, "late")).toBe(false);
      expect(await other.jobs.retry(again, clock.ms + 5_000, "not now\0\ud800")).toBe(true);
      expect(await other.jobs.take("fetch", 1, 1_000)).toEqual([]);
      clock.ms += 5_000;
      expect(await one.jobs.take("fetch", 1, 1_000)).toMatchObject([{ failures: 1, number: 3 }]);
    });

    test("many takers at once: each job goes to one of them, the oldest first", async () => {
      const { clock, one, other } = await clocked();
      for (let index = 0; index < 60; index++)
        await one.jobs.put("fetch", `job ${index}`, {}, clock.ms - index);
      const oldest = await one.jobs.take("fetch", 3, 60_000);
      expect(oldest.map(({ key }) => key)).toEqual(["job 59", "job 58", "job 57"]);
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? one : other).jobs.take("fetch", 5, 60_000),
        ),
      );
      const rest: string[] = [];
      for (let some = taken.flat(); some.length > 0; some = [...(await one.jobs.take("fetch", 50, 60_000))])
        rest.push(...some.map(({ key }) => key));
      expect(new Set(rest).size).toBe(57);
      expect(rest).toHaveLength(57);
    });

    test("a lease is one's alone, and its number grows with each that has it", async () => {
      const { clock, one, other } = await clocked();
      expect(await one.leases.take("rotate", "a", 1_000)).toBe(1);
      expect(await other.leases.take("rotate", "b", 1_000)).toBeUndefined();
      expect(await one.leases.take("rotate", "a", 1_000)).toBe(1);
      expect(await other.leases.take("else", "b", 1_000)).toBe(1);
      clock.ms += 1_000;
      expect(await other.leases.take("rotate", "b", 1_000)).toBe(2);
      await one.leases.release("rotate", 1);
      expect(await one.leases.take("rotate", "a", 1_000)).toBeUndefined();
      await other.leases.release("rotate", 2);
      expect(await one.leases.take("rotate", "a", 1_000)).toBe(3);
      // Who let it run out may have missed somebody.
      clock.ms += 1_000;
      expect(await one.leases.take("rotate", "a", 1_000)).toBe(4);
    });
  });

  describe(`${name}: several at once, and copies`, () => {
    test("two connections fed the same reports keep each once", async () => {
      const fresh = await world.fresh();
      const stores = [await openOf(fresh), await openOf(fresh)];
      const requests = Array.from({ length: 60 }, (_, index) =>
        arrival([
          aggregate({
            id: String(index),
            records: [record({ count: index + 1 }), record({ ip: "192.0.2.200" })],
          }),
        ]),
      );
      const ways = [requests, requests.toReversed()];
      const ingested = await Promise.all(
        stores.map(async (store, way) => {
          const said: string[] = [];
          for (let from = 0; from < requests.length; from += 7)
            said.push(...(await outcomes(store, ...(ways[way] ?? []).slice(from, from + 7))));
          return said;
        }),
      );
      expect(ingested.flat().filter((outcome) => outcome === "saved")).toHaveLength(60);
      const [store] = stores;
      if (store === undefined) return;
      expect(await store.counts()).toMatchObject({ reports: 60, records: 120, raw: 60, conflicts: 0 });
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
    });

    test("one takes a source back while another counts it: it is known", async () => {
      const fresh = await world.fresh();
      const [one, two] = [await openOf(fresh), await openOf(fresh)];
      for (let index = 0; index < 20; index++) {
        const [id, records] = [`k${index}`, [record({ ip: `10.0.0.${index}` })]];
        await one.ingest([arrival([aggregate({ id, mail: "unaligned", records })])]);
        await Promise.all([
          one.ingest([arrival([aggregate({ id, mail: "aligned" })])]),
          two.ingest([arrival([aggregate({ id: `b${index}`, mail: "aligned", records })])]),
        ]);
      }
      expect(await one.sources({})).toHaveLength(21);
      expect(await storedSums(one)).toEqual(sumPlainly(await countedRecords(one)));
    });

    test("a backup that is taken while another connection writes opens, and is whole", async () => {
      const fresh = await world.fresh();
      const [store, writer] = [await openOf(fresh), await openOf(fresh)];
      const batch = (round: number): IngestRequest[] =>
        Array.from({ length: 20 }, (_, index) =>
          arrival([
            aggregate({ id: `${round}.${index}`, records: Array.from({ length: 30 }, () => record()) }),
          ]),
        );
      await store.ingest(batch(0));
      const path = join(temporaryFolder(), "backup");
      let busy = true;
      let rounds = 0;
      const writing = (async () => {
        while (busy && rounds < 200) {
          rounds += 1;
          await writer.ingest(batch(rounds));
        }
      })();
      try {
        await store.backup(path);
      } finally {
        busy = false;
        await writing;
      }
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const copy = await fresh.openBackup(path);
      onTestFinished(() => copy.close());
      const { reports } = await copy.counts();
      expect(reports % 20).toBe(0);
      expect(reports).toBeGreaterThanOrEqual(20);
      expect(reports).toBeLessThanOrEqual((await store.counts()).reports);
      expect(await storedSums(copy)).toEqual(sumPlainly(await countedRecords(copy)));
      expect(await outcomes(copy, arrival([aggregate({ id: "after" })]))).toEqual(["saved"]);
    });

    test("a backup overwrites nothing, and leaves nothing behind when it fails", async () => {
      const store = await opened();
      const folder = temporaryFolder();
      writeFileSync(join(folder, "there"), "precious");
      await expect(store.backup(join(folder, "there"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(statSync(join(folder, "there")).size).toBe(8);
      await expect(store.backup(join(folder, "no", "folder"))).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
      expect(existsSync(join(folder, "no"))).toBe(false);
    });

    test("what a newer version wrote is not touched", async () => {
      const fresh = await world.fresh();
      await (await fresh.open()).close();
      await fresh.makeNewer();
      await expect(fresh.open()).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("newer"),
      });
    });

    test("opened again it is all there", async () => {
      const fresh = await world.fresh();
      const store = await fresh.open();
      await store.ingest([arrival([aggregate()])]);
      await store.close();
      expect(await (await openOf(fresh)).counts()).toMatchObject({ reports: 1, records: 1, raw: 1 });
    });
  });
}

const anyRecord = fc
  .record({
    ip: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1", ""),
    count: fc.constantFrom(0, 1, 2, 3, 17, 1000, 999_999),
    disposition: fc.constantFrom("none", "quarantine", "reject", "odd"),
    dkim: fc.boolean(),
    spf: fc.boolean(),
  })
  .map(record);

/** Few of each, so that they meet. */
const anyAggregate = fc
  .record({
    id: fc.constantFrom("1", "2"),
    org: fc.constantFrom("a.example", "b.example"),
    domain: fc.constantFrom("univ.example", "isp.example"),
    begin: fc.constantFrom(firstBegin, firstBegin + 3600, firstBegin + dayLength),
    length: fc.constantFrom(
      0,
      3600,
      dayLength - 1,
      dayLength,
      90_060,
      90_061,
      2 * dayLength,
      9 * dayLength + 1,
    ),
    records: fc.array(anyRecord, { maxLength: 4 }),
    mail: fc.constantFrom(undefined, "aligned", "unaligned", "unknown"),
  })
  .map(({ length, mail, ...rest }) =>
    aggregate({ ...rest, end: rest.begin + length, ...(mail !== undefined && { mail }) }),
  );

const anyArrivals = fc.array(fc.array(fc.array(anyAggregate, { maxLength: 3 }), { maxLength: 4 }), {
  maxLength: 5,
});

const anyDocument = fc.oneof(
  { weight: 6, arbitrary: anyAggregate },
  {
    weight: 2,
    arbitrary: fc
      .record({ counted: fc.boolean(), successful: fc.constantFrom(5, 6), failed: fc.constantFrom(0, 2) })
      .map(tls),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "unread", ordinal: 0, reason: "not-xml" } as const) },
);

const anyReread = fc.integer({ min: 1, max: 5 }).chain((length) =>
  fc.record({
    before: fc.array(fc.array(anyDocument, { maxLength: 3 }), { minLength: length, maxLength: length }),
    after: fc.array(fc.array(anyDocument, { maxLength: 3 }), { minLength: length, maxLength: length }),
    order: fc.array(fc.nat(20), { maxLength: 4 }),
  }),
);

/** Reports without what differs from store to store. */
async function plainReports(store: ReportStore): Promise<string[]> {
  const { reports } = await store.list({ limit: 1000 });
  const shown = await Promise.all(reports.map(({ key }) => store.show(key)));
  return shown
    .map((report) => JSON.stringify({ ...report, key: undefined, conflicts: report?.conflicts.length }))
    .sort();
}

async function oddOnes(store: ReportStore): Promise<string[]> {
  const all = await Promise.all((["conflict", "unread"] as const).map((outcome) => store.odd(outcome, 1000)));
  return all
    .flat()
    .map(({ rawDigest, ordinal, outcome, reason }) => `${rawDigest} ${ordinal} ${outcome} ${reason}`)
    .sort();
}
