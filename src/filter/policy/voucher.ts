import type { DispositionReason } from "../../store/record.ts";
import { basis } from "./basis.ts";
import type { PolicyInput } from "./input.ts";
import { entryText, type KnownEntry } from "./known-lists.ts";

/** Why the published policy is not applied to a message that somebody known handed on. */
export interface Voucher {
  readonly why: string;
  /** RFC 9990 §3.1.1.6. */
  readonly reason: DispositionReason;
}

/** A list or forwarder that is proven, else a trusted sealer. */
export function voucherOf({ sealer }: PolicyInput, known: KnownEntry | undefined): Voucher | undefined {
  if (known?.proven === true) return listVoucher(known);
  if (sealer === undefined) return undefined;
  return {
    why: basis("sealer.trusted", sealer),
    reason: { type: "trusted_forwarder", comment: `arc=pass, sealed by ${sealer}` },
  };
}

function listVoucher({ entry }: KnownEntry): Voucher {
  const { listId } = entry;
  return listId === undefined
    ? { why: basis("forwarder.known", entryText(entry)), reason: { type: "trusted_forwarder" } }
    : { why: basis("list.known", entryText(entry)), reason: { type: "mailing_list", comment: listId } };
}
