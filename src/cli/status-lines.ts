import { formatProblem } from "../config/problem.ts";
import type { Status } from "../daemon/status.ts";
import type { WorkerStatus } from "../daemon/worker-pool.ts";
import type { DocumentOutcome } from "../store/reports/port.ts";
import type { StoreTrouble } from "../store/store-error.ts";
import type { Io } from "./io.ts";
import type { Lang } from "./lang.ts";
import { displayWidth, hanging, labelled, padEnd, padStart, printable } from "./layout.ts";
import { storeTrouble } from "./store-failure.ts";
import { reportText } from "./text/report-text.ts";
import { type StatusText, statusText } from "./text/status-text.ts";

/** The state of the running program, for a person. */
export function statusLines(status: Status, io: Io): string[] {
  const text = statusText[io.lang];
  const { version, pid, upSeconds } = status;
  return [
    ...hanging("", text.head(version, pid, duration(upSeconds, text)), io.columns),
    ...problemLines(status, text, io),
    "",
    ...labelled(factRows(status, text, io.lang), io.columns, 0),
    "",
    ...workerLines(status.workers, text, io),
    ...resultLines(status, text, io),
  ];
}

function problemLines({ problems }: Status, text: StatusText, io: Io): string[] {
  if (problems.length === 0) return [io.style.good(text.well)];
  return problems.flatMap((id) =>
    hanging("! ", text.problem[id] ?? id, io.columns).map((line) => io.style.bad(line)),
  );
}

type Row = readonly [label: string, text: string];

function factRows(status: Status, text: StatusText, lang: Lang): Row[] {
  const { config, messages, spool, store, dns, web } = status;
  const { labels } = text;
  return [
    [labels.config, `${printable(config.file ?? text.defaults)}, ${text.loaded(when(config.loadedAt))}`],
    ...reloadRows(status, text, lang),
    ...(web === undefined ? [] : [[labels.web, `http://${web}/`] as const]),
    ...status.sockets.map(({ listen, role, ok }, index): Row => {
      const missing = ok ? "" : ` ${text.socketMissing}`;
      return [index === 0 ? labels.sockets : "", `${printable(listen)} (role: ${role})${missing}`];
    }),
    [labels.messages, text.messages(count(messages.total), count(messages.connections), messages.meanMs)],
    ...tallyRow(labels.answers, messages.reply),
    ...tallyRow(labels.actions, messages.action),
    [labels.faults, text.faults(count(messages.faults), count(messages.removedFields))],
    [
      labels.spool,
      joined([
        text.spool(spool.segments, size(spool.octets), spool.oldestSeconds, spool.dropped),
        reasonOf(spool, lang),
      ]),
    ],
    [
      labels.store,
      joined([
        text.store(count(store.records), size(store.octets), store.oldest && when(store.oldest)),
        reasonOf(store, lang),
      ]),
    ],
    [
      labels.dns,
      text.dns(
        count(dns.questions),
        `${Math.round(dns.hitRate * 1000) / 10} %`,
        count(dns.timeouts),
        count(dns.cacheEntries),
      ),
    ],
    ...collectRows(status, text, lang),
  ];
}

function collectRows({ collect }: Status, text: StatusText, lang: Lang): Row[] {
  if (collect === undefined) return [];
  const byOutcome = new Map<DocumentOutcome, number>();
  for (const { outcome, count: some } of collect.documents)
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + some);
  const documents = Array.from(
    byOutcome,
    ([outcome, some]) => `${reportText(lang).outcome[outcome]} ${count(some)}`,
  ).join(", ");
  const storeReason = reasonOf({ error: collect.storeError, trouble: collect.storeTrouble }, lang);
  const ways = collect.ways.map(({ name, state, error, left, lastSuccess }): Row => {
    const at = lastSuccess && text.lastTaken(when(new Date(lastSuccess).toISOString()));
    // What keeps the store from working keeps every way in waiting.
    const said = error === collect.storeError ? storeReason : error;
    const stay = left === undefined ? "" : text.mailsLeft(count(left));
    return ["", joined([`${name} (${text.wayIn[state]}${stay})`, said ?? (at || undefined)])];
  });
  const sum = text.collect(count(collect.arrivals), documents === "" ? "-" : documents);
  return [[text.labels.collect, joined([sum, storeReason])], ...ways];
}

/** In the operator's language where it is known what it is, else in the words of the program. */
function reasonOf(
  { error, trouble }: { readonly error?: string | undefined; readonly trouble?: StoreTrouble | undefined },
  lang: Lang,
): string | undefined {
  return trouble === undefined ? error : storeTrouble(trouble, lang);
}

function reloadRows({ config: { last, file } }: Status, text: StatusText, lang: Lang): Row[] {
  if (last === undefined) return [];
  const rows: Row[] = [[text.labels.reload, (last.ok ? text.reloadOk : text.reloadBad)(when(last.at))]];
  const errors = last.problems?.map((problem) => formatProblem(problem, lang, file)) ?? last.errors;
  for (const error of errors) rows.push(["", printable(error)]);
  if (last.needsRestart.length > 0) rows.push(["", text.needsRestart(last.needsRestart.join(", "))]);
  return rows;
}

function tallyRow(label: string, counts: Readonly<Record<string, number>>): Row[] {
  const words = Object.entries(counts).map(([word, number]) => `${word} ${count(number)}`);
  return words.length === 0 ? [] : [[label, words.join(", ")]];
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map(printable)
    .join(": ");
}

function workerLines(workers: readonly WorkerStatus[], text: StatusText, io: Io): string[] {
  const rows = workers.map(({ id, state, pid, upSeconds, restarts, connections, messages, rssOctets }) => [
    String(id),
    text.state[state],
    pid === undefined ? "" : String(pid),
    upSeconds === undefined ? "" : duration(upSeconds, text),
    String(restarts),
    String(connections),
    count(messages),
    rssOctets === undefined ? "" : size(rssOctets),
  ]);
  return [...table([text.columns, ...rows], new Set([1]), io), ""];
}

/** Methods down, results across. */
function resultLines({ messages }: Status, text: StatusText, io: Io): string[] {
  const methods = Object.entries(messages.results);
  if (methods.length === 0) return [];
  const rows = methods.map(([method, counts]): Row => {
    const words = Object.entries(counts).map(([result, number]) => `${result} ${count(number)}`);
    return [`  ${method}`, words.join(", ")];
  });
  return [text.labels.results, ...labelled(rows, io.columns, 0)];
}

/** Columns to the right, those in `left` and the first one to the left. */
function table(rows: readonly (readonly string[])[], left: ReadonlySet<number>, io: Io): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => displayWidth(row[column] ?? ""))),
  );
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 || left.has(column) ? padEnd(cell, width) : padStart(cell, width);
    });
    const line = cells.join("  ").trimEnd();
    return index === 0 ? io.style.dim(line) : line;
  });
}

function duration(seconds: number, text: StatusText): string {
  return text.duration(
    Math.floor(seconds / 86_400),
    Math.floor((seconds % 86_400) / 3600),
    Math.floor((seconds % 3600) / 60),
    seconds % 60,
  );
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Short, in decimal units as the configuration writes them. */
function size(octets: number): string {
  if (octets < 1000) return `${octets} B`;
  if (octets < 1_000_000) return `${Math.round(octets / 1000)} KB`;
  return octets < 10_000_000_000 ? `${Math.round(octets / 1_000_000)} MB` : `${Math.round(octets / 1e9)} GB`;
}

/** `2026-11-21T10:00:00.000Z` without what nobody reads. */
function when(at: string): string {
  return at.replace(/\.\d+Z$/, "Z");
}
