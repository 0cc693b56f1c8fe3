import { type ExecFileException, execFile } from "node:child_process";

const withinMs = 30_000;
const maxOutput = 64 * 1024;
/** Access tokens are a few kilobytes at most. */
const maxToken = 16 * 1024;

/**
 * Runs a program that prints an OAuth2 access token, and nothing else, on its first line. Without a shell, 30 seconds at most.
 * @throws Error that says what went wrong; it never holds what the program has printed on stdout.
 */
export function readAccessToken(command: readonly string[], timeoutMs: number = withinMs): Promise<string> {
  const [program = "", ...rest] = command;
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: maxOutput } as const;
    const child = execFile(program, rest, options, (error, stdout, stderr) => {
      const token = stdout.split("\n", 1)[0]?.trim() ?? "";
      if (error !== null) reject(new Error(`${program}: ${failure(error, stderr)}`));
      else if (!/^[\x21-\x7e]+$/.test(token) || token.length > maxToken)
        reject(new Error(`${program}: printed no token`));
      else resolve(token);
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end();
  });
}

function failure(error: ExecFileException, stderr: string): string {
  if (error.killed === true) return "no end in time";
  const said = stderr
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 300);
  const code = String(error.code ?? "killed");
  return said === "" ? `exit code ${code}` : `exit code ${code}: ${said}`;
}
