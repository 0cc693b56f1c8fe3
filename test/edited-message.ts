import type { MessageEdit } from "../src/milter/types.ts";

/**
 * What an MTA makes of a header when it obeys header edits, written without the program's own code: changes and
 * deletions count as received, an insertion at 0 goes on top.
 * @param fields Name, and value as it came after the colon.
 * @returns Fields with CRLF.
 */
export function applyEdits(
  fields: readonly (readonly [string, string])[],
  edits: readonly MessageEdit[],
): string {
  const kept: { name: string; value: string | undefined }[] = fields.map(([name, value]) => ({
    name,
    value,
  }));
  const find = (name: string, occurrence: number): { value: string | undefined } | undefined =>
    kept.filter((field) => field.name.toLowerCase() === name.toLowerCase())[occurrence - 1];
  const top: string[] = [];
  const bottom: string[] = [];
  for (const edit of edits) {
    if (edit.kind === "delete-header" || edit.kind === "change-header") {
      const field = find(edit.name, edit.occurrence);
      if (field !== undefined) field.value = edit.kind === "delete-header" ? undefined : ` ${edit.value}`;
    } else if (edit.kind === "insert-header") top.unshift(`${edit.name}: ${edit.value}`);
    else if (edit.kind === "add-header") bottom.push(`${edit.name}: ${edit.value}`);
  }
  const lines = [
    ...top,
    ...kept.flatMap(({ name, value }) => (value === undefined ? [] : [`${name}:${value}`])),
    ...bottom,
  ];
  return lines.map((line) => `${line.replaceAll(/\r?\n/g, "\r\n")}\r\n`).join("");
}
