import { namingLimits } from "../../collect/classify/name-sources.ts";
import { ranks } from "../../collect/classify/rank.ts";
import type { GroupName, SourceFacts, SourceGroup } from "../../collect/classify/source.ts";
import { formatIp } from "../../core/ip.ts";
import type { Io } from "../io.ts";
import { hanging, labelled, printable, truncate, wrap } from "../layout.ts";
import { reasonText, sourceText } from "../text/source-text.ts";
import { clustersOf, type PlacedSource, type SourceCluster } from "./source-clusters.ts";
import { type Column, day, grouped, tableLines } from "./table.ts";

/** What is to be shown of the sources of a domain. */
export interface SourcesView {
  readonly domain: string;
  /** Seconds since 1970. */
  readonly since: number;
  /** The last day; absent: until now. */
  readonly until?: number;
  /** Of the domain; sums are of all of them. */
  readonly all: readonly PlacedSource[];
  /** What the options leave of them. */
  readonly shown: readonly PlacedSource[];
  /** Whether `networks.own` says anything. */
  readonly knowsOwn: boolean;
  /** Addresses to show; 50, and 10 of a group, when left out. */
  readonly limit?: number;
}

const defaultLimit = 50;
const defaultOfGroup = 10;
const defaultOfStranger = 5;
const firstTasks = 3;
const shownReasons = 2;
/** Names in them are a stranger's words, and may be endless. */
const longestReason = 240;

/** Addresses that send as a domain, by whose they are, in the order of work. */
export function sourceLines(view: SourcesView, io: Io): string[] {
  const clusters = clustersOf(view.shown, io.lang);
  const lines = [...summaryLines(view, io), ...firstLines(clusters, io)];
  const rest: SourceCluster[] = [];
  const ofGroup = new Map<string, number>();
  let left = view.limit ?? defaultLimit;
  for (const cluster of clusters) {
    const { group, rank } = cluster.place;
    // A crowd of strangers must not hide what comes after it, nor one of them the others.
    const isPressing = rank < ranks.unknown;
    const key = `${rank} ${group}`;
    const before = isPressing ? 0 : (ofGroup.get(key) ?? 0);
    const fitting = isPressing ? defaultOfGroup : Math.min(defaultOfStranger, defaultOfGroup - before);
    const most = Math.min(left, view.limit ?? fitting);
    const shown = Math.min(most, cluster.sources.length);
    if (shown === 0) rest.push(cluster);
    else lines.push("", ...clusterLines(cluster, most, io));
    ofGroup.set(key, before + shown);
    left -= shown;
  }
  return [...lines, ...restLines(rest, io), ...noteLines(view, io)];
}

/** What there is no place for: by group, in their order. */
function restLines(clusters: readonly SourceCluster[], io: Io): string[] {
  if (clusters.length === 0) return [];
  const text = sourceText(io.lang);
  const { columns } = text;
  const groups = new Map<GroupName, { addresses: number; messages: number; passed: number }>();
  for (const { place, sources, messages, passed } of clusters) {
    const sum = groups.get(place.group) ?? { addresses: 0, messages: 0, passed: 0 };
    sum.addresses += sources.length;
    sum.messages += messages;
    sum.passed += passed;
    groups.set(place.group, sum);
  }
  const titles: readonly Column[] = [
    { title: columns.group, least: 12 },
    { title: columns.addresses, right: true },
    { title: columns.messages, right: true },
    { title: columns.dmarc, right: true },
  ];
  const rows = Array.from(groups, ([group, { addresses, messages, passed }]) => [
    text.group[group],
    grouped(addresses),
    grouped(messages),
    percent(passed, messages),
  ]);
  return ["", io.style.strong(text.notShown), ...indented(tableLines(titles, rows, narrower(io)))];
}

/** How much there is, and how much of it passes. */
export function summaryLines({ domain, since, until, all }: SourcesView, io: Io): string[] {
  const text = sourceText(io.lang);
  const sum = (of: "messages" | "passed" | "dkim" | "spf"): number =>
    all.reduce((total, { facts }) => total + facts.sums[of], 0);
  const messages = sum("messages");
  const passed = sum("passed");
  return [
    ...wrap(
      text.summary(domain, messages, all.length, day(since), until === undefined ? undefined : day(until)),
      io.columns,
    ).map(io.style.strong),
    ...wrap(text.passed(passed, percent(passed, messages), sum("dkim"), sum("spf")), io.columns),
  ];
}

