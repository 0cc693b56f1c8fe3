import { basename } from "node:path";
import { Readable } from "node:stream";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { isGzip } from "../extract/gzip.ts";
import { isNoReport } from "../extract/no-report.ts";
import { OctetSource } from "../extract/octet-source.ts";
import { isTar, readTar } from "../extract/tar.ts";
import type { Incoming } from "./arrival.ts";
import { readMbox } from "./mbox.ts";

/** What is larger, and neither a mailbox nor an archive, is nothing that is read here. */
export const maxFile: number = 256 * 1024 * 1024;

/** What stands around octets that are read. */
export interface ContentsPlace {
  readonly via: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly fileName?: string;
}

/**
 * A mailbox file message by message, a tar archive file by file, both also in gzip; anything else in one. Memory grows with
 * the largest of them.
 */
export async function* readContents(
  chunks: AsyncIterable<Buffer>,
  place: ContentsPlace,
): AsyncIterable<Incoming> {
  const source = new OctetSource(chunks);
  const start = await source.peek(lookInto);
  const form = formOf(start) ?? (isGzip(start) ? formOf(gunzipStart(start)) : undefined);
  if (form === undefined) yield* readWhole(source, place);
  else yield* readParts(form, isGzip(start) ? gunzipped(source) : source.rest(), place);
}

type Form = "mbox" | "tar";
const lookInto = 4_096;

function formOf(start: Buffer): Form | undefined {
  if (isMbox(start)) return "mbox";
  return isTar(start) ? "tar" : undefined;
}

/** "From " begins an mbox; a Maildir or a single mail may begin so, too, and is then an mbox of one. */
function isMbox(start: Buffer): boolean {
  return start.toString("latin1", 0, 5) === "From ";
}

function gunzipStart(octets: Buffer): Buffer {
  try {
    return gunzipSync(octets, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function gunzipped(source: OctetSource): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  const packed = Readable.from(source.rest(), { objectMode: false });
  packed.on("error", (error) => gunzip.destroy(error));
  gunzip.on("close", () => packed.destroy());
  return packed.pipe(gunzip);
}

async function* readParts(
  form: Form,
  chunks: AsyncIterable<Buffer>,
  place: ContentsPlace,
): AsyncIterable<Incoming> {
  try {
    yield* form === "mbox" ? readMessages(chunks, place) : readTarFiles(chunks, place);
  } catch (error) {
    // Of the system it has a code without Z_.
    if (!/^(?:Z_|ERR_)/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
    yield lost(place, "damaged");
  }
}

async function* readMessages(chunks: AsyncIterable<Buffer>, place: ContentsPlace): AsyncIterable<Incoming> {
  for await (const { octets, number, tooLarge } of readMbox(chunks)) {
    const inside = { via: `${place.via}#${number}`, receivedAt: place.receivedAt };
    yield tooLarge ? lost(inside, "EFBIG", place.via) : arrival(octets, inside, place.via);
  }
}

async function* readTarFiles(chunks: AsyncIterable<Buffer>, place: ContentsPlace): AsyncIterable<Incoming> {
  let files = 0;
  for await (const { name, octets, state } of readTar(chunks, maxFile)) {
    if (state === "damaged") {
      yield lost(place, "damaged");
      return;
    }
    if (isNoReport(name)) continue;
    files += 1;
    if (state === "too-large") yield lost({ ...place, via: `${place.via}#${name}` }, "EFBIG", place.via);
    else yield* readMember(octets, name, place);
  }
  if (files === 0) yield lost(place, "damaged");
}

/** A file of an archive, which may be a mailbox. */
export async function* readMember(
  octets: Buffer,
  name: string,
  { via, receivedAt }: ContentsPlace,
): AsyncIterable<Incoming> {
  const inside = { via: `${via}#${name}`, receivedAt, fileName: basename(name) };
  if (!isMbox(octets)) yield arrival(octets, inside, via);
  else
    for await (const message of readMbox(single(octets)))
      yield arrival(message.octets, { receivedAt, via: `${inside.via}#${message.number}` }, via);
}

async function* single(octets: Buffer): AsyncIterable<Buffer> {
  yield octets;
}

async function* readWhole(source: OctetSource, place: ContentsPlace): AsyncIterable<Incoming> {
  const octets = await source.take(maxFile + 1);
  await source.close();
  yield octets.length > maxFile ? lost(place, "EFBIG") : arrival(octets, place);
}

function arrival(octets: Buffer, { via, receivedAt, fileName }: ContentsPlace, within?: string): Incoming {
  return {
    kind: "arrival",
    arrival: {
      octets,
      via,
      receivedAt: Math.floor(receivedAt),
      ...(fileName !== undefined && { fileName }),
      ...(within !== undefined && { within }),
    },
  };
}

export function lost({ via }: Pick<ContentsPlace, "via">, reason: string, within?: string): Incoming {
  return { kind: "lost", lost: { via, reason, ...(within !== undefined && { within }) } };
}
