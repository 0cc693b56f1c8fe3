import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { tarOf } from "../../../test/report-files.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { FolderConfig } from "../../config/collect-config.ts";
import { createLog } from "../../log.ts";
import { openStateInMemory } from "../../store/sqlite-state.ts";
import type { Arrival, Incoming } from "./arrival.ts";
import { watchFolder } from "./watch-folder.ts";
import type { WayIn } from "./way-in.ts";

interface Watched {
  readonly way: WayIn;
  readonly taken: readonly string[];
  readonly lost: readonly string[];
  readonly log: readonly string[];
  fail(isFailing: boolean): void;
}

/** @param onTaken With each arrival, before it is committed. @param onRead With each, once it is read. */
function watch(
  config: Partial<FolderConfig> & Pick<FolderConfig, "path">,
  onTaken: (text: string) => void = () => {},
  onRead: (text: string) => void = () => {},
): Watched {
  const lost: string[] = [];
  const taken: string[] = [];
  const lines: string[] = [];
  let isFailing = false;
  const take = async (incoming: AsyncIterable<Incoming>): Promise<void> => {
    const batch: Arrival[] = [];
    for await (const one of incoming) {
      if (one.kind === "lost") lost.push(one.lost.reason);
      else {
        batch.push(one.arrival);
        onRead(one.arrival.octets.toString());
      }
    }
    // The first is committed, and then the store fails.
    for (const [index, arrival] of batch.entries()) {
      if (isFailing && index > 0) throw new Error("store");
      taken.push(arrival.octets.toString());
      onTaken(arrival.octets.toString());
      const outcome = arrival.octets.includes("unread") ? "unread" : "saved";
      await arrival.done?.([{ ordinal: 0, kind: "aggregate", outcome }]);
    }
  };
  const log = createLog({ level: "debug", format: "text", write: (line) => void lines.push(line) });
  const way = watchFolder(
    { pollMs: 20, after: { kind: "leave" }, ...config },
    {
      take,
      state: openStateInMemory(),
      storeId: async () => "5e15",
      alone: (_, work) => work().then(() => true),
      log,
    },
  );
  onTestFinished(() => way.close(1_000));
  return {
    way,
    taken,
    lost,
    log: lines,
    fail: (failing) => {
      isFailing = failing;
    },
  };
}

async function until(probe: () => boolean): Promise<void> {
  const end = performance.now() + 45_000;
  while (!probe()) {
    if (performance.now() > end) throw new Error("in vain");
    await sleep(20);
  }
}

const fromLine = "From a@b.example Fri Nov 20 00:00:00 2026\n";

function settled(path: string, text: string): void {
  writeFileSync(path, text);
  const at = Date.now() / 1000 - 60;
  utimesSync(path, at, at);
}

test("files that are still written to, hidden ones and folders are left out", async () => {
  // A file is settled after some seconds, and the machine may need longer for this.
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const path = temporaryFolder();
  settled(join(path, "a.xml"), "a");
  settled(join(path, ".hidden"), "hidden");
  writeFileSync(join(path, "fresh.xml"), "fresh");
  mkdirSync(join(path, "sub"));
  const { taken, way } = watch({ path });
  await until(() => taken.length === 1 && way.status().state === "up");
  await sleep(60);
  expect(taken).toEqual(["a"]);
  settled(join(path, "fresh.xml"), "whole");
  await until(() => taken.length === 2);
  expect(taken).toEqual(["a", "whole"]);
  expect(way.status()).toMatchObject({ kind: "folder", name: path, arrivals: 2 });
});

test("moved; nothing that lies there is replaced; what could not be read goes elsewhere", async () => {
  const path = temporaryFolder();
  const done = join(path, "done");
  mkdirSync(done);
  writeFileSync(join(done, "a.xml"), "of somebody else");
  settled(join(path, "a.xml"), "a");
  settled(join(path, "b.xml"), "unread");
  watch({ path, after: { kind: "move", folder: done }, unreadTo: join(path, "odd") });
  await until(() => !existsSync(join(path, "a.xml")) && !existsSync(join(path, "b.xml")));
  expect(readdirSync(done)).toHaveLength(2);
  expect(readdirSync(join(path, "odd"))).toEqual(["b.xml"]);
});

test("a Maildir: new and cur, at once, into cur of another", async () => {
  const path = temporaryFolder();
  const other = temporaryFolder();
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(path, name));
  mkdirSync(join(other, "cur"));
  writeFileSync(join(path, "new", "1.x"), "Subject: 1\n\n");
  writeFileSync(join(path, "cur", "2.x:2,S"), "Subject: 2\n\n");
  writeFileSync(join(path, "tmp", "3.x"), "Subject: 3\n\n");
  const { taken } = watch({ path, after: { kind: "move", folder: other } });
  await until(() => readdirSync(join(other, "cur")).length === 2);
  expect(taken).toHaveLength(2);
  expect(readdirSync(join(path, "tmp"))).toEqual(["3.x"]);
});

