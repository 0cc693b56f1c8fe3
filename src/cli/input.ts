import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileFaultText } from "../config/file-fault.ts";
import { type IpAddress, parseIp } from "../core/ip.ts";
import { SekishoError } from "../errors.ts";
import { usageError } from "./command.ts";
import type { Io } from "./io.ts";

/**
 * Opens a file, or standard input for "-" or nothing.
 * @throws SekishoError with code FILE_UNREADABLE, naming the file.
 */
export async function openInput(file: string | undefined, io: Io): Promise<Readable> {
  if (file === undefined || file === "-") return io.stdin;
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw Object.assign(new Error("directory"), { code: "EISDIR" });
    }
    return createReadStream(file, { fd: handle, highWaterMark: 256 * 1024 });
  } catch (error) {
    throw fileUnreadable(file, error, io);
  }
}

/** Names the file and says in the operator's language why it cannot be read. */
export function fileUnreadable(file: string, error: unknown, io: Io): SekishoError {
  const { failed } = io.text;
  const reason = reasonOf(error, { missing: failed.noSuchFile, forbidden: failed.noPermission }, io);
  return new SekishoError("FILE_UNREADABLE", failed.fileUnreadable(file, reason), { cause: error });
}

/** The same for one that cannot be written. */
export function fileUnwritable(file: string, error: unknown, io: Io): SekishoError {
  const { failed } = io.text;
  const words = { missing: failed.noSuchFolder, forbidden: failed.noPermissionToWrite };
  const reason = reasonOf(error, words, io);
  return new SekishoError("FILE_UNREADABLE", failed.fileUnwritable(file, reason), { cause: error });
}

/** What is wrong with a file, wherever it was used. */
export function faultInWords(error: unknown, io: Io): string {
  const { failed } = io.text;
  return reasonOf(error, { missing: failed.noSuchFile, forbidden: failed.noRight }, io);
}

/** @param words What it means that the path is not there, and that there is no right to it. */
function reasonOf(
  error: unknown,
  { missing, forbidden }: { readonly missing: string; readonly forbidden: string },
  { lang }: Io,
): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: missing,
    ENOTDIR: missing,
    EACCES: forbidden,
    EPERM: forbidden,
  };
  const { code } = error as NodeJS.ErrnoException;
  const said = code ?? (error instanceof Error ? error.message : String(error));
  return reasons[said] ?? fileFaultText(said, lang);
}

/** RFC 3339 §5.6 `date-time`, in milliseconds since 1970; undefined when the text is none. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [month, day, hour, minute, second] = match.slice(2, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const days = new Date(Date.UTC(Number(match[1]), month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > days || hour > 23 || minute > 59 || second > 60)
    return undefined;
  // A leap second is no time to Date; the second before it is near enough for expiry checks.
  const plain = second === 60 ? `${text.slice(0, 17)}59${text.slice(19)}` : text;
  const time = Date.parse(plain.replace(" ", "T").toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}

/** @throws SekishoError with code USAGE. */
export function readIp(where: string, text: string, io: Io): IpAddress {
  const ip = parseIp(text);
  if (ip === undefined) throw usageError(io.text.usage.badIp(where, text));
  return ip;
}

/** The time that `--now` gives, in milliseconds; undefined without it. */
export function readNow(value: string | undefined, io: Io): number | undefined {
  if (value === undefined) return undefined;
  const time = parseTimestamp(value);
  if (time === undefined) throw usageError(io.text.usage.badTime("--now", value));
  return time;
}
