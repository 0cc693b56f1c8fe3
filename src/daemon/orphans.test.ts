import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { orphansAreLeft, workerTitle } from "./orphans.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-orphans-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;

interface Process {
  readonly pid: string;
  readonly commandLine: string;
  readonly parent: number;
}

function listOf(...processes: readonly Process[]): string {
  const list = join(folder, String(++folders));
  mkdirSync(join(list, "self"), { recursive: true });
  for (const { pid, commandLine, parent } of processes) {
    mkdirSync(join(list, pid));
    writeFileSync(join(list, pid, "cmdline"), commandLine);
    writeFileSync(join(list, pid, "stat"), `${pid} (a (b) S 1) S ${parent} 7 7 0 -1`);
  }
  return list;
}

const worker = (parent: number): Process => ({
  pid: "20",
  commandLine: `${workerTitle("1", "10")}\0\0\0`,
  parent,
});

const loading = (parent: number): Process => ({
  pid: "20",
  commandLine: "/usr/bin/node\0--no-maglev\0/opt/sekisho/dist/daemon/worker-main.js\x001\0mail\x0010\0",
  parent,
});

test.each<[string, readonly Process[], boolean]>([
  ["nobody", [], false],
  ["another program", [{ pid: "9", commandLine: "sekisho\0serve\0", parent: 1 }], false],
  ["a worker with its supervisor", [worker(10)], false],
  ["a worker whose supervisor is gone", [worker(1)], true],
  ["one that is being loaded, with its supervisor", [loading(10)], false],
  ["one that is being loaded, whose supervisor is gone", [loading(1)], true],
  ["one among others", [{ pid: "9", commandLine: "", parent: 1 }, worker(1)], true],
])("%s", (_, processes, expected) => {
  expect(orphansAreLeft(listOf(...processes))).toBe(expected);
});

test("one that ends while it is looked at is none", () => {
  const list = listOf();
  mkdirSync(join(list, "20"));
  expect(orphansAreLeft(list)).toBe(false);
});

test("a system that does not tell may have some", () => {
  expect(orphansAreLeft(join(folder, "nothing"))).toBe(true);
});
