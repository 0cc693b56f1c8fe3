import type { ListHostConfig } from "../config/list-config.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { DkimResult } from "../core/results.ts";
import type { RecordedList } from "../store/record.ts";
import type { EditedHead } from "./edited-head.ts";

/** The name that a broken signature gets when it is to be kept for people. */
const renamedField = "X-Original-DKIM-Signature";

/**
 * Takes out the DKIM signatures that no longer verify: RFC 6377 §5.7 recommends it to lists that change messages, as
 * some receivers hold a broken signature against a message, although it counts as none (RFC 6376 §6.1).
 *
 * Those that cannot be judged (no key, no answer) are left, unless From is another one now: then none can be good, as
 * all must cover it (RFC 6376 §5.4).
 * @param results Of every signature, as the message came.
 */
export function removeBrokenSignatures(
  edited: EditedHead,
  results: readonly DkimResult[],
  setting: ListHostConfig["brokenSignatures"],
): RecordedList["broken"] {
  const fromChanged = edited.hasChanged("From");
  const broken = results.filter((result) => isBroken(result) || (fromChanged && wasJudged(result)));
  const action = ({ remove: "removed", rename: "renamed", keep: "kept" } as const)[setting];
  if (setting !== "keep") for (const { fieldIndex } of broken) take(edited, fieldIndex, setting === "rename");
  return { count: broken.length, action };
}

function isBroken({ problem }: DkimResult): boolean {
  return problem === "body-hash-mismatch" || problem === "signature-mismatch" || problem === "key-testing";
}

function wasJudged({ result }: DkimResult): boolean {
  return result !== "permerror";
}

function take(edited: EditedHead, fieldIndex: number, rename: boolean): void {
  const { received } = edited;
  const field = received.fields[fieldIndex];
  if (field === undefined) return;
  if (rename) edited.append(renamedField, asText(received, field));
  edited.delete(field.name, occurrenceOf(received, fieldIndex));
}

function asText(head: MessageHead, field: MessageHead["fields"][number]): string {
  return head.octets
    .toString("utf8", field.valueStart, field.end - 2)
    .replaceAll("\r\n", "\n")
    .trim();
}

function occurrenceOf({ fields }: MessageHead, fieldIndex: number): number {
  const lowerName = fields[fieldIndex]?.lowerName;
  return fields.slice(0, fieldIndex + 1).filter((field) => field.lowerName === lowerName).length;
}
