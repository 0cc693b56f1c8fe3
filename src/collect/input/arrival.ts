import type { IngestedDocument } from "../../store/reports/port.ts";

/** One mail or file on its way in, whatever brought it. */
export interface Arrival {
  readonly octets: Buffer;
  /** Where it came from, for people. */
  readonly via: string;
  /** Of the file: reports are named by what is in them. */
  readonly fileName?: string;
  /** The archive or mailbox file in which it lies. */
  readonly within?: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Of RCPT TO, where that is known. */
  readonly envelopeTo?: readonly string[];
  /** After its documents are committed; only now may it be moved or flagged. */
  done?(documents: readonly IngestedDocument[]): Promise<void>;
}

/** Something that could not even be read, e.g. a file without permission. */
export interface LostArrival {
  readonly via: string;
  /** The archive or mailbox file in which it lies. */
  readonly within?: string;
  /** In words of the system. */
  readonly reason: string;
}

export type Incoming =
  | { readonly kind: "arrival"; readonly arrival: Arrival }
  | { readonly kind: "lost"; readonly lost: LostArrival };
