/** 1990 to 2100: a number outside is not in seconds. */
const earliest = 631_152_000;
const latest = 4_102_444_800;

/**
 * A time as reporters write it: seconds, also with decimals; milliseconds or microseconds; RFC 3339 or RFC 5322 text.
 * @returns Whole seconds since 1970, undefined when it cannot be told.
 */
export function readReportTime(text: string): number | undefined {
  if (/^\d{1,17}(?:\.\d{0,9})?$/.test(text)) {
    const number = Number(text);
    return [number, number / 1e3, number / 1e6].map(Math.floor).find(isPlausible);
  }
  if (text.length > 64) return undefined;
  // A time without a zone is taken for UTC.
  const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?$/.test(text)
    ? `${text.replace(" ", "T")}Z`
    : text;
  const seconds = Math.floor(Date.parse(zoned) / 1000);
  return isPlausible(seconds) ? seconds : undefined;
}

function isPlausible(seconds: number): boolean {
  return seconds >= earliest && seconds <= latest;
}

/** Whether a time was written as RFC 7489 wants it. */
export function isPlainTime(text: string): boolean {
  return /^\d{1,10}(?:\.0{0,9})?$/.test(text);
}
