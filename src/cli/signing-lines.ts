import { formatDuration } from "../config/quantity.ts";
import type { RecordedSigning } from "../store/record.ts";
import type { Io } from "./io.ts";
import { printable } from "./layout.ts";
import { signingStoryText } from "./text/signing-story.ts";

type Row = readonly [label: string, text: string];

/** What became of signing a message, and why. */
export function signingRows(signing: RecordedSigning, io: Io): Row[] {
  const text = signingStoryText(io.lang);
  const { labels } = text;
  const { domain, login, fragile = [], burst, action } = signing;
  return [
    ...(domain === undefined ? [] : [[labels.from, printable(domain)] as const]),
    ...(login === undefined ? [] : [[labels.login, printable(login)] as const]),
    ...outcomeRows(signing, io),
    ...fragile.map(
      (problem, index): Row => [index === 0 ? labels.fragile : "", text.fragile[problem] ?? problem],
    ),
    ...(burst === undefined
      ? []
      : [[labels.burst, text.burst(burst.count, burst.messages, formatDuration(burst.perMs))] as const]),
    ...(action === undefined ? [] : [["", text.action[action]] as const]),
  ];
}

function outcomeRows({ outcome, reason, signatures }: RecordedSigning, io: Io): Row[] {
  const { labels, reason: reasons } = signingStoryText(io.lang);
  const made = signatures.map(
    ({ domain, selector, algorithm }, index): Row => [
      index === 0 ? labels.signed : "",
      printable(`${domain} (s=${selector}, ${algorithm})`),
    ],
  );
  if (reason === undefined) return made;
  return [
    ...made,
    [outcome === "failed" ? labels.failed : labels.unsigned, reasons[reason] ?? printable(reason)],
  ];
}
