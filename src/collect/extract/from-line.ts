const days: ReadonlySet<string> = new Set(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
const month = /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec),?$/;
const day = /^\d{1,2},?$/;
const time = /^\d{1,2}:\d{2}(?::\d{2})?$/;
const year = /^\d{4}$/;
const zone = /^(?:[+-]\d{4}|\(?[A-Z]{1,5}\)?)$/;

/** A "From " line that goes on beyond this is text. */
export const maxFromLine = 1_000;
const maxWords = 40;
/** `From - ` and the line end. */
const longestWithoutTime = 10;
const lf = 0x0a;
const colon = 0x3a;

/**
 * Whether the line that begins here with "From " parts the messages of a mailbox (RFC 4155 appendix A): an address, or what stands
 * in its place, and a time as `asctime` writes it, in any order of its words. What somebody writes in a mail has no such time.
 * Thunderbird writes the word alone.
 */
export function isFromLine(octets: Buffer, at: number): boolean {
  const most = at + maxFromLine;
  let end = at + "From ".length;
  let hasColon = false;
  for (; end < octets.length && end < most && octets[end] !== lf; end++) hasColon ||= octets[end] === colon;
  // Most text is known by these two.
  if (end === most || (!hasColon && end > at + longestWithoutTime)) return false;
  const text = octets.toString("latin1", at + "From ".length, end).trim();
  if (text === "" || text === "-") return true;
  const words = text.split(/[ \t]+/, maxWords);
  // An address may be called as a day is.
  const dayAt = words.findLastIndex((word) => days.has(word.replace(/,$/, "")));
  return dayAt >= 0 && isSender(words.slice(0, dayAt)) && isTime(words.slice(dayAt + 1));
}

/** None, one word, `"a b"@c`, or `a at b` as archives of lists write it. */
function isSender(words: readonly string[]): boolean {
  if (words.length < 2) return true;
  if (words[0]?.startsWith('"') === true) return words.at(-1)?.includes('"@') === true;
  return words.length === 3 && words[1] === "at";
}

function isTime(words: readonly string[]): boolean {
  // UUCP's `remote from HOST` follows the time.
  const remote = words.indexOf("remote");
  const written = remote < 0 ? words : words.slice(0, remote);
  const count = (form: RegExp): number => written.filter((word) => form.test(word)).length;
  const isWhole = count(month) === 1 && count(day) === 1 && count(time) === 1 && count(year) <= 1;
  return isWhole && written.every((word) => [month, day, time, year, zone].some((form) => form.test(word)));
}
