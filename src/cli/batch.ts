import { SekishoError } from "../errors.ts";
import { type ExitCode, exitFindings, exitOk } from "./command.ts";
import { formatJson, type Io } from "./io.ts";
import { readLines } from "./read-lines.ts";

/** What one line of a batch came to. */
export interface BatchOutcome {
  readonly output: Readonly<Record<string, unknown>>;
  readonly passed: boolean;
}
export type BatchFields = Readonly<Record<string, unknown>>;

export interface BatchOptions {
  readonly input: AsyncIterable<Buffer | string>;
  /** Lines worked on at a time. */
  readonly maxActive: number;
  readonly maxLineOctets: number;
  /** What a thrown SekishoError says becomes the `error` of the line. */
  readonly work: (fields: BatchFields) => Promise<BatchOutcome>;
}

/** Results that may wait for a slower one before them. */
const maxWaiting = 1024;

/**
 * NDJSON in, one line out for each line in, in the same order, many in flight. A line that cannot be read gives
 * `{"id"?, "error"}`, and the batch goes on.
 */
export async function runBatch(options: BatchOptions, io: Io): Promise<ExitCode> {
  let exit = exitOk;
  let waiting = 0;
  let written = Promise.resolve();
  const active = new Set<Promise<unknown>>();
  for await (const line of readLines(options.input, options.maxLineOctets)) {
    const outcome =
      line.kind === "line"
        ? workOn(line.text, options.work, io)
        : Promise.resolve(failed({}, io.text.batch.tooLong(options.maxLineOctets)));
    active.add(outcome);
    waiting += 1;
    written = written.then(async () => {
      const { output, passed } = await outcome;
      if (!passed) exit = exitFindings;
      await io.outSlowly(formatJson(output));
      waiting -= 1;
    });
    // Seen by the await below; until then a failed write must not count as unhandled.
    written.catch(() => {});
    void outcome.finally(() => active.delete(outcome));
    if (active.size >= options.maxActive) await Promise.race(active);
    if (waiting >= maxWaiting) await written;
  }
  await written;
  return exit;
}

/** Never rejects. */
async function workOn(text: string, work: BatchOptions["work"], io: Io): Promise<BatchOutcome> {
  const fields = readObject(text);
  if (typeof fields === "string") return failed({}, io.text.batch[fields]);
  try {
    const { output, passed } = await work(fields);
    return { output: { ...copiedId(fields), ...output }, passed };
  } catch (error) {
    if (error instanceof SekishoError) return failed(fields, error.message);
    return failed(fields, io.text.failed.unexpected(error instanceof Error ? error.message : String(error)));
  }
}

function failed(fields: BatchFields, error: string): BatchOutcome {
  return { output: { ...copiedId(fields), error }, passed: false };
}

function copiedId(fields: BatchFields): { readonly id?: unknown } {
  return Object.hasOwn(fields, "id") ? { id: fields["id"] } : {};
}

function readObject(text: string): BatchFields | "notJson" | "notObject" {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "notObject";
    return value as BatchFields;
  } catch {
    return "notJson";
  }
}

/** A string field of a line; undefined when it is missing or null. */
export function stringField(fields: BatchFields, name: string, io: Io): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new SekishoError("USAGE", io.text.batch.notString(name));
  return value;
}
