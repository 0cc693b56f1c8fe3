import { stat } from "node:fs/promises";
import { fileLimits } from "../../collect/extract/limits.ts";
import { ingestAll, isOdd, type KeptDocument } from "../../collect/ingest.ts";
import type { Arrival, Incoming, LostArrival } from "../../collect/input/arrival.ts";
import { readContents } from "../../collect/input/contents.ts";
import { countFiles, type FileCount, readFiles } from "../../collect/input/files.ts";
import type { Config } from "../../config/config.ts";
import { makeFolder } from "../../store/make-folder.ts";
import { openReportStore } from "../../store/reports/open.ts";
import { type ExitCode, exitFailed, exitFindings, exitOk, usageError } from "../command.ts";
import { readConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { hanging, labelled, printable } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { type DocumentJson, documentJson } from "./document-json.ts";
import { failureKeeper } from "./failure-keeper.ts";
import { type Judge, openJudge } from "./judge.ts";
import type { ReportValues } from "./options.ts";
import { Progress } from "./progress.ts";
import { grouped } from "./table.ts";

/** Takes in everything below the paths; "-" is standard input. */
export async function importReports(
  values: ReportValues,
  paths: readonly string[],
  io: Io,
): Promise<ExitCode> {
  if (paths.length === 0) throw usageError(io.text.usage.missingArgument("PATH"));
  const config = await readConfig(values.config, io);
  const judge = openJudge(values, config, io);
  try {
    return await importInto(config, judge, paths, values, io);
  } finally {
    judge.close();
  }
}

async function importInto(
  config: Config,
  judge: Judge,
  paths: readonly string[],
  { json, pipe }: ReportValues,
  io: Io,
): Promise<ExitCode> {
  if (config.store === undefined) makeFolder(config.dataDir, 0o700);
  const store = await openReportStore(config);
  const teller = json ? new JsonTeller(io) : new PeopleTeller(io, await allFiles(paths, io));
  try {
    await ingestAll(incomingOf(paths, teller.done, io), {
      store,
      limitsOfFiles: fileLimits,
      judge: () => judge.of,
      keepFailures: failureKeeper(config),
      ...(judge.destination !== undefined && { destination: judge.destination }),
      onArrival: (arrival, documents) => teller.arrival(arrival, documents),
      onLost: (lost) => teller.lost(lost),
    });
  } finally {
    await teller.end();
    await store.close();
  }
  // An MTA that has a mail must not be told that it is kept.
  if (!pipe || !teller.isNothing) return teller.exitCode;
  io.err(`sekisho: ${reportText(io.lang).emptyPipe}`);
  return exitFailed;
}

/** Only progress needs to know. */
async function allFiles(paths: readonly string[], io: Io): Promise<FileCount> {
  return io.isTty ? countFiles(paths.filter((path) => path !== "-")) : { files: 0, octets: 0 };
}

async function* incomingOf(paths: readonly string[], done: FileCount, io: Io): AsyncIterable<Incoming> {
  for (const path of paths) {
    if (await isStdin(path)) yield* readContents(io.stdin, { via: path, receivedAt: Date.now() });
    else yield* readFiles([path], done);
  }
}

const namesOfStdin: ReadonlySet<string> = new Set(["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** Under its names of the system, too: a socket cannot be opened by them. A file that is put there is read as a file. */
async function isStdin(path: string): Promise<boolean> {
  if (path === "-") return true;
  if (!namesOfStdin.has(path)) return false;
  return stat(path).then(
    (about) => !about.isFile(),
    () => false,
  );
}

/** Tells what comes of an import, as it comes. */
abstract class Teller {
  protected readonly io: Io;
  readonly done: FileCount = { files: 0, octets: 0 };
  #worst: ExitCode = exitOk;
  #isNothing = true;

  constructor(io: Io) {
    this.io = io;
  }

  /** Not an octet was there, neither to be read nor to be lost. */
  get isNothing(): boolean {
    return this.#isNothing;
  }

  get exitCode(): ExitCode {
    return this.#worst;
  }

  async arrival(arrival: Arrival, documents: readonly KeptDocument[]): Promise<void> {
    if (arrival.octets.length > 0) this.#isNothing = false;
    if (documents.some(isOdd)) this.#atLeast(exitFindings);
    await this.tell(arrival, documents);
  }

  async lost(lost: LostArrival): Promise<void> {
    this.#isNothing = false;
    this.#atLeast(exitFailed);
    await this.tellLost(lost);
  }

  #atLeast(code: ExitCode): void {
    if (code > this.#worst) this.#worst = code;
  }

  protected abstract tell(arrival: Arrival, documents: readonly KeptDocument[]): Promise<void>;
  protected abstract tellLost(lost: LostArrival): Promise<void>;
  /** After the last one, also when it has failed. */
  abstract end(): Promise<void>;
}

/** Of one line, so that memory does not grow with an archive. */
const maxDocuments = 1_000;

/** One line a file; an archive of very many reports has several. */
class JsonTeller extends Teller {
  #file: string | undefined;
  #documents: DocumentJson[] = [];

  protected async tell({ via, within }: Arrival, documents: readonly KeptDocument[]): Promise<void> {
    await this.#turnTo(within ?? via);
    this.#documents.push(...documents.map(documentJson));
  }

  protected async tellLost({ via, within, reason }: LostArrival): Promise<void> {
    if (within === undefined) {
      await this.end();
      await this.io.outSlowly(formatJson({ file: via, documents: [], error: reason }));
      return;
    }
    await this.#turnTo(within);
    const lost: KeptDocument = { read: { kind: "unread", ordinal: 0, name: via, reason }, outcome: "unread" };
    this.#documents.push(documentJson(lost));
  }

  async #turnTo(file: string): Promise<void> {
    if (this.#file !== file || this.#documents.length >= maxDocuments) await this.end();
    this.#file = file;
  }

  async end(): Promise<void> {
    if (this.#file !== undefined)
      await this.io.outSlowly(formatJson({ file: this.#file, documents: this.#documents }));
    this.#file = undefined;
    this.#documents = [];
  }
}

/** Of one mail or file: a stranger may have put thousands into it. */
const maxOdd = 20;

/** What needs looking at as it comes, and a summary. */
class PeopleTeller extends Teller {
  readonly #progress: Progress;
  readonly #startMs = Date.now();
  readonly #outcomes = new Map<KeptDocument["outcome"], number>();
  #arrivals = 0;
  #lost = 0;
  /** Of aggregate reports. */
  #rows = 0;
  #messages = 0;

  constructor(io: Io, all: FileCount) {
    super(io);
    this.#progress = new Progress(io, all, this.#startMs);
  }

  protected async tell({ via }: Arrival, documents: readonly KeptDocument[]): Promise<void> {
    this.#arrivals += 1;
    let odd = 0;
    for (const document of documents) {
      this.#count(document);
      if (isOdd(document) && ++odd <= maxOdd) await this.#say(via, document);
    }
    if (odd > maxOdd) await this.#line(via, reportText(this.io.lang).moreOfArrival(grouped(odd - maxOdd)));
    this.#progress.update(this.done, this.#arrivals, Date.now());
  }

  #count(document: KeptDocument): void {
    const { outcome } = document;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    if (outcome !== "saved" || document.read.kind !== "aggregate") return;
    const { rows, messages } = documentJson(document);
    this.#rows += rows;
    this.#messages += messages;
  }

  async #say(via: string, document: KeptDocument): Promise<void> {
    const { outcome, read } = document;
    const { reporter, reportId } = documentJson(document);
    const text = reportText(this.io.lang);
    const place = read.name === undefined || via.endsWith(read.name) ? via : `${via} (${read.name})`;
    if (read.kind === "unread") await this.#line(place, text.reason(read.reason));
    if (outcome === "conflict") await this.#line(place, text.conflict(reporter ?? "", reportId ?? ""));
  }

  protected async tellLost({ via, reason }: LostArrival): Promise<void> {
    this.#lost += 1;
    await this.#line(via, reportText(this.io.lang).lost(reason));
  }

  async #line(via: string, sentence: string): Promise<void> {
    this.#progress.clear();
    const lines = hanging("", `${printable(via)}: ${printable(sentence)}`, this.io.columns);
    for (const line of lines) await this.io.outSlowly(line);
  }

  async end(): Promise<void> {
    this.#progress.clear();
    const text = reportText(this.io.lang);
    if (this.#arrivals + this.#lost === 0) return this.io.out(text.nothingLies);
    const seconds = ((Date.now() - this.#startMs) / 1000).toFixed(1);
    if (this.#arrivals > 0) this.io.out(text.summary(grouped(this.#arrivals), seconds));
    for (const line of labelled(this.#summaryRows(), this.io.columns)) this.io.out(line);
    if (this.#lost > 0) this.io.out(text.notRead(grouped(this.#lost)));
  }

  #summaryRows(): [string, string][] {
    const text = reportText(this.io.lang);
    return (["saved", "seen", "conflict", "skipped", "unread"] as const).flatMap(
      (outcome): [string, string][] => {
        const count = this.#outcomes.get(outcome);
        if (count === undefined) return [];
        const totals = ` (${text.readTotals(grouped(this.#rows), grouped(this.#messages))})`;
        const hasTotals = outcome === "saved" && this.#rows > 0;
        return [[text.outcome[outcome], grouped(count) + (hasTotals ? totals : "")]];
      },
    );
  }
}