test("an mbox goes when all that is in it is committed", async () => {
  const path = temporaryFolder();
  settled(join(path, "box"), `${fromLine}Subject: 1\n\nx\n\n${fromLine}Subject: 2\n\ny\n`);
  const { taken } = watch({ path, after: { kind: "delete" } });
  await until(() => !existsSync(join(path, "box")));
  expect(taken).toHaveLength(2);
});

test("while the store fails nothing goes that is not committed, and nothing is taken twice", async () => {
  const path = temporaryFolder();
  for (const name of ["a", "b", "c"]) settled(join(path, name), name);
  const watched = watch({ path, after: { kind: "delete" } });
  watched.fail(true);
  await until(() => watched.way.status().state === "waiting");
  expect(readdirSync(path)).toEqual(["b", "c"]);
  expect(watched.way.status().error).toBe("store");
  watched.fail(false);
  await until(() => readdirSync(path).length === 0);
  expect(watched.taken).toEqual(["a", "b", "c"]);
});

test("a folder that is not there is a problem until it comes", async () => {
  const path = join(temporaryFolder(), "later");
  const { way, taken, log } = watch({ path });
  await until(() => way.status().state === "waiting");
  expect(log.join("")).toContain("ENOENT");
  mkdirSync(path);
  settled(join(path, "a"), "a");
  await until(() => taken.length === 1);
});

test.each<readonly [string, string, (path: string) => void, readonly string[]]>([
  [
    "another file takes its place",
    "first",
    (path) => {
      settled(`${path}.new`, "second");
      renameSync(`${path}.new`, path);
    },
    ["first", "second"],
  ],
  [
    "an MTA appends to it",
    `${fromLine}A: 1\n\n`,
    (path) => {
      appendFileSync(path, `${fromLine}B: 2\n\n`);
      utimesSync(path, 1e9, 1e9);
    },
    ["A: 1\n\n", "A: 1\n\n", "B: 2\n\n"],
  ],
])("while a file is taken in %s: that is taken in, too, before it goes", async (_, text, change, wanted) => {
  for (const after of ["delete", "move"] as const) {
    const path = join(temporaryFolder(), "a");
    const done = temporaryFolder();
    settled(path, text);
    const isFirst = (() => {
      let calls = 0;
      return () => calls++ === 0;
    })();
    const { taken } = watch(
      {
        path: join(path, ".."),
        after: after === "delete" ? { kind: "delete" } : { kind: "move", folder: done },
      },
      () => {
        if (isFirst()) change(path);
      },
    );
    await until(() => !existsSync(path));
    expect(taken).toEqual(wanted);
    expect(readdirSync(done)).toEqual(after === "move" ? ["a"] : []);
  }
});

const boxOfOne = `${fromLine}A: 1\n\n`;

test("an mbox that a delivery agent has locked waits for the end of that, and locks are nobody's report", async () => {
  const path = temporaryFolder();
  settled(join(path, "box"), boxOfOne);
  writeFileSync(join(path, "box.lock"), "");
  settled(join(path, "other.lock"), "");
  settled(join(path, "b"), "b");
  const { taken, way } = watch({ path, after: { kind: "delete" } });
  await until(() => !existsSync(join(path, "b")) && way.status().state === "up");
  expect(taken).toEqual(["b"]);
  rmSync(join(path, "box.lock"));
  await until(() => !existsSync(join(path, "box")));
  expect(taken).toEqual(["b", "A: 1\n\n"]);
  expect(readdirSync(path)).toEqual(["other.lock"]);
});

test("an mbox whose name leaves no room for a lock goes, too", async () => {
  const path = temporaryFolder();
  settled(join(path, "b".repeat(252)), boxOfOne);
  const { taken } = watch({ path, after: { kind: "delete" } });
  await until(() => readdirSync(path).length === 0);
  expect(taken).toEqual(["A: 1\n\n"]);
});

test("a lock that somebody died over holds up nothing for ever", async () => {
  const path = temporaryFolder();
  settled(join(path, "box"), boxOfOne);
  writeFileSync(join(path, "box.lock"), "");
  utimesSync(join(path, "box.lock"), 1e9, 1e9);
  const { taken } = watch({ path, after: { kind: "delete" } });
  await until(() => !existsSync(join(path, "box")));
  expect(taken).toEqual(["A: 1\n\n"]);
});

test.each(["delete", "move"] as const)(
  "an mbox that is locked while it is read stays until it is free: %s",
  async (kind) => {
    const path = temporaryFolder();
    const box = join(path, "box");
    const done = temporaryFolder();
    settled(box, boxOfOne);
    const { taken, way } = watch(
      { path, after: kind === "delete" ? { kind } : { kind, folder: done } },
      (text) => {
        if (text.includes("A: 1") && taken.length === 1) writeFileSync(`${box}.lock`, "");
      },
    );
    await until(() => taken.length === 1 && way.status().state === "up");
    expect(existsSync(box)).toBe(true);
    // Whoever has the lock appends, and takes it away.
    appendFileSync(box, `${fromLine}B: 2\n\n`);
    utimesSync(box, 1e9, 1e9);
    rmSync(`${box}.lock`);
    await until(() => !existsSync(box));
    expect(taken).toEqual(["A: 1\n\n", "A: 1\n\n", "B: 2\n\n"]);
    await until(() => readdirSync(path).length === 0);
  },
);

