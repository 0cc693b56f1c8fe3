import type { Io } from "../io.ts";
import { displayWidth, padEnd, padStart, truncate } from "../layout.ts";

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** May be cut down to so many columns when the table is too wide; never when left out. */
  readonly least?: number;
  /** Cut only when nothing is left to cut of others. */
  readonly cutLast?: boolean;
  /** Cut at its beginning: the end of a path tells more. */
  readonly keepEnd?: boolean;
}

const gap = 2;

/** Rows under titles, no wider than the terminal where the columns let that be. Columns without a value are left out. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  io: Io,
): string[] {
  const used = columns.map((_, index) => index).filter((index) => rows.some((row) => row[index] !== ""));
  const shown = used.map((index) => columns[index] as Column);
  const cells = rows.map((row) => used.map((index) => row[index] ?? ""));
  const widths = fittingWidths(shown, cells, io.tableColumns ?? io.columns);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => cell(text, shown[index] as Column, widths[index] as number))
      .join(" ".repeat(gap))
      .trimEnd();
  return [io.style.strong(line(shown.map(({ title }) => title))), ...cells.map(line)];
}

function cell(text: string, { right = false, keepEnd = false }: Column, width: number): string {
  const fitting = keepEnd ? truncateStart(text, width) : truncate(text, width);
  return right ? padStart(fitting, width) : padEnd(fitting, width);
}

function truncateStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const chars = [...text];
  let from = chars.length;
  for (let used = 1; from > 0; from -= 1) {
    used += displayWidth(chars[from - 1] as string);
    if (used > width) break;
  }
  return `…${chars.slice(from).join("")}`;
}

/** Takes columns away where there are most, one by one. */
function fittingWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  columnsOfTerminal: number,
): number[] {
  const widths = columns.map(({ title }, index) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[index] ?? "")), displayWidth(title)),
  );
  let over = widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1) - columnsOfTerminal;
  for (; over > 0; over--) {
    const widest = widestOf(columns, widths, false) ?? widestOf(columns, widths, true);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  return widths;
}

/** Of those that are cut last, or of the others. */
function widestOf(
  columns: readonly Column[],
  widths: readonly number[],
  isLast: boolean,
): number | undefined {
  let found: number | undefined;
  for (const [index, { least, cutLast = false }] of columns.entries())
    if (least !== undefined && cutLast === isLast && (widths[index] as number) > least)
      if (found === undefined || (widths[index] as number) > (widths[found] as number)) found = index;
  return found;
}

/** 1234567 as 1,234,567. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** A day of UTC. @param seconds Since 1970. */
export function day(seconds: number): string {
  return dateText(seconds, 10);
}

/** RFC 3339, in UTC. */
export function utcTime(seconds: number): string {
  return dateText(seconds, 19) + (Number.isFinite(new Date(seconds * 1000).getTime()) ? "Z" : "");
}

function dateText(seconds: number, length: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, length);
}
