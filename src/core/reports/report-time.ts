/** 1973 to 2100: a number outside is not in seconds, and one of eight digits is a day. */
const earliest = 100_000_000;
/** 1990, for what is read in other units: nobody wrote reports before. */
const earliestScaled = 631_152_000;
const latest = 4_102_444_800;

/**
 * A time as reporters write it: seconds, also with decimals; milliseconds, microseconds or nanoseconds; RFC 3339 or RFC 5322 text.
 * @returns Whole seconds since 1970, undefined when it cannot be told.
 */
export function readReportTime(text: string): number | undefined {
  if (/^\d{1,20}(?:\.\d{0,15})?(?:e\+?\d{1,2})?$/i.test(text)) {
    const number = Number(text);
    const scaled = [1e3, 1e6, 1e9].map((scale) => Math.floor(number / scale));
    const seconds = isPlausible(Math.floor(number))
      ? Math.floor(number)
      : scaled.find((one) => one >= earliestScaled && isPlausible(one));
    if (seconds !== undefined || !/^\d{8}$/.test(text)) return seconds;
  }
  const milliseconds = readDateText(text);
  const seconds = milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000);
  return seconds !== undefined && isPlausible(seconds) ? seconds : undefined;
}

/**
 * A date in words or figures. One without a zone is taken for UTC, wherever the reader runs.
 * @returns Milliseconds since 1970, undefined when it cannot be told.
 */
export function readDateText(text: string): number | undefined {
  if (text.length > 100 || !/\d{4}/.test(text)) return undefined;
  const time = Date.parse(inZone(text.trim()));
  return Number.isNaN(time) ? undefined : time;
}

const compactDay = /^(\d{4})(\d\d)(\d\d)$/;
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?$/;
const numericZone = /:\d\d(?:\.\d{1,9})? {0,3}(?:UTC|GMT)?[+-]\d\d:?\d\d(?: {0,3}\([^()]{0,40}\))?$/i;
const namedZone = /(?:\dZ|\b(?:UTC|GMT|UT|Z|[ECMP][SD]T)\)?)$/i;

/** What JavaScript would take for the zone of the host gets a zone of its own, and Japan's name the figures it stands for. */
function inZone(text: string): string {
  if (numericZone.test(text) || namedZone.test(text)) return text;
  if (/ {0,3}\(?JST\)?$/i.test(text)) return text.replace(/ {0,3}\(?JST\)?$/i, " +0900");
  const day = compactDay.exec(text);
  if (day !== null) return `${day[1]}-${day[2]}-${day[3]}`;
  return isoTime.test(text) ? `${text}Z` : `${text} UTC`;
}

function isPlausible(seconds: number): boolean {
  return seconds >= earliest && seconds <= latest;
}

/** Whether a time was written as RFC 7489 wants it. */
export function isPlainTime(text: string): boolean {
  return /^\d{1,10}(?:\.0{0,9})?$/.test(text);
}
