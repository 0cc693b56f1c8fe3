import { spawn } from "node:child_process";

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
export function runProgram(run: ProgramRun): Promise<ProgramOutcome> {
  return new Promise((resolve) => {
    const child = spawn(run.program, [...run.arguments], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", ...run.env },
      // A process group of its own, so that its children end with it.
      detached: true,
    });
    const chunks: Buffer[] = [];
    let octets = 0;
    const keep = (chunk: Buffer): void => {
      if (octets < maxOutputOctets) chunks.push(chunk);
      octets += chunk.length;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    let isLate = false;
    const settle = (code: number | null, signal: string | null): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      const output = readable(Buffer.concat(chunks));
      if (isLate) resolve({ kind: "failed", reason: `${run.program}: no end in ${run.timeoutMs} ms` });
      else if (code === null) resolve({ kind: "failed", reason: `${run.program}: ${signal ?? "killed"}` });
      else resolve({ kind: "ended", code, output });
    };
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
    }, run.timeoutMs);
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ kind: "failed", reason: `${run.program}: ${error.code ?? error.message}` });
    });
    child.once("close", settle);
    // Something that it has left behind may hold its output open for ever.
    child.once("exit", (code, signal) => setTimeout(settle, outputGraceMs, code, signal).unref());
    // It may end without reading.
    child.stdin.on("error", () => {});
    child.stdin.end(run.input);
  });
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

/** In one line, without control characters. */
function readable(output: Buffer): string {
  const text = output.toString("utf8").replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return text.trim().slice(0, maxReasonLength);
}
