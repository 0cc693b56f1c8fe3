import type { Way } from "../../collect/classify/source.ts";
import type { Io } from "../io.ts";
import { hanging, labelled, printable, wrap } from "../layout.ts";
import { reasonText, sourceText } from "../text/source-text.ts";
import { adviceOf } from "./source-advice.ts";
import { ownerText, type PlacedSource } from "./source-clusters.ts";
import {
  addressOf,
  indented,
  nameText,
  narrower,
  noteLines,
  type SourcesView,
  summaryLines,
} from "./source-lines.ts";
import { type Column, day, grouped, tableLines } from "./table.ts";

const defaultLimit = 50;
const shownWays = 8;

/** Our own addresses that send as a domain: each with its owner, and by author, signature and SPF how its mail came. */
export function ownLines(view: SourcesView, io: Io): string[] {
  const sorted = [...view.shown].sort(
    (a, b) => a.place.rank - b.place.rank || b.facts.sums.messages - a.facts.sums.messages,
  );
  const most = view.limit ?? defaultLimit;
  const hidden = sorted.length - most;
  return [
    ...summaryLines(view, io),
    ...sorted.slice(0, most).flatMap((source) => ["", ...sourceLines(source, io)]),
    ...(hidden > 0 ? ["", sourceText(io.lang).moreAddresses(hidden)] : []),
    ...noteLines(view, io),
  ];
}

function sourceLines(source: PlacedSource, io: Io): string[] {
  const text = sourceText(io.lang);
  const { facts, place } = source;
  const [why] = place.reasons;
  const { messages } = facts.sums;
  const title = [addressOf(facts, io), printable(nameText(facts))].filter((one) => one !== "").join("  ");
  return [
    ...wrap(title, io.columns).map(io.style.strong),
    ...labelled(
      [
        [text.labels.owner, printable(ownerText(place.owner) ?? text.noOwner)],
        ...(why === undefined ? [] : [[text.labels.why, printable(reasonText(why, io.lang))] as const]),
        [text.labels.do, text.advice[adviceOf(place)]],
        ["", text.seen(messages, day(facts.firstSeen), day(facts.lastSeen))],
      ],
      io.columns,
    ),
    ...wayLines(facts.ways, io),
  ];
}

function wayLines(ways: readonly Way[], io: Io): string[] {
  const text = sourceText(io.lang);
  if (ways.length === 0) return hanging("  ", text.recordsGone, io.columns);
  const merged = mergeWays(ways, io);
  const shown = merged.slice(0, shownWays);
  const hidden = merged.length - shown.length;
  const rows = shown.map(({ cells, messages }) => [...cells, grouped(messages)]);
  return [
    ...indented(tableLines(wayColumns(io), rows, narrower(io))),
    ...(hidden > 0 ? [`  ${text.moreWays(hidden)}`] : []),
  ];
}

function wayColumns(io: Io): readonly Column[] {
  const { columns } = sourceText(io.lang);
  return [
    { title: columns.from, least: 12 },
    { title: columns.dkim, least: 8 },
    { title: columns.spf, least: 8 },
    { title: columns.messages, right: true },
  ];
}

interface MergedWay {
  readonly cells: readonly [from: string, dkim: string, spf: string];
  messages: number;
}

/** Ways that look the same in the table are one. */
function mergeWays(ways: readonly Way[], io: Io): readonly MergedWay[] {
  const text = sourceText(io.lang);
  const merged = new Map<string, MergedWay>();
  for (const way of ways) {
    const cells = [
      printable(way.from),
      printable(text.dkim(way.dkim, way.dkimDomain)),
      printable(text.spf(way.spf, way.spfResult, way.spfDomain)),
    ] as const;
    const key = cells.join("\0");
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { cells, messages: way.messages });
    else known.messages += way.messages;
  }
  return [...merged.values()].sort((a, b) => b.messages - a.messages);
}
