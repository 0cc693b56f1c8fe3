import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The exit code by which a peer script says that its library is not installed. */
const missingExit = 3;

/**
 * Runs a peer script of `peers/` over a batch: one JSON line in and one out for each case, in order.
 * @returns undefined when the peer is not installed here.
 * @throws Error when the script fails.
 */
export function runPeer<Answer>(
  interpreter: string,
  script: string,
  cases: readonly unknown[],
): Promise<readonly Answer[] | undefined> {
  const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  const child = spawn(interpreter, [path], { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(cases.map((one) => `${JSON.stringify(one)}\n`).join(""));
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve(undefined);
      else reject(error);
    });
    child.on("close", (code) => {
      if (code === missingExit) resolve(undefined);
      else if (code !== 0) reject(new Error(`${script} ended with ${code}`));
      else resolve(readLines<Answer>(Buffer.concat(chunks).toString("utf8")));
    });
  });
}

function readLines<Answer>(text: string): Answer[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Answer);
}
