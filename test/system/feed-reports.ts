import { readFileSync, writeSync } from "node:fs";
import { ingestAll } from "../../src/collect/ingest.ts";
import type { Incoming } from "../../src/collect/input/arrival.ts";
import { openReportStore } from "../../src/store/reports/open.ts";

/**
 * A process of its own that brings mails into a store, told by its arguments: STORE (a URL, or a folder for SQLite), a JSON list of
 * files, a seed for their order and the size of transactions. It writes a line when it begins, the file of each mail that is
 * committed, and one at the end.
 */
const [place = "", list = "", seed = "0", batch = "50"] = process.argv.slice(2);
const store = await openReportStore(
  place.startsWith("postgres:") ? { store: place, dataDir: "" } : { dataDir: place },
);

async function* arrivals(): AsyncGenerator<Incoming> {
  for (const file of shuffled(JSON.parse(readFileSync(list, "utf8")) as readonly string[], Number(seed))) {
    const octets = readFileSync(file);
    // Told before anybody can move the mail away.
    const done = async (): Promise<void> => say(file);
    yield { kind: "arrival", arrival: { octets, via: file, receivedAt: 0, done } };
  }
}

/** Written at once: a line that was said stays said when the process is killed. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function shuffled<T>(values: readonly T[], start: number): T[] {
  let state = (start + 1) >>> 0;
  const keyed = values.map((value) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { value, key: state >>> 8 };
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

say("begin");
await ingestAll(arrivals(), { store, batch: Number(batch) });
await store.close();
say("end");
