import { fileFaultText } from "../config/file-fault.ts";
import { SekishoError } from "../errors.ts";
import { faultInWords, fileUnwritable } from "./input.ts";
import type { Io } from "./io.ts";
import { printable } from "./layout.ts";
import { storeFailure } from "./store-failure.ts";

/** What has gone wrong, one sentence a line, in the operator's language; what is indented belongs to the sentence before. */
export function failureLines(error: unknown, io: Io): readonly string[] {
  return messageOf(error, io)
    .split("\n")
    .map((line) => (line.startsWith("  ") ? printable(line) : `sekisho: ${printable(line)}`));
}

function messageOf(error: unknown, io: Io): string {
  if (error instanceof SekishoError)
    return storeFailure(error, io.lang) ?? secretFailure(error, io) ?? error.message;
  const { failed } = io.text;
  if (!(error instanceof Error)) return failed.unexpected(String(error));
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || path === undefined || syscall === undefined)
    return failed.unexpected(error.message);
  // A file or folder that nobody thought of is still the operator's to mend.
  return syscall === "mkdir"
    ? fileUnwritable(path, error, io).message
    : failed.fileUnusable(path, faultInWords(error, io));
}

/** `file:/etc/secret: ENOENT`, in words. */
function secretFailure({ code, message }: SekishoError, io: Io): string | undefined {
  const found = code === "CONFIG_INVALID" ? /^((?:file|env):.*): ([a-zA-Z ]+)$/s.exec(message) : null;
  const [, reference = "", reason = ""] = found ?? [];
  if (found === null) return undefined;
  const { failed } = io.text;
  return reason === "empty or not set"
    ? failed.secretEmpty(reference)
    : failed.secretUnreadable(reference, fileFaultText(reason, io.lang));
}
