import { createHash } from "node:crypto";

export interface WrittenPart {
  readonly type: string;
  readonly fileName?: string;
  /** 8bit stays readable; base64 is for what is no text. */
  readonly encoding: "8bit" | "base64";
  readonly octets: Buffer;
}

const lineEnd = "\r\n";

/** @param fields Header fields as octets, each with its line end; those of MIME are added. */
export function writeMultipart(
  fields: Buffer,
  parts: readonly WrittenPart[],
  multipart = "multipart/mixed",
): Buffer {
  const bodies = parts.map(encoded);
  const boundary = boundaryFor(bodies);
  const type = `MIME-Version: 1.0${lineEnd}Content-Type: ${multipart}; boundary="${boundary}"${lineEnd}`;
  const pieces: Buffer[] = [fields, Buffer.from(type)];
  for (const [index, part] of parts.entries()) {
    const head = `${lineEnd}--${boundary}${lineEnd}${partHead(part)}${lineEnd}`;
    pieces.push(Buffer.from(head), bodies[index] as Buffer);
  }
  return Buffer.concat([...pieces, Buffer.from(`${lineEnd}--${boundary}--${lineEnd}`)]);
}

/** A mail that is one text in UTF-8. */
export function writeText(fields: Buffer, text: string): Buffer {
  const type = `MIME-Version: 1.0${lineEnd}Content-Type: text/plain; charset=utf-8${lineEnd}Content-Transfer-Encoding: 8bit${lineEnd}${lineEnd}`;
  return Buffer.concat([fields, Buffer.from(type), Buffer.from(text, "utf8")]);
}

function encoded({ encoding, octets }: WrittenPart): Buffer {
  return encoding === "8bit" ? octets : Buffer.from(octets.toString("base64").replace(/.{76}/g, "$&\r\n"));
}

function partHead({ type, fileName, encoding }: WrittenPart): string {
  // RFC 2231 §4.
  const name = fileName === undefined ? "" : `; filename*=utf-8''${percentEncoded(fileName)}`;
  const disposition = name === "" ? "" : `Content-Disposition: attachment${name}${lineEnd}`;
  return `Content-Type: ${type}${lineEnd}${disposition}Content-Transfer-Encoding: ${encoding}${lineEnd}`;
}

function percentEncoded(name: string): string {
  const octets = Array.from(Buffer.from(name, "utf8"));
  return octets
    .map((octet) => {
      const character = String.fromCharCode(octet);
      return /[A-Za-z0-9._-]/.test(character) ? character : `%${octet.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/** One that stands in none of the parts; the same for the same parts. */
function boundaryFor(bodies: readonly Buffer[]): string {
  for (let round = 0; ; round++) {
    const hash = createHash("sha256").update(String(round));
    for (const body of bodies) hash.update(body);
    const boundary = `=_sekisho_${hash.digest("hex").slice(0, 24)}`;
    if (!bodies.some((body) => body.includes(boundary))) return boundary;
  }
}
