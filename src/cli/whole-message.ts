import { type MessageHead, parseHead } from "../core/message/message.ts";
import { MessageReader, withoutPrelude } from "../core/message/message-reader.ts";
import type { Verification } from "../core/verification.ts";
import { fileUnreadable, openInput } from "./input.ts";
import type { Io } from "./io.ts";

/** A message that is printed again with something on top of it, so that it is kept whole. */
export interface WholeMessage {
  /** As it was read, without a byte order mark and an mbox "From " line. */
  readonly octets: Buffer;
  /** How its lines end. */
  readonly lineEnd: "\n" | "\r\n";
  readonly head: MessageHead;
}

/**
 * Reads a file, or standard input for "-" or nothing, to its end.
 * @throws SekishoError with code FILE_UNREADABLE, naming the file.
 */
export async function readWholeMessage(file: string | undefined, io: Io): Promise<WholeMessage> {
  const source = await openInput(file, io);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of source) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  } catch (error) {
    throw fileUnreadable(file ?? "-", error, io);
  }
  const octets = withoutPrelude(Buffer.concat(chunks));
  const first = octets.indexOf("\n");
  const lineEnd = first > 0 && octets[first - 1] === 0x0d ? "\r\n" : "\n";
  return { octets, lineEnd, head: readHead(octets) };
}

function readHead(octets: Buffer): MessageHead {
  let found: MessageHead | undefined;
  const reader = new MessageReader({
    head: (head) => {
      found = head;
    },
    body: () => {},
  });
  reader.push(octets);
  reader.end();
  return found ?? parseHead(Buffer.alloc(0));
}

/** Feeds the body of a message to what was opened with its head. */
export async function feedBody<Results>(
  { octets }: WholeMessage,
  opened: Verification<Results>,
): Promise<Results> {
  const reader = new MessageReader({ head: () => {}, body: (chunk) => opened.body(chunk) });
  reader.push(octets);
  reader.end();
  return opened.finish();
}

/** Writes fields and, unless only they are wanted, the message below them. */
export function printMessage(fields: string, { octets }: WholeMessage, fieldOnly: boolean, io: Io): void {
  io.stdout.write(Buffer.from(fields, "latin1"));
  if (!fieldOnly) io.stdout.write(octets);
}
