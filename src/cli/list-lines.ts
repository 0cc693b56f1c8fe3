import type { MessageRecord, RecordedList, RecordedSeal } from "../store/record.ts";
import type { Io } from "./io.ts";
import { printable } from "./layout.ts";
import { listStoryText } from "./text/list-story.ts";

type Row = readonly [label: string, text: string];

/** What was done for a message that goes in to a list of ours, or comes back from one. */
export function listRows({ remembered, list }: MessageRecord, io: Io): Row[] {
  const text = listStoryText(io.lang);
  const rows = list === undefined ? [] : passageRows(list, io);
  if (remembered === undefined) return rows;
  return [...rows, [text.labels.remembered, remembered ? text.remembered : text.notRemembered]];
}

function passageRows({ host, by, token, author, from, broken }: RecordedList, io: Io): Row[] {
  const text = listStoryText(io.lang);
  const { labels } = text;
  return [
    [labels.list, `${printable(host)} (${text.by[by]})`],
    [labels.token, text.token[token] ?? token],
    ...(author === undefined ? [] : [[labels.author, printable(author)] as const]),
    [labels.from, `${text.outcome[from.outcome]}: ${text.reason[from.reason] ?? from.reason}`],
    ...(from.author === undefined ? [] : [["", text.authorPlace[from.author]] as const]),
    [labels.broken, broken.count === 0 ? text.noneBroken : text.broken[broken.action](broken.count)],
  ];
}

/** What became of sealing a message (ARC), and why. */
export function sealRows(
  { reason, domain, selector, instance, chainValidation, results }: RecordedSeal,
  io: Io,
): Row[] {
  const text = listStoryText(io.lang);
  const { labels } = text;
  if (reason !== undefined) return [[labels.unsealed, text.unsealed[reason] ?? printable(reason)]];
  const chain = chainValidation === undefined ? "" : `, ${text.chain[chainValidation]}`;
  return [
    [labels.sealed, `i=${instance ?? ""} ${printable(`${domain} (s=${selector})`)}${chain}`],
    ...(results === undefined ? [] : [[labels.results, text.results[results]] as const]),
  ];
}
