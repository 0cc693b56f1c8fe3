import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { readableText } from "../../core/reports/readable-text.ts";

/** A file as the system knows it: its name may be octets that are no UTF-8, such as Shift_JIS out of an archive. */
export type FilePath = string | Buffer;

const slash = 0x2f;

/** A name in a folder, as text wherever that says the same. */
export function within(folder: FilePath, name: Buffer): FilePath {
  if (typeof folder === "string" && isUtf8(name)) return join(folder, name.toString());
  return Buffer.concat([Buffer.from(folder), Buffer.of(slash), name]);
}

export function nameOf(path: FilePath): Buffer {
  const octets = Buffer.from(path);
  return octets.subarray(octets.lastIndexOf(slash) + 1);
}

/** For people: a name that is no UTF-8 in the charset that it looks like. Two files may be shown alike. */
export function shown(path: FilePath): string {
  if (typeof path === "string") return path;
  const names: string[] = [];
  for (let from = 0; from <= path.length; ) {
    const next = path.indexOf(slash, from);
    const end = next < 0 ? path.length : next;
    const name = path.subarray(from, end);
    names.push(isUtf8(name) ? name.toString() : readableText(name));
    from = end + 1;
  }
  return names.join("/");
}

/** Of one file alone: a character for each octet. */
export function keyOf(path: FilePath): string {
  return Buffer.from(path).toString("latin1");
}
