import type { PublicRecord } from "../../keys/public-record.ts";
import { usageError } from "../command.ts";
import type { Io } from "../io.ts";
import { labelled } from "../layout.ts";
import { signingText } from "../text/signing-text.ts";

/** How a key record is printed: an entry of a zone file in several strings, one long line, or its text alone. */
export type Form = "zone" | "line" | "value";

export function readForm(value: string | undefined, io: Io): Form | undefined {
  if (value === undefined || value === "zone" || value === "line" || value === "value") return value;
  throw usageError(signingText(io.lang).usage.badForm(value));
}

export function inForm({ zoneEntry, zoneLine, value }: PublicRecord, form: Form): string {
  return { zone: zoneEntry, line: zoneLine, value }[form];
}

export function jsonRecord({ name, value, zoneEntry, zoneLine }: PublicRecord): object {
  return { name, type: "TXT", value, zone: zoneEntry, line: zoneLine };
}

/** Not wrapped: the lines are there to be copied. */
export function recordLines({ name, value, zoneEntry, zoneLine }: PublicRecord, io: Io): string[] {
  const { record } = signingText(io.lang);
  return [
    io.style.strong(record.zoneEntry),
    ...zoneEntry.split("\n"),
    "",
    io.style.strong(record.zoneLine),
    zoneLine,
    "",
    io.style.strong(record.webForm),
    ...labelled(
      [
        [record.name, name],
        [record.type, "TXT"],
        [record.value, value],
      ],
      Number.MAX_SAFE_INTEGER,
    ),
  ];
}
