import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, unlinkSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileError } from "./file-fault.ts";
import { makeFolder } from "./make-folder.ts";
import type { MessageRecord, RecordId } from "./record.ts";
import { formatLine } from "./record-line.ts";
import { abandonedAfterMs, listSegments, openSuffix, segmentName, spoolFolder } from "./spool-files.ts";
import { type StoreTrouble, troubleOf } from "./store-error.ts";

export interface SpoolOptions {
  readonly dataDir: string;
  /** Names the writer; the system's host name when left out. */
  readonly host?: string;
  /** All segments together; beyond it the oldest are deleted. 100 MB when left out. */
  readonly maxOctets?: number;
  /** A segment is closed at this size (4 MB) or this age (1 s), so that the store can take it. */
  readonly segmentOctets?: number;
  readonly segmentMs?: number;
  /** Records wait at most this long for being written: 100 ms. */
  readonly flushMs?: number;
}

export interface SpoolStats {
  /** Records given to `append`. */
  readonly appended: number;
  /** Records in segments on disk. */
  readonly written: number;
  /** Records thrown away, because the disk took none or the spool was full. */
  readonly dropped: number;
  /** Octets that wait in memory. */
  readonly pendingOctets: number;
  /** Octets of all closed segments when last counted: grows when the store takes none. */
  readonly spoolOctets: number;
  readonly lastError?: string;
  /** The same, to be said in any language. */
  readonly trouble?: StoreTrouble;
}

/** Where the filter puts its records. Never waits for the database, and never throws for a full disk. */
export interface Spool {
  /** Takes the record at once and gives it its id; it is on disk within `flushMs`. */
  append(record: Omit<MessageRecord, "id">): RecordId;
  /** Writes what waits and closes the segment under way, so that the store can take it. */
  flush(): Promise<void>;
  close(): Promise<void>;
  stats(): SpoolStats;
}

const maxPendingOctets = 16_000_000;
const countEveryMs = 5000;
/** After a failure: a full disk stays full for a while. */
const retryMs = 1000;

interface OpenSegment {
  readonly path: string;
  readonly handle: FileHandle;
  readonly openedMs: number;
  /** What has been written to it. */
  readonly lines: Buffer[];
  octets: number;
}

/**
 * Opens the spool for one writer. Several may write into one folder; each has a boot id of its own.
 * @throws SekishoError STORE_UNAVAILABLE when the folder cannot be made.
 */
export function openSpool(options: SpoolOptions): Spool {
  return new SegmentSpool(options);
}

class SegmentSpool implements Spool {
  readonly #folder: string;
  readonly #host: string;
  readonly #boot = randomBytes(8).toString("hex");
  readonly #maxOctets: number;
  readonly #segmentOctets: number;
  readonly #segmentMs: number;
  readonly #flushMs: number;
  /** Lines that waited again. */
  readonly #repeated = new WeakSet<Buffer>();

  #sequence = 0;
  #segmentNumber = 0;
  #pending: Buffer[] = [];
  #pendingOctets = 0;
  /** Of the write under way. */
  #writingOctets = 0;
  #segment: OpenSegment | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The write under way: one at a time, in order. */
  #work: Promise<void> = Promise.resolve();
  #countedMs = Number.NEGATIVE_INFINITY;

  #written = 0;
  #dropped = 0;
  #spoolOctets = 0;
  #lastError: unknown;

