#!/usr/bin/env node
import { processHost } from "./io.ts";
import { run } from "./run.ts";

// A reader that has seen enough (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 3);
});
process.stderr.on("error", () => {});

process.exitCode = await run(process.argv.slice(2), processHost());
