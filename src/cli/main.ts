#!/usr/bin/env node
import { processHost } from "./io.ts";
import { failedCode, run } from "./run.ts";

const argv = process.argv.slice(2);

// A reader that has seen enough (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(failedCode(argv, error.code === "EPIPE" ? 0 : 3));
});
process.stderr.on("error", () => {});

process.exitCode = await run(argv, processHost());
