const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const sizeUnits = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const;

/** `30s`, `5m`, `1d`: a whole number with one of ms s m h d w. Milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  return quantity(text, durationUnits);
}

/** `10MB`: a whole number with one of B KB MB GB (powers of 1000) KiB MiB GiB. Octets; undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  return quantity(text, sizeUnits);
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,12}) ?([A-Za-z]{1,3})$/.exec(text);
  if (match === null) return undefined;
  const unit = units[match[2] as string];
  const value = Number(match[1]) * (unit ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The shortest text that `parseDuration` reads as the same time. */
export function formatDuration(ms: number): string {
  return largestUnit(ms, durationUnits);
}

/** The shortest text that `parseSize` reads as the same size. */
export function formatSize(octets: number): string {
  return largestUnit(octets, sizeUnits);
}

function largestUnit(value: number, units: Readonly<Record<string, number>>): string {
  let best = `${value}${Object.keys(units)[0]}`;
  for (const [name, unit] of Object.entries(units)) {
    const text = `${value / unit}${name}`;
    if (value !== 0 && value % unit === 0 && text.length <= best.length) best = text;
  }
  return best;
}
