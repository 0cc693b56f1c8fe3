import type { MessageHead } from "../core/message/message.ts";
import { MessageReader, withoutPrelude } from "../core/message/message-reader.ts";
import type { Verification } from "../core/verification.ts";
import type { Io } from "./io.ts";
import { fileUnreadable, openInput } from "./input.ts";

/** A message that is printed again with something on top of it, so that it is kept whole. */
export interface WholeMessage {
  /** As it was read, without a byte order mark and an mbox "From " line. */
  readonly octets: Buffer;
  /** How its lines end. */
  readonly lineEnd: "\n" | "\r\n";
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
  return { octets, lineEnd: first > 0 && octets[first - 1] === 0x0d ? "\r\n" : "\n" };
}

/** Feeds the message to something that is opened with its head. */
export async function passThrough<Results, Opened extends Verification<Results>>(
  { octets }: WholeMessage,
  open: (head: MessageHead) => Opened,
): Promise<{ readonly results: Results; readonly opened: Opened; readonly head: MessageHead }> {
  let state: { opened: Opened; head: MessageHead } | undefined;
  const reader = new MessageReader({
    head: (head) => {
      state = { opened: open(head), head };
    },
    body: (chunk) => state?.opened.body(chunk),
  });
  reader.push(octets);
  reader.end();
  if (state === undefined) throw new Error("no head");
  return { ...state, results: await state.opened.finish() };
}

/** Writes fields and, unless only they are wanted, the message below them. */
export function printMessage(fields: string, { octets }: WholeMessage, fieldOnly: boolean, io: Io): void {
  io.stdout.write(Buffer.from(fields, "latin1"));
  if (!fieldOnly) io.stdout.write(octets);
}
