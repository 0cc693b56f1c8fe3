export interface LogicalLine {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

/**
 * The logical lines of a Postfix configuration file (postconf(5), master(5)): empty lines and comments are nothing,
 * also in the middle of a logical line; a line that begins with white space goes on with the one before.
 */
export function logicalLines(text: string): LogicalLine[] {
  const lines: { parts: string[]; line: number }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const stripped = raw.trim();
    if (stripped === "" || stripped.startsWith("#")) continue;
    const last = lines.at(-1);
    if (last !== undefined && (raw.startsWith(" ") || raw.startsWith("\t"))) last.parts.push(stripped);
    else lines.push({ parts: [stripped], line: index + 1 });
  }
  return lines.map(({ parts, line }) => ({ text: parts.join(" "), line }));
}

/** Splits at white space and commas, but not inside braces, which may nest. The braces stay. */
export function splitList(text: string): string[] {
  return splitAt(text, " \t\r\n,");
}

/** The same, with commas left where they are. */
export function splitWords(text: string): string[] {
  return splitAt(text, " \t\r\n");
}

function splitAt(text: string, separators: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === "{") depth++;
    else if (char === "}" && depth > 0) depth--;
    const separates = char === undefined || (depth === 0 && separators.includes(char));
    if (separates && start >= 0) {
      items.push(text.slice(start, i));
      start = -1;
    } else if (!separates && start < 0) start = i;
  }
  return items;
}

/** What stands inside a pair of braces around the whole text; undefined when there is none. */
export function unbraced(text: string): string | undefined {
  return text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1).trim() : undefined;
}
