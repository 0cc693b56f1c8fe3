import { type ExitCode, exitFailed, exitOk, exitTryLater } from "../command.ts";
import { failureLines } from "../failure-lines.ts";
import type { Io } from "../io.ts";
import { importReports } from "./import.ts";
import type { ReportValues } from "./options.ts";

/**
 * An import whose exit code is for an MTA: 0 when everything is committed, whether it could be read or not, and 75 (EX_TEMPFAIL of
 * sysexits.h) for whatever else goes wrong, so that the MTA keeps the mail and never sends it back.
 */
export async function importFromPipe(
  values: ReportValues,
  paths: readonly string[],
  io: Io,
): Promise<ExitCode> {
  try {
    const code = await importReports(values, paths, io);
    return code === exitFailed ? exitTryLater : exitOk;
  } catch (error) {
    for (const line of failureLines(error, io)) io.err(line);
    return exitTryLater;
  }
}