test("what is appended to an mbox while others are read is not read before it is settled", async () => {
  // A file is settled after some seconds, and the machine may need longer for this.
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const path = temporaryFolder();
  settled(join(path, "a"), "a");
  settled(join(path, "box"), boxOfOne);
  const half = "B: 2\n\nhal";
  const { taken, way } = watch({ path, after: { kind: "delete" } }, undefined, (text) => {
    if (text !== "a") return;
    appendFileSync(join(path, "box"), `${fromLine}${half}`);
    utimesSync(join(path, "box"), new Date(), new Date());
  });
  await until(() => taken.length === 1 && way.status().state === "up");
  expect(taken).toEqual(["a"]);
  appendFileSync(join(path, "box"), "f and half\n");
  utimesSync(join(path, "box"), 1e9, 1e9);
  await until(() => !existsSync(join(path, "box")));
  expect(taken).toEqual(["a", "A: 1\n\n", "B: 2\n\nhalf and half\n"]);
});

test("a file that cannot be moved holds up no other, is told of once, and is not read again", async () => {
  const path = temporaryFolder();
  const done = temporaryFolder();
  // There is no room for anything behind the name.
  const long = `${"a".repeat(250)}.eml`;
  settled(join(done, long), "there already");
  settled(join(path, long), "stays");
  for (let index = 0; index < 60; index += 1) settled(join(path, `b${index}.eml`), `mail ${index}`);
  const { way, taken, log } = watch({ path, after: { kind: "move", folder: done } });
  await until(() => readdirSync(path).length === 1 && way.status().state === "waiting");
  expect(readdirSync(path)).toEqual([long]);
  expect(way.status().error).toContain(`a file cannot be moved or deleted: ENAMETOOLONG: ${path}`);
  // Later rounds bring new files, and no more of the old one.
  settled(join(path, "c.eml"), "later");
  await until(() => readdirSync(path).length === 1 && taken.includes("later"));
  expect(taken).toHaveLength(62);
  expect(taken.filter((text) => text === "stays")).toHaveLength(1);
  expect(log.filter((line) => /warn/i.test(line))).toHaveLength(1);
  renameSync(join(done, long), join(done, "elsewhere"));
  await until(() => way.status().state === "up");
  expect(readdirSync(path)).toEqual([]);
  expect(taken).toHaveLength(62);
  expect(way.status().error).toBeUndefined();
});

test("a file whose name is no UTF-8 is taken in and moved like any other", async () => {
  const path = temporaryFolder();
  const done = temporaryFolder();
  const name = Buffer.from([0x83, 0x8c, 0x83, 0x7c, 0x2e, 0x78, 0x6d, 0x6c]);
  const file = Buffer.concat([Buffer.from(`${path}/`), name]);
  writeFileSync(file, "shift_jis");
  utimesSync(file, 1e9, 1e9);
  const { taken } = watch({ path, after: { kind: "move", folder: done } });
  await until(() => readdirSync(path).length === 0);
  expect(taken).toEqual(["shift_jis"]);
  expect(readdirSync(done, { encoding: "buffer" })).toEqual([name]);
});

test("what a mail program takes away between looking and reading is not lost", async () => {
  const path = temporaryFolder();
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(path, name));
  for (const name of ["1", "2"]) writeFileSync(join(path, "new", name), `Subject: ${name}\n\n`);
  const { taken, lost, way } = watch({ path }, undefined, (text) => {
    if (text.includes(": 1")) renameSync(join(path, "new", "2"), join(path, "cur", "2:2,S"));
  });
  await until(() => taken.length === 2 && way.status().state === "up");
  expect(taken).toEqual(["Subject: 1\n\n", "Subject: 2\n\n"]);
  expect(lost).toEqual([]);
});

test("what could not be read is tried again when anything about it has changed, such as its mode", async () => {
  const path = temporaryFolder();
  const file = join(path, "t.tar");
  const octets = tarOf([{ name: "a.xml", octets: "a" }]);
  const damaged = Buffer.concat([octets.subarray(0, -1_024), Buffer.alloc(1_024, 1)]);
  writeFileSync(file, damaged);
  utimesSync(file, 1e9, 1e9);
  const { taken, lost, way } = watch({ path, after: { kind: "delete" } });
  await until(() => way.status().state === "up");
  expect([taken, lost]).toEqual([["a"], ["damaged"]]);
  await sleep(100);
  expect(lost).toHaveLength(1);
  chmodSync(file, 0o640);
  await until(() => lost.length === 2);
  writeFileSync(file, octets);
  utimesSync(file, 1e9, 1e9);
  await until(() => !existsSync(file));
  expect(lost).toHaveLength(2);
});
