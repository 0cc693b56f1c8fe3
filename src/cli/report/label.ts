import {
  labelPattern,
  listLabels,
  putLabel,
  removeLabel,
  type SourceLabel,
} from "../../collect/classify/label.ts";
import { type GroupName, groupNames } from "../../collect/classify/source.ts";
import { SekishoError } from "../../errors.ts";
import { openSharedState } from "../../store/shared.ts";
import type { StateStore } from "../../store/state.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import { readConfig } from "../config-option.ts";
import { refuseBeside } from "../idle-options.ts";
import { formatJson, type Io } from "../io.ts";
import { printable } from "../layout.ts";
import { sourceText } from "../text/source-text.ts";
import type { ReportValues } from "./options.ts";
import { ownerText } from "./source-clusters.ts";
import { tableLines } from "./table.ts";

/** Says whose an address, a network or a name is; without a group for it, shows what has been said. */
export async function labelSource(
  values: ReportValues,
  [written, group]: readonly string[],
  io: Io,
): Promise<ExitCode> {
  const text = sourceText(io.lang);
  refuseBeside(values, ["owner", "contact"], "remove", io);
  if (values.remove && group !== undefined) throw usageError(text.groupOfRemoved(printable(group)));
  const pattern = written === undefined ? undefined : labelPattern(written);
  if (written !== undefined && pattern === undefined) throw usageError(text.badPattern(printable(written)));
  const saysSomething = values.remove || values.owner !== undefined || values.contact !== undefined;
  if (pattern === undefined && saysSomething) throw usageError(io.text.usage.missingArgument("ADDRESS"));
  const wanted = pattern === undefined || values.remove ? undefined : readGroup(group, io);
  const state = await openSharedState(await readConfig(values.config, io));
  try {
    if (pattern === undefined) await showLabels(state, values, io);
    else if (wanted === undefined) await remove(state, pattern, values, io);
    else await put(state, { pattern, group: wanted, ...ownerOf(values) }, values, io);
    return exitOk;
  } finally {
    await state.close();
  }
}

/** @throws SekishoError with code USAGE. */
function readGroup(written: string | undefined, io: Io): GroupName {
  const text = sourceText(io.lang);
  if (written === undefined) throw usageError(text.missingGroup(groupNames.join(", ")));
  const group = groupNames.find((name) => name === written);
  if (group === undefined) throw usageError(text.badGroup(printable(written), groupNames.join(", ")));
  return group;
}

function ownerOf({ owner, contact }: ReportValues): Pick<SourceLabel, "name" | "contact"> {
  return { ...(owner !== undefined && { name: owner }), ...(contact !== undefined && { contact }) };
}

async function put(state: StateStore, label: SourceLabel, { json }: ReportValues, io: Io): Promise<void> {
  await putLabel(state, label);
  const text = sourceText(io.lang);
  if (json) io.out(formatJson(label, io.isTty));
  else io.out(text.labelled(label.pattern, text.group[label.group]));
}

async function remove(state: StateStore, pattern: string, { json }: ReportValues, io: Io): Promise<void> {
  const text = sourceText(io.lang);
  if (!(await removeLabel(state, pattern))) throw new SekishoError("NOT_FOUND", text.noSuchLabel(pattern));
  if (json) io.out(formatJson({ pattern, removed: true }, io.isTty));
  else io.out(text.unlabelled(pattern));
}

async function showLabels(state: StateStore, { json }: ReportValues, io: Io): Promise<void> {
  const text = sourceText(io.lang);
  const labels = await listLabels(state);
  if (json) for (const label of labels) io.out(formatJson(label));
  else if (labels.length === 0) io.out(text.noLabels);
  else {
    const { columns } = text;
    const rows = labels.map((label) => [label.pattern, `${label.group}`, printable(ownerText(label) ?? "")]);
    const titles = [{ title: columns.label }, { title: columns.group }, { title: columns.owner, least: 12 }];
    for (const line of tableLines(titles, rows, io)) io.out(line);
  }
}
