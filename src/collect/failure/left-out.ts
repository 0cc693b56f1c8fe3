import { createHash } from "node:crypto";
import type { RawDocument } from "../../store/reports/port.ts";

/** What of a failure report's mail is not in what is kept of it. */
export type LeftOut = "body" | "body-and-local-parts";

/** The field that says so, in every mail that we write. */
const field = "Sekisho-Left-Out";
const words: Readonly<Record<LeftOut, string>> = {
  body: "body",
  "body-and-local-parts": "body, local-parts",
};

export function leftOutField(leftOut: LeftOut): Buffer {
  return Buffer.from(`${field}: ${words[leftOut]}\r\n`);
}

/** What stands in place of a body, so that a reader sees that there was one. */
export const bodyPlaceholder = "(The body of this message was not kept.)\r\n";

const maxLook = 1024 * 1024;

/** @returns undefined for what is as it came, or gone. */
export function leftOutOf({ digest, octets }: Pick<RawDocument, "digest" | "octets">): LeftOut | undefined {
  if (octets === undefined || createHash("sha256").update(octets).digest("hex") === digest) return undefined;
  return readLeftOut(octets);
}

/**
 * @param kept Octets of which it is known that we wrote them: anybody can write such a field.
 * @returns "body" also where no field is, as in an archive.
 */
function readLeftOut(kept: Buffer): LeftOut {
  const text = kept.toString("latin1", 0, maxLook);
  return text.includes(`${field}: ${words["body-and-local-parts"]}\r\n`) ? "body-and-local-parts" : "body";
}
