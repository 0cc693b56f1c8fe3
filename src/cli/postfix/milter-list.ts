import { splitList, unbraced } from "./logical-lines.ts";

/** One filter in `smtpd_milters` or `non_smtpd_milters`. */
export interface MilterEntry {
  /** As written: `inet:localhost:8891`, `unix:/run/x.sock`. */
  readonly endpoint: string;
  /** `{ inet:..., default_action=accept }`: settings of this filter alone (Postfix 3.0). */
  readonly settings: ReadonlyMap<string, string>;
}

/** Reads a list of filters, variables already expanded. */
export function parseMilterList(value: string): MilterEntry[] {
  return splitList(value).flatMap((item) => {
    const inner = unbraced(item);
    const [endpoint, ...settings] = inner === undefined ? [item] : splitList(spacedEquals(inner));
    return endpoint === undefined ? [] : [{ endpoint, settings: readSettings(settings) }];
  });
}

/** As `parseMilterList` reads it. */
export function formatMilterEntry({ endpoint, settings }: MilterEntry): string {
  if (settings.size === 0) return endpoint;
  const written = [...settings].map(([name, value]) =>
    /[\s,]/.test(value) ? `{${name} = ${value}}` : `${name}=${value}`,
  );
  return `{ ${[endpoint, ...written].join(", ")} }`;
}

/** Takes out white space around equals signs, which Postfix wants in inner braces only but people write anyway. */
function spacedEquals(text: string): string {
  return text
    .split("=")
    .map((part, index, all) => {
      const left = index === 0 ? part : part.trimStart();
      return index === all.length - 1 ? left : left.trimEnd();
    })
    .join("=");
}

function readSettings(items: readonly string[]): Map<string, string> {
  const settings = new Map<string, string>();
  for (const item of items) {
    const text = unbraced(item) ?? item;
    const equals = text.indexOf("=");
    if (equals > 0) settings.set(text.slice(0, equals).trim(), text.slice(equals + 1).trim());
  }
  return settings;
}
