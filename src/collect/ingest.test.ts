import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { aggregateXml, mailOf } from "../../test/report-files.ts";
import type { IngestedDocument, IngestRequest, ReportStore } from "../store/reports/port.ts";
import { defaultLimits, fileLimits } from "./extract/limits.ts";
import { type IngestOptions, ingestAll } from "./ingest.ts";
import type { Incoming } from "./input/arrival.ts";

interface World {
  readonly log: string[];
  readonly requests: IngestRequest[];
  readonly store: Pick<ReportStore, "ingest">;
}

/** A store that writes down what is asked of it, and fails at the n-th transaction. */
function worldOf(failAt?: number): World {
  const log: string[] = [];
  const requests: IngestRequest[] = [];
  let transactions = 0;
  const ingest = async (batch: readonly IngestRequest[]): Promise<IngestedDocument[][]> => {
    transactions += 1;
    if (transactions === failAt) throw new Error("disk full");
    requests.push(...batch);
    log.push(`commit ${batch.length}`);
    return batch.map(({ documents }) =>
      documents.map(({ ordinal, kind }) => ({ ordinal, kind, outcome: "saved", report: `${ordinal}` })),
    );
  };
  return { log, requests, store: { ingest } };
}

function arrival(via: string, octets: string | Buffer, log: string[]): Incoming {
  const done = async (documents: readonly IngestedDocument[]): Promise<void> => {
    log.push(`done ${via} ${documents.length}`);
  };
  return { kind: "arrival", arrival: { octets: Buffer.from(octets as string), via, receivedAt: 1, done } };
}

async function* incoming(list: readonly Incoming[]): AsyncIterable<Incoming> {
  yield* list;
}

async function ingest(
  world: World,
  list: readonly Incoming[],
  options: Partial<IngestOptions> = {},
): Promise<void> {
  await ingestAll(incoming(list), {
    ...options,
    store: world.store as ReportStore,
    onArrival: ({ via }, documents) => {
      world.log.push(`told ${via} ${documents.map(({ outcome, report }) => `${outcome} ${report}`).join()}`);
    },
    onLost: ({ via }) => {
      world.log.push(`lost ${via}`);
    },
  });
}

test("an arrival is done only after its batch is committed", async () => {
  const world = worldOf();
  const list = ["a", "b", "c"].map((via) => arrival(via, aggregateXml({ id: via }), world.log));
  await ingest(world, list, { batch: 2 });
  expect(world.log).toEqual([
    "commit 2",
    "done a 1",
    "told a saved 0",
    "done b 1",
    "told b saved 0",
    "commit 1",
    "done c 1",
    "told c saved 0",
  ]);
  expect(world.requests.map(({ raw }) => [raw.via, raw.receivedAt, raw.digest.length])).toEqual([
    ["a", 1, 64],
    ["b", 1, 64],
    ["c", 1, 64],
  ]);
});

test("when the store fails nothing of the open batch is done, and what was before it stays done", async () => {
  const world = worldOf(2);
  const list = ["a", "b", "c", "d", "e"].map((via) => arrival(via, aggregateXml({ id: via }), world.log));
  await expect(ingest(world, list, { batch: 2 })).rejects.toThrow("disk full");
  expect(world.log).toEqual(["commit 2", "done a 1", "told a saved 0", "done b 1", "told b saved 0"]);
});

test("what could not be read is told in its place", async () => {
  const world = worldOf();
  const lost: Incoming = { kind: "lost", lost: { via: "x", reason: "EACCES" } };
  await ingest(world, [arrival("a", "hello", world.log), lost, lost]);
  expect(world.log).toEqual(["commit 1", "done a 1", "told a saved 0", "lost x", "lost x"]);
});

test("nothing is committed when nothing comes", async () => {
  const world = worldOf();
  await ingest(world, []);
  expect(world.log).toEqual([]);
});

test("a batch is bounded by its octets and its records", async () => {
  const world = worldOf();
  const big = `From: a@b\r\n\r\n${"x".repeat(9 * 1024 * 1024)}`;
  await ingest(
    world,
    ["a", "b", "c"].map((via) => arrival(via, big, [])),
  );
  expect(world.log.filter((line) => line.startsWith("commit"))).toEqual(["commit 2", "commit 1"]);
  const records = worldOf();
  const rows = aggregateXml({ counts: Array.from({ length: 12_000 }, () => 1) });
  await ingest(
    records,
    ["a", "b", "c"].map((via) => arrival(via, rows, [])),
  );
  expect(records.log.filter((line) => line.startsWith("commit"))).toEqual(["commit 2", "commit 1"]);
});

test("the limits of files are for files", async () => {
  const world = worldOf();
  const xml = aggregateXml({ counts: [1, 2, 3] });
  const list = [arrival("file", xml, []), arrival("mail", mailOf([{ type: "text/xml", octets: xml }]), [])];
  const limits = { ...defaultLimits, maxRecords: 2 };
  await ingest(world, list, { limits, limitsOfFiles: fileLimits });
  expect(world.requests.map(({ documents }) => documents[0]?.kind)).toEqual(["aggregate", "unread"]);
  const strict = worldOf();
  await ingest(strict, list, { limits });
  expect(strict.requests.map(({ documents }) => documents[0]?.kind)).toEqual(["unread", "unread"]);
});

test("mail is judged by what its way in says", async () => {
  const world = worldOf();
  const mail = mailOf([{ type: "text/xml", octets: aggregateXml() }]);
  await ingest(world, [arrival("imap://a", mail, []), arrival("file", mail, [])], {
    judge: ({ via }) =>
      via.startsWith("imap") ? async () => ({ verdict: "aligned", by: "arc", dkimPass: true }) : undefined,
  });
  expect(world.requests.map(({ documents }) => documents[0])).toMatchObject([{ mail: { by: "arc" } }, {}]);
  expect(world.requests[1]?.documents[0]).not.toHaveProperty("mail");
});

test("what is to be kept of failure reports: under the digest of what came", async () => {
  const world = worldOf();
  const octets = Buffer.from("From: a@b\r\nSubject: DMARC failure report\r\n\r\nSource IP: 192.0.2.1\r\n");
  const less = Buffer.from("less");
  await ingest(world, [arrival("a", octets, world.log), arrival("b", "From: a@b\r\n\r\nx", world.log)], {
    keepFailures: async (all, documents) => {
      const isFailure = documents.some(({ kind }) => kind === "failure");
      expect(all.equals(octets)).toBe(isFailure);
      return isFailure
        ? { documents: documents.map((one) => ({ ...one, name: "kept" })), octets: less }
        : undefined;
    },
  });
  const [failure, letter] = world.requests;
  const digest = createHash("sha256").update(octets).digest("hex");
  expect(failure).toMatchObject({
    raw: { digest, octets, kept: { octets: less } },
    documents: [{ name: "kept" }],
  });
  expect(letter?.raw).not.toHaveProperty("kept");
});
