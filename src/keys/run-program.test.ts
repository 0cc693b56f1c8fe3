import type * as childProcess from "node:child_process";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { runProgram } from "./run-program.ts";

let started: () => unknown = () => new EventEmitter();
vi.mock("node:child_process", async (original) => ({
  ...(await original<typeof childProcess>()),
  spawn: () => started(),
}));

const run = { program: "/bin/hook", arguments: [], input: "x", timeoutMs: 20 };

test("without a file descriptor left there are no pipes, and no process", async () => {
  started = () => {
    const child = new EventEmitter();
    process.nextTick(() => child.emit("error", Object.assign(new Error("spawn"), { code: "EMFILE" })));
    return child;
  };
  expect(await runProgram(run)).toEqual({ kind: "failed", reason: "/bin/hook: EMFILE" });
});

test("what cannot even be tried is a failure", async () => {
  started = () => {
    throw Object.assign(new Error("spawn"), { code: "E2BIG" });
  };
  expect(await runProgram(run)).toEqual({ kind: "failed", reason: "/bin/hook: E2BIG" });
});

test("one that not even a signal ends is not waited for", async () => {
  started = () =>
    Object.assign(new EventEmitter(), {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    });
  expect(await runProgram(run)).toEqual({ kind: "failed", reason: "/bin/hook: no end in 20 ms" });
});
