import { openGeo } from "../../collect/classify/geo.ts";
import { type NamingRound, nameSources, namingLimits } from "../../collect/classify/name-sources.ts";
import { organizationalDomains } from "../../collect/classify/naming.ts";
import { fileFaultText } from "../../config/file-fault.ts";
import { systemClock } from "../../core/clock.ts";
import { openSharedNames } from "../../store/shared.ts";
import { type ExitCode, exitFailed, exitOk } from "../command.ts";
import { readConfig } from "../config-option.ts";
import { openDns } from "../dns-options.ts";
import { formatJson, type Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { sourceText } from "../text/source-text.ts";
import { readFilter } from "./filter.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";

/** Looks up the addresses that send as us, as the running program does in the background: one round, now. */
export async function nameNow(values: ReportValues, _: readonly string[], io: Io): Promise<ExitCode> {
  const { domain, since } = readFilter(values, io);
  const config = await readConfig(values.config, io);
  const organizational = await organizationalDomains();
  const { resolver, close } = openDns(values, config.dns, io);
  const names = await openSharedNames(config);
  try {
    const { geo, blocklists } = config.collect;
    const round = await withReports(values.config, io, (reports) =>
      nameSources(
        {
          reports,
          names,
          dns: resolver,
          clock: systemClock,
          organizational,
          geo: () => openGeo(geo),
          blocklists,
        },
        since === undefined ? namingLimits : { ...namingLimits, days: daysSince(since) },
        { again: values.again, ...(domain !== undefined && { domain }) },
      ),
    );
    tell(round, values, io);
    return round.asked > 0 && round.unanswered === round.asked ? exitFailed : exitOk;
  } finally {
    await names.close();
    close();
  }
}

/** @param since Seconds since 1970. */
function daysSince(since: number): number {
  return Math.ceil((systemClock.now() / 1000 - since) / 86_400);
}

function tell(round: NamingRound, { json }: ReportValues, io: Io): void {
  if (json) {
    io.out(formatJson(round, io.isTty));
    return;
  }
  const text = sourceText(io.lang);
  const { asked, unanswered, left, unusableLists, problems } = round;
  const lines = [
    asked === 0 ? text.nothingToName : text.named(asked, unanswered),
    ...(left === 0 ? [] : [text.left(left)]),
    ...unusableLists.map((list) => text.listUnusable(printable(list))),
    ...problems.map(({ file, reason }) =>
      text.databaseUnusable(printable(file), printable(fileFaultText(reason, io.lang))),
    ),
  ];
  for (const line of lines) for (const part of wrap(line, io.columns)) io.out(part);
}
