import { expect, test } from "vitest";
import { openStateInMemory } from "../../store/sqlite-state.ts";
import { MailFolderMemory } from "./imap-memory.ts";

const id = "imap://dmarc@imap.example/INBOX";
const store = "5e15";

test("what was taken is remembered over a restart, as long as UIDVALIDITY is the same", async () => {
  const state = openStateInMemory();
  const first = new MailFolderMemory(state, id);
  expect(await first.open(7n, store)).toBe(false);
  expect(first.ranges()).toEqual(["1:*"]);
  await first.taken([3, 5, 4]);
  expect([5, 6].map((uid) => first.isNew(uid))).toEqual([false, true]);
  expect(await first.open(7n, store)).toBe(true);

  const second = new MailFolderMemory(state, id);
  await second.open(7n, store);
  expect(second.ranges()).toEqual(["6:*"]);
  expect(await second.open(8n, store)).toBe(false);
  expect(second.ranges()).toEqual(["1:*"]);
  const other = new MailFolderMemory(state, `${id}2`);
  await other.open(7n, store);
  expect(other.ranges()).toEqual(["1:*"]);
  await state.close();
});

test("into another store everything is read, and into the first one what has come since", async () => {
  const state = openStateInMemory();
  const memory = new MailFolderMemory(state, id);
  await memory.open(7n, store);
  await memory.taken([5]);
  expect(await memory.open(7n, "other")).toBe(false);
  expect(memory.ranges()).toEqual(["1:*"]);
  await memory.taken([8]);
  await memory.open(7n, store);
  expect(memory.ranges()).toEqual(["6:*"]);
  const later = new MailFolderMemory(state, id);
  await later.open(7n, "other");
  expect(later.ranges()).toEqual(["9:*"]);
  await state.close();
});

test("what was left is tried again at the next start, until it is taken", async () => {
  const state = openStateInMemory();
  const first = new MailFolderMemory(state, id);
  await first.open(7n, store);
  first.left(2);
  await first.taken([1, 3]);
  expect(first.isNew(2)).toBe(false);

  const second = new MailFolderMemory(state, id);
  await second.open(7n, store);
  expect(second.ranges()).toEqual(["2", "4:*"]);
  expect(second.isNew(2)).toBe(true);
  await second.taken([2]);
  const third = new MailFolderMemory(state, id);
  await third.open(7n, store);
  expect(third.ranges()).toEqual(["4:*"]);
  await state.close();
});

test("what could not be fetched is asked for again, in this process and after a restart, until it is gone", async () => {
  const state = openStateInMemory();
  const first = new MailFolderMemory(state, id);
  await first.open(7n, store);
  first.again(2);
  first.again(4);
  await first.taken([1, 3, 5]);
  expect(first.ranges()).toEqual(["2,4", "6:*"]);
  expect(first.isNew(2)).toBe(true);

  const second = new MailFolderMemory(state, id);
  await second.open(7n, store);
  expect(second.ranges()).toEqual(["2,4", "6:*"]);
  second.gone(2);
  await second.taken([4]);
  expect(second.ranges()).toEqual(["6:*"]);
  await state.close();
});

test("however many are asked for again, no command is longer than servers take", async () => {
  const state = openStateInMemory();
  const memory = new MailFolderMemory(state, id);
  await memory.open(7n, store);
  const uids = Array.from({ length: 1_900 }, (_, index) => 4_000_000_001 + 3 * index);
  for (const uid of uids) memory.again(uid);
  await memory.taken([4_200_000_000]);
  const ranges = memory.ranges();
  expect(ranges.at(-1)).toBe("4200000001:*");
  expect(ranges.slice(0, -1).flatMap((range) => range.split(",").map(Number))).toEqual(uids);
  expect(Math.max(...ranges.map(({ length }) => length))).toBeLessThan(8_000);
  await state.close();
});

test("more than can be remembered cannot be passed over", async () => {
  const state = openStateInMemory();
  const memory = new MailFolderMemory(state, id);
  await memory.open(7n, store);
  expect(() => {
    for (let uid = 1; uid <= 5_000; uid += 1) memory.again(uid);
  }).toThrow("too many mails cannot be fetched");
  await state.close();
});

test.each([{ uidValidity: 7, uid: 3 }, { uidValidity: "7" }, { left: "x" }, {}])(
  "what cannot be read counts as nothing: %o",
  async (value) => {
    const state = openStateInMemory();
    await state.tx((tx) => tx.put("collect-mail-folder", `${store} ${id}`, value));
    const memory = new MailFolderMemory(state, id);
    await memory.open(7n, store);
    expect(memory.ranges()).toEqual(["1:*"]);
    await state.close();
  },
);

test("what could not be looked up is looked up at the next try: UIDs of before count for nothing", async () => {
  const state = openStateInMemory();
  const broken = { isNow: false };
  const memory = new MailFolderMemory(
    { ...state, tx: (work) => (broken.isNow ? Promise.reject(new Error("disk I/O error")) : state.tx(work)) },
    id,
  );
  await memory.open(7n, store);
  await memory.taken([5]);
  broken.isNow = true;
  await expect(memory.open(8n, store)).rejects.toThrow("disk I/O error");
  broken.isNow = false;
  expect(await memory.open(8n, store)).toBe(false);
  expect(memory.ranges()).toEqual(["1:*"]);
  await state.close();
});