function firstLines(clusters: readonly SourceCluster[], io: Io): string[] {
  const text = sourceText(io.lang);
  const tasks = clusters.flatMap((cluster) => {
    const task = cluster.place.rank < ranks.unknown ? text.task[cluster.advice] : undefined;
    return task === undefined ? [] : [{ task, cluster }];
  });
  if (tasks.length === 0) return [];
  return [
    "",
    io.style.strong(text.first),
    ...tasks.slice(0, firstTasks).flatMap(({ task, cluster }, index) => {
      const { messages, sources } = cluster;
      const address = addressOf(sources[0]?.facts, io);
      const unnamed = sources.length === 1 ? address : text.amongOthers(address, sources.length - 1);
      const whose = printable(cluster.whose ?? unnamed);
      return hanging(`  ${index + 1}. `, text.firstTask(task, whose, messages, sources.length), io.columns);
    }),
  ];
}

function clusterLines(cluster: SourceCluster, most: number, io: Io): string[] {
  const text = sourceText(io.lang);
  const { place, whose, sources, messages, passed, advice } = cluster;
  const how = place.group === "unknown" ? "" : text.confidence[place.confidence];
  const title = text.title(text.group[place.group], whose && printable(whose), how);
  const sums = text.sums(messages, sources.length, percent(passed, messages));
  const isPressing = place.rank < ranks.unknown;
  const shown = sources.slice(0, most);
  const hidden = sources.length - shown.length;
  return [
    ...wrap(title, io.columns).map(isPressing ? io.style.warn : io.style.strong),
    ...labelled(
      [
        [text.labels.why, whyText(cluster, io)],
        [text.labels.do, text.advice[advice]],
        ["", sums],
      ],
      io.columns,
    ),
    ...indented(
      tableLines(
        sourceColumns(io),
        shown.map((one) => sourceRow(one, io)),
        narrower(io),
      ),
    ),
    ...(hidden > 0 ? [`  ${text.moreAddresses(hidden)}`] : []),
  ];
}

/** Why they are in the group; where that differs, why the one with the most messages is. */
function whyText({ place, sources }: SourceCluster, io: Io): string {
  const why = reasonsText(place, io);
  const holdsForAll = sources.every((source) => reasonsText(source.place, io) === why);
  return holdsForAll ? why : sourceText(io.lang).forOne(addressOf(sources[0]?.facts, io), why);
}

function reasonsText({ reasons }: SourceGroup, io: Io): string {
  const comma = io.lang === "ja" ? "、" : "; ";
  return reasons
    .slice(0, shownReasons)
    .map((one) => truncate(printable(reasonText(one, io.lang)), longestReason))
    .join(comma);
}

function sourceColumns(io: Io): readonly Column[] {
  const { columns } = sourceText(io.lang);
  return [
    { title: columns.address },
    { title: columns.name, least: 12 },
    { title: columns.messages, right: true },
    { title: columns.dkim, right: true },
    { title: columns.spf, right: true },
    { title: columns.dmarc, right: true },
  ];
}

function sourceRow({ facts }: PlacedSource, io: Io): string[] {
  const { messages, dkim, spf, passed } = facts.sums;
  return [
    addressOf(facts, io),
    printable(nameText(facts)),
    grouped(messages),
    percent(dkim, messages),
    percent(spf, messages),
    percent(passed, messages),
  ];
}

/** The name, marked when it does not lead back; country and network where there is none. */
export function nameText({ name }: Pick<SourceFacts, "name">): string {
  if (name === undefined) return "";
  const found = name.name === undefined ? undefined : name.result === "pass" ? name.name : `(${name.name})`;
  return found ?? [name.asnName, name.country].filter((one) => one !== undefined).join(", ");
}

export function addressOf(facts: Pick<SourceFacts, "ip"> | undefined, io: Io): string {
  return facts?.ip === undefined ? sourceText(io.lang).noAddress : formatIp(facts.ip);
}

/** What the reader should know of what is shown. */
export function noteLines({ domain, since, all, knowsOwn }: SourcesView, io: Io): string[] {
  const text = sourceText(io.lang);
  const unnamed = all.filter(({ facts }) => facts.ip !== undefined && facts.name === undefined).length;
  const isOld = since < Date.now() / 1000 - namingLimits.days * 86_400;
  const span = isOld ? ` --since ${day(since)}` : "";
  return [
    ...(knowsOwn ? [] : ["", ...wrap(text.setNetworks, io.columns)]),
    ...(unnamed === 0
      ? []
      : ["", ...wrap(text.unnamed(unnamed), io.columns), `  sekisho report names --domain ${domain}${span}`]),
  ];
}

/** Whole percents; neither 0 nor 100 for what is not exactly that. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "-";
  const rounded = Math.round((part * 100) / whole);
  if (rounded === 100 && part < whole) return "99%";
  return rounded === 0 && part > 0 ? "<1%" : `${rounded}%`;
}

/** For what stands two columns to the right. */
export function narrower(io: Io): Io {
  const { columns, tableColumns = columns } = io;
  return { ...io, columns: columns - 2, tableColumns: tableColumns - 2 };
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
