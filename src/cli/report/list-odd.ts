import type { OddDocument } from "../../store/reports/port.ts";
import { type ExitCode, exitFindings, exitOk, usageError } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { readLimit, readSpan } from "./filter.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";
import { type Column, day, tableLines } from "./table.ts";

const defaultLimit = 50;
const maxLimit = 99_999;
const shownDigest = 12;
/** What was not read has none of these. */
const meaningless = [
  "domain",
  "subdomains",
  "reporter",
  "kind",
  "group",
  "without-unaligned",
  "cursor",
] as const;

/** Lists mails and files that no report was found in, the last that came first; `--since` and `--before` are of their arrival. */
export async function listOdd(
  outcome: "unread" | "skipped",
  values: ReportValues,
  io: Io,
): Promise<ExitCode> {
  for (const option of meaningless)
    if (values[option] !== undefined && values[option] !== false)
      throw usageError(reportText(io.lang).notForOutcome(`--${option}`, outcome));
  const limit = Math.min(readLimit(values, io) ?? defaultLimit, maxLimit);
  const { since, before } = readSpan(values, io);
  const received = {
    ...(since !== undefined && { since: since * 1000 }),
    ...(before !== undefined && { before: before * 1000 }),
  };
  const found = await withReports(values.config, io, (store) => store.odd(outcome, limit + 1, received));
  await tell(found.slice(0, limit), found.length > limit, values, io);
  return found.length === 0 || outcome === "skipped" ? exitOk : exitFindings;
}

async function tell(
  odd: readonly OddDocument[],
  isMore: boolean,
  { json }: ReportValues,
  io: Io,
): Promise<void> {
  const text = reportText(io.lang);
  if (json) for (const one of odd) await io.outSlowly(formatJson(oddJson(one)));
  else if (odd.length === 0) io.out(text.nothingOdd);
  else for (const line of [...oddLines(odd, io), "", ...wrap(text.lookAtRaw, io.columns)]) io.out(line);
  if (isMore) (json ? io.err : io.out)(text.moreOdd(`--limit ${odd.length * 2}`));
}

function oddLines(odd: readonly OddDocument[], io: Io): string[] {
  const { columns } = reportText(io.lang);
  const titles: readonly Column[] = [
    { title: columns.id },
    { title: columns.when },
    { title: columns.reason, least: 24, cutLast: true },
    { title: columns.via, least: 16, keepEnd: true },
  ];
  return tableLines(
    titles,
    odd.map((one) => oddRow(one, io)),
    io,
  );
}

function oddRow({ rawDigest, receivedAt, reason, via, name }: OddDocument, io: Io): string[] {
  const where = name === undefined || via.endsWith(name) ? via : `${via} (${name})`;
  return [
    rawDigest.slice(0, shownDigest),
    day(receivedAt / 1000),
    printable(reportText(io.lang).reason(reason ?? "")),
    printable(where),
  ];
}

function oddJson({ rawDigest, receivedAt, ...odd }: OddDocument): object {
  return { raw: rawDigest, receivedAt: new Date(receivedAt).toISOString(), ...odd };
}
