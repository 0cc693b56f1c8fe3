import { leftOutOf } from "../../collect/failure/left-out.ts";
import { SekishoError } from "../../errors.ts";
import type { RawDocument, ReportStore } from "../../store/reports/port.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import type { Io } from "../io.ts";
import { printable } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { findReport } from "./find-report.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";

/** Prints the octets of the mail or file that a report came in, as they came. */
export async function printRaw(values: ReportValues, [id]: readonly string[], io: Io): Promise<ExitCode> {
  if (id === undefined) throw usageError(io.text.usage.missingArgument("REPORT"));
  return withReports(values.config, io, async (store) => {
    const raw = await findRaw(store, id, io);
    if (raw?.octets === undefined)
      throw new SekishoError("NOT_FOUND", reportText(io.lang).rawGone(printable(id)));
    const leftOut = leftOutOf(raw);
    if (leftOut !== undefined) io.err(reportText(io.lang).leftOut[leftOut]);
    if (io.isTty) showText(raw.octets, io);
    else await write(raw.octets, io);
    return exitOk;
  });
}

async function findRaw(store: ReportStore, id: string, io: Io): Promise<RawDocument | undefined> {
  const digest = await findDigest(store, id.toLowerCase());
  return store.raw(digest ?? (await findReport(store, id, io)).rawDigest);
}

const mostOdd = 1_000;

/** What was not read has no number: it is found by its digest, or the beginning of that. */
async function findDigest(store: ReportStore, id: string): Promise<string | undefined> {
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  if (!/^[0-9a-f]{8,63}$/.test(id)) return undefined;
  const found = new Set<string>();
  for (const outcome of ["unread", "skipped", "conflict"] as const)
    for (const { rawDigest } of await store.odd(outcome, mostOdd))
      if (rawDigest.startsWith(id)) found.add(rawDigest);
  const [digest] = found;
  return found.size === 1 ? digest : undefined;
}

/** On a terminal nothing of a stranger's mail may drive it. @throws SekishoError with code USAGE. */
function showText(octets: Buffer, io: Io): void {
  const text = octets.toString("utf8");
  if (octets.includes(0)) throw usageError(reportText(io.lang).rawIsNoText);
  for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/))
    io.out(printable(line.replaceAll("\t", "        ")));
}

function write(octets: Buffer, { stdout }: Io): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(octets, (error) => (error ? reject(error) : resolve()));
  });
}
