import { formatPacket } from "./packet.ts";
import type { MilterReply } from "./types.ts";

const fixed: Readonly<Record<Exclude<MilterReply["kind"], "smtp">, Buffer>> = {
  continue: formatPacket(0x63),
  accept: formatPacket(0x61),
  reject: formatPacket(0x72),
  tempfail: formatPacket(0x74),
  discard: formatPacket(0x64),
  skip: formatPacket(0x73),
};

export const continuePacket: Buffer = fixed.continue;
export const tempfailPacket: Buffer = fixed.tempfail;

const smtpCode = 0x79;
/** Octets of one line after code and enhanced code, as libmilter limits it; an SMTP reply line has 998. */
const maxLineOctets = 980;
const maxLines = 32;

/** "Still working": only while the answer to the end of a message is pending, to restart the clock of the MTA. */
export const progressPacket: Buffer = formatPacket(0x70);

/**
 * One answer as a packet. `smtp` texts are made fit for the wire, see `formatSmtpReply`.
 * @returns undefined when the code is no 4xx or 5xx, or when `reply` is nothing of its type (from JavaScript).
 */
export function formatReply(reply: MilterReply): Buffer | undefined {
  if (reply.kind !== "smtp") return fixed[reply.kind];
  const text = formatSmtpReply(reply.code, reply.enhanced, reply.text);
  return text === undefined ? undefined : formatPacket(smtpCode, Buffer.from(`${text}\0`, "latin1"));
}

/**
 * The text of a reply as MTAs check it: on each line the same code, "-" or on the last a blank, an enhanced code of
 * the same class (X.0.0 instead of one that is not), and at most 980 octets of ASCII with "%" doubled, as Sendmail
 * takes the text for a format. Other octets become "?"; long lines are broken; lines past 32 are left out.
 * @returns undefined when the code is no 4xx or 5xx.
 */
export function formatSmtpReply(code: number, enhanced: string, text: string): string | undefined {
  if (!Number.isInteger(code) || code < 400 || code > 599) return undefined;
  const status = enhancedFor(code, enhanced);
  const lines = smtpLines(text);
  return lines
    .map((line, index) => `${code}${index === lines.length - 1 ? " " : "-"}${status} ${line}`)
    .join("\r\n");
}

function enhancedFor(code: number, enhanced: string): string {
  const kind = code < 500 ? "4" : "5";
  return enhanced.startsWith(kind) && /^\d\.\d{1,3}\.\d{1,3}$/.test(enhanced) ? enhanced : `${kind}.0.0`;
}

/** At least one line, each of at most 980 characters. */
function smtpLines(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const character of text) {
    const piece = smtpCharacter(character);
    if (piece === "\n" || line.length + piece.length > maxLineOctets) {
      lines.push(line);
      line = "";
      if (lines.length === maxLines) return lines;
    }
    if (piece !== "\n") line += piece;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

/** The character on the wire; "" for CR, so that CRLF is one line end. */
function smtpCharacter(character: string): string {
  if (character === "\n") return character;
  if (character === "\r") return "";
  if (character === "%") return "%%";
  if (character === "\t") return " ";
  return character >= " " && character <= "~" ? character : "?";
}
