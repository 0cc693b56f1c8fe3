import type { CheckedMessage, KnownSelector } from "../../checker/context.ts";
import { parseDkimSignature } from "../../core/dkim/signature.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../../core/message/message.ts";
import type { Io } from "../io.ts";
import { readWholeMessage } from "../whole-message.ts";

/** @throws SekishoError with code FILE_UNREADABLE. */
export async function readMessage(file: string, io: Io): Promise<CheckedMessage> {
  const { octets, head } = await readWholeMessage(file, io);
  return { file, octets, head };
}

const maxSignatures = 50;

/** Selectors of the domain's own signatures in a message. */
export function messageSelectors(head: MessageHead, domain: string): readonly KnownSelector[] {
  return fieldsNamed(head, "dkim-signature")
    .slice(0, maxSignatures)
    .flatMap((field) => {
      const signature = parseDkimSignature(rawValue(head, field));
      return "selector" in signature && signature.domain === domain && signature.selector !== undefined
        ? [{ selector: signature.selector, from: "message" }]
        : [];
    });
}
