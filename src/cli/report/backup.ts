import { SekishoError } from "../../errors.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import { fileUnreadable } from "../input.ts";
import type { Io } from "../io.ts";
import { reportText } from "../text/report-text.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";

/** Copies the store to a new file while it is in use. */
export async function backupReports(
  { config }: ReportValues,
  [path]: readonly string[],
  io: Io,
): Promise<ExitCode> {
  if (path === undefined) throw usageError(io.text.usage.missingArgument("FILE"));
  return withReports(config, io, async (store) => {
    try {
      await store.backup(path);
    } catch (error) {
      throw error instanceof SekishoError ? error : fileUnreadable(path, error, io);
    }
    io.out(reportText(io.lang).backedUp(path));
    return exitOk;
  });
}
