import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { reasonOf } from "./fault-reason.ts";

export interface ProgramRun {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly input: string;
  /** Besides PATH and a C locale; nothing else of our environment is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type ProgramOutcome =
  | { readonly kind: "ended"; readonly code: number; readonly output: string }
  | { readonly kind: "failed"; readonly reason: string };

const maxOutputOctets = 64 * 1024;
const outputGraceMs = 500;

/**
 * Runs a program without a shell, with its input on stdin, until it ends or its time is up; then it and everything that
 * it has started is killed. Never rejects.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramOutcome> {
  try {
    return await started(run);
  } catch (error) {
    return { kind: "failed", reason: `${run.program}: ${reasonOf(error)}` };
  }
}

/** Rejects when it cannot be started. */
function started(run: ProgramRun): Promise<ProgramOutcome> {
  return new Promise((resolve, reject) => {
    const child: PipedChild = spawn(run.program, [...run.arguments], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", ...run.env },
      // A process group of its own, so that its children end with it.
      detached: true,
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    const output = collected(child);
    let isLate = false;
    const settle = (code: number | null, signal: string | null): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
      if (isLate) resolve({ kind: "failed", reason: `${run.program}: no end in ${run.timeoutMs} ms` });
      else if (code === null) resolve({ kind: "failed", reason: `${run.program}: ${signal ?? "killed"}` });
      else resolve({ kind: "ended", code, output: readable(output()) });
    };
    // Something that it has left behind may hold its output open for ever, and a signal need not end it.
    const settleLater = (code: number | null, signal: string | null): void => {
      setTimeout(settle, outputGraceMs, code, signal).unref();
    };
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
      settleLater(null, null);
    }, run.timeoutMs);
    child.once("close", settle);
    child.once("exit", settleLater);
    // It may end without reading.
    child.stdin?.on("error", () => {});
    child.stdin?.end(run.input);
  });
}

/** Without a file descriptor left there are no pipes, whatever was asked for. */
type PipedChild = Omit<ChildProcess, "stdin" | "stdout" | "stderr"> &
  Partial<Pick<ChildProcessWithoutNullStreams, "stdin" | "stdout" | "stderr">>;

/** What it says on both of its outputs, up to a limit. */
function collected({ stdout, stderr }: PipedChild): () => Buffer {
  const chunks: Buffer[] = [];
  let octets = 0;
  const keep = (chunk: Buffer): void => {
    if (octets < maxOutputOctets) chunks.push(chunk);
    octets += chunk.length;
  };
  stdout?.on("data", keep);
  stderr?.on("data", keep);
  return () => Buffer.concat(chunks);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

const maxReasonLength = 500;

/** In one line, without characters that have no width or change the direction. */
function readable(output: Buffer): string {
  const text = output.toString("utf8").replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
  return text.trim().slice(0, maxReasonLength);
}
