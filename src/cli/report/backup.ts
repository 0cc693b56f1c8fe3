import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { SekishoError } from "../../errors.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import { fileUnwritable } from "../input.ts";
import type { Io } from "../io.ts";
import { printable } from "../layout.ts";
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
  const text = reportText(io.lang);
  if (existsSync(path)) throw new SekishoError("FILE_UNREADABLE", text.backupExists(printable(path)));
  if (!existsSync(dirname(path)))
    throw new SekishoError("FILE_UNREADABLE", text.noBackupFolder(printable(path)));
  return withReports(config, io, async (store) => {
    try {
      await store.backup(path);
    } catch (error) {
      throw isOfSystem(error) ? fileUnwritable(path, (error as Error).cause, io) : error;
    }
    io.out(text.backedUp(printable(path)));
    return exitOk;
  });
}

/** Whether the system refused to make the file, not the database to be read. */
function isOfSystem(error: unknown): boolean {
  if (!(error instanceof SekishoError) || !(error.cause instanceof Error)) return false;
  const { syscall, path } = error.cause as NodeJS.ErrnoException;
  return syscall !== undefined && path !== undefined;
}
