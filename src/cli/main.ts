#!/usr/bin/env node
import { nodeFault } from "./node-version.ts";

const argv = process.argv.slice(2);

const fault = nodeFault({ version: process.versions.node, program: process.execPath, env: process.env });
if (fault === undefined) await start();
else {
  process.stderr.write(`sekisho: ${fault}\n`);
  // As failedCode, which cannot be loaded: an MTA must keep the mail.
  process.exitCode = argv.some((option) => /^--pipe(?:=|$)/.test(option)) ? 75 : 3;
}

async function start(): Promise<void> {
  // Only now, as an older Node.js may not even be able to load them.
  const { processHost } = await import("./io.ts");
  const { failedCode, run } = await import("./run.ts");
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(failedCode(argv, error.code === "EPIPE" ? 0 : 3));
  });
  process.stderr.on("error", () => {});
  process.exitCode = await run(argv, processHost());
}
