import { appendFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { fixedClock } from "../core/clock.ts";
import type { TokenUse, WayIn } from "../filter/list-memory.ts";
import { type ListJournal, openListJournal } from "./list-journal.ts";

const clock = fixedClock(Date.UTC(2026, 9, 31));
const terms = { keepMs: 86_400_000, batchesMs: 0 };
const wayIn: WayIn = {
  at: clock.now(),
  lists: ["staff a@lists.example", "staff b@lists.example"],
  payload: "mx.example; dmarc=pass",
  chain: "none",
  sets: "",
};
const use: TokenUse = {
  host: "staff",
  list: "a@lists.example",
  connection: "1",
  content: "c",
  recipients: "r",
};
const warnings: string[] = [];
const log = { warn: (message: string) => void warnings.push(message) };

function open(folder: string): ListJournal {
  return openListJournal(folder, clock, log);
}

async function word({ handlers }: ListJournal, key: string, list = use.list): Promise<string> {
  const answer = await handlers["list.redeem"]({ key, use: { ...use, list }, terms });
  return answer.kind === "refused" ? answer.reason : answer.kind;
}

test("a restart loses neither what is remembered nor what is used", async () => {
  const folder = temporaryFolder();
  const first = open(folder);
  for (const key of ["one", "two"])
    expect(await first.handlers["list.remember"]({ key, wayIn, terms })).toBe(true);
  expect(await word(first, "one")).toBe("known");
  await first.close();
  const file = join(folder, "list-memory.ndjson");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const second = open(folder);
  expect(second.size).toBe(2);
  expect(await word(second, "one")).toBe("used");
  expect(await word(second, "one", "b@lists.example")).toBe("known");
  expect(await word(second, "two")).toBe("known");
  await second.close();
  expect(await word(open(folder), "two")).toBe("used");
  expect(warnings).toEqual([]);
});

test("lines that are cut off or no entries are passed over", async () => {
  const folder = temporaryFolder();
  const first = open(folder);
  await first.handlers["list.remember"]({ key: "one", wayIn, terms });
  await first.close();
  const file = join(folder, "list-memory.ndjson");
  const whole = readFileSync(file, "utf8");
  for (const odd of [
    "null",
    "[]",
    '{"kind":"in","key":"x"}',
    '{"kind":"in","key":"x","wayIn":{"at":0,"lists":[1],"payload":"","chain":"none","sets":""}}',
    '{"kind":"in","key":"x","wayIn":{"at":0,"lists":[],"payload":"","chain":"odd","sets":""}}',
    '{"kind":"out","key":"one","at":1,"use":{}}',
    '{"kind":"out","key":"one","at":"1","use":{"host":"staff","list":"a","connection":"1","content":"c","recipients":"r"}}',
    "\0\xff",
    whole.slice(0, 40),
  ])
    appendFileSync(file, `${odd}\n`);
  const second = open(folder);
  expect(second.size).toBe(1);
  expect(await word(second, "one")).toBe("known");
});

test("what is of no use any more goes out of the file", async () => {
  const folder = temporaryFolder();
  const first = open(folder);
  await first.handlers["list.remember"]({
    key: "old",
    wayIn: { ...wayIn, at: 0 },
    terms: { ...terms, keepMs: clock.now() + 1 },
  });
  await first.handlers["list.remember"]({ key: "new", wayIn, terms });
  await first.close();
  const second = open(folder);
  await second.handlers["list.remember"]({ key: "newer", wayIn, terms });
  await second.close();
  const lines = readFileSync(join(folder, "list-memory.ndjson"), "utf8").trim().split("\n");
  expect(lines).toHaveLength(2);
});

test("what is all of use is not written anew each time", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "list-memory.ndjson");
  const journal = open(folder);
  const batches = { ...terms, batchesMs: 86_400_000 };
  const redeem = (key: string, recipients: number): unknown =>
    journal.handlers["list.redeem"]({ key, use: { ...use, recipients: String(recipients) }, terms: batches });
  // A list that hands over each message once for each of its members.
  for (let message = 0; message < 12; message += 1) {
    await journal.handlers["list.remember"]({ key: String(message), wayIn, terms: batches });
    for (let member = 0; member < 1_000; member += 1) await redeem(String(message), member);
  }
  await journal.close();
  const { ino } = statSync(file);
  const lines = (): number => readFileSync(file, "utf8").split("\n").length - 1;
  expect(lines()).toBe(12_012);
  await journal.handlers["list.remember"]({ key: "last", wayIn, terms: batches });
  await journal.close();
  expect(statSync(file).ino).toBe(ino);
  expect(lines()).toBe(12_013);
});

test("a file that is too large is not read, and that is told", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "list-memory.ndjson");
  writeFileSync(file, "");
  truncateSync(file, 256 * 1024 * 1024 + 1);
  warnings.length = 0;
  const journal = open(folder);
  expect(journal.size).toBe(0);
  expect(warnings).toEqual(["the memory of mail to lists is begun anew, as its file is too large"]);
  await journal.handlers["list.remember"]({ key: "one", wayIn, terms });
  await journal.close();
  expect(await word(open(folder), "one")).toBe("known");
});

test("where the file fails the memory goes on, and one warning tells it", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "list-memory.ndjson");
  mkdirSync(file);
  writeFileSync(join(file, "x"), "");
  warnings.length = 0;
  const journal = open(folder);
  await journal.handlers["list.remember"]({ key: "one", wayIn, terms });
  await journal.close();
  await journal.handlers["list.remember"]({ key: "two", wayIn, terms });
  await journal.close();
  expect(await word(journal, "one")).toBe("known");
  expect(warnings).toHaveLength(1);
});