  constructor(options: SpoolOptions) {
    this.#folder = spoolFolder(options.dataDir);
    this.#host = options.host ?? hostname();
    this.#maxOctets = options.maxOctets ?? 100_000_000;
    this.#segmentOctets = options.segmentOctets ?? 4_000_000;
    this.#segmentMs = options.segmentMs ?? 1000;
    this.#flushMs = options.flushMs ?? 100;
    makeFolders(options.dataDir, this.#folder);
  }

  append(record: Omit<MessageRecord, "id">): RecordId {
    const id = { host: this.#host, boot: this.#boot, sequence: ++this.#sequence };
    const line = formatLine({ ...record, id });
    this.#pending.push(line);
    this.#pendingOctets += line.length;
    while (this.#pendingOctets > maxPendingOctets) this.#dropPending();
    this.#schedule(this.#flushMs);
    return id;
  }

  async flush(): Promise<void> {
    this.#work = this.#work.then(async () => {
      await this.#write();
      if (await this.#seal()) return;
      // Its lines wait again.
      await this.#write();
      await this.#seal();
    });
    await this.#work;
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  stats(): SpoolStats {
    return {
      appended: this.#sequence,
      written: this.#written,
      dropped: this.#dropped,
      pendingOctets: this.#pendingOctets + this.#writingOctets,
      spoolOctets: this.#spoolOctets,
      ...(this.#lastError !== undefined && {
        lastError: String(this.#lastError),
        trouble: troubleOf(fileError(this.#folder, this.#lastError)),
      }),
    };
  }

  #dropPending(): void {
    const line = this.#pending.shift();
    this.#pendingOctets -= line?.length ?? 0;
    this.#dropped += 1;
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#work = this.#work.then(() => this.#tick());
    }, ms).unref();
  }

  async #tick(): Promise<void> {
    await this.#write();
    const age = this.#segment === undefined ? 0 : performance.now() - this.#segment.openedMs;
    if (age >= this.#segmentMs) await this.#seal();
    if (this.#segment !== undefined || this.#pending.length > 0)
      this.#schedule(this.#lastError === undefined ? this.#flushMs : retryMs);
  }

  /** Writes all that waits; after a failure it goes on waiting, and a new segment is begun. */
  async #write(): Promise<void> {
    if (this.#pending.length === 0) return;
    const lines = this.#pending;
    this.#pending = [];
    this.#writingOctets = this.#pendingOctets;
    this.#pendingOctets = 0;
    try {
      const segment = await this.#openSegment();
      const octets = Buffer.concat(lines);
      await segment.handle.appendFile(octets);
      segment.octets += octets.length;
      segment.lines.push(...lines);
      this.#written += lines.length;
      this.#lastError = undefined;
      if (segment.octets >= this.#segmentOctets) await this.#seal();
    } catch (error) {
      this.#lastError = error;
      // Half a line may stand at the end of the segment; whole lines in it come again with the same id.
      if (this.#segment?.octets === 0) await this.#discard(this.#segment);
      else await this.#seal();
      this.#putBack(lines);
    } finally {
      this.#writingOctets = 0;
    }
  }

  #putBack(lines: readonly Buffer[]): void {
    this.#pending = [...lines, ...this.#pending];
    this.#pendingOctets = this.#pending.reduce((sum, line) => sum + line.length, 0);
    while (this.#pendingOctets > maxPendingOctets) this.#dropPending();
  }

  /** A segment into which nothing could be written. */
  async #discard({ path, handle }: OpenSegment): Promise<void> {
    this.#segment = undefined;
    await handle.close().catch(() => {});
    await unlink(path + openSuffix).catch(() => {});
  }

  async #openSegment(): Promise<OpenSegment> {
    // A process that was stopped for long has lost its segment to the store, which took it for abandoned.
    const age = performance.now() - (this.#segment?.openedMs ?? 0);
    if (this.#segment !== undefined && age > abandonedAfterMs / 2) await this.#seal();
    if (this.#segment !== undefined) return this.#segment;
    const name = segmentName(this.#host, this.#boot, ++this.#segmentNumber);
    const path = join(this.#folder, name);
    const handle = await open(path + openSuffix, "ax", 0o600);
    this.#segment = { path, handle, openedMs: performance.now(), lines: [], octets: 0 };
    return this.#segment;
  }

  /**
   * Closes the segment under way: on the disk itself, and under the name by which the store takes it.
   * @returns false when the store took it for abandoned before: its lines then wait again, since the last of them may not have
   *   been there yet.
   */
  async #seal(): Promise<boolean> {
    const segment = this.#segment;
    if (segment === undefined) return true;
    this.#segment = undefined;
    try {
      await segment.handle.datasync();
      await segment.handle.close();
      await rename(segment.path + openSuffix, segment.path);
      this.#bound();
      return true;
    } catch (error) {
      this.#lastError = error;
      await segment.handle.close().catch(() => {});
      return !isGone(error) || !this.#repeat(segment);
    }
  }

  /** Each line once: a clock that is wrong for good is no reason to write the same for ever. */
  #repeat({ lines }: OpenSegment): boolean {
    const again = lines.filter((line) => !this.#repeated.has(line));
    for (const line of again) this.#repeated.add(line);
    this.#written -= again.length;
    this.#putBack(again);
    return again.length > 0;
  }

  /** Deletes the oldest segments when the store has taken none for long. */
  #bound(): void {
    const now = performance.now();
    if (now - this.#countedMs < countEveryMs && this.#spoolOctets < this.#maxOctets / 2) return;
    this.#countedMs = now;
    const segments = listSegments(this.#folder).filter((segment) => !segment.open);
    let total = segments.reduce((sum, segment) => sum + segment.octets, 0);
    for (const segment of segments) {
      if (total <= this.#maxOctets) break;
      this.#dropped += deleteCounting(segment.path);
      total -= segment.octets;
    }
    this.#spoolOctets = total;
  }
}

/** @returns Lines that were in the file; 0 when the store has taken it meanwhile. */
function deleteCounting(path: string): number {
  try {
    const octets = readFileSync(path);
    unlinkSync(path);
    return octets.reduce((lines, octet) => (octet === 0x0a ? lines + 1 : lines), 0);
  } catch {
    return 0;
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

function makeFolders(dataDir: string, folder: string): void {
  try {
    makeFolder(dataDir, 0o700);
    makeFolder(folder, 0o700);
    chmodSync(folder, 0o700);
  } catch (cause) {
    throw fileError(dataDir, cause, `data_dir ${dataDir}: ${String(cause)}`);
  }
}
