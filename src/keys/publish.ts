import type { PublishConfig } from "../config/rotate-config.ts";
import { hookPublisher } from "./publish-hook.ts";
import { nsupdatePublisher } from "./publish-nsupdate.ts";

/** A change of one TXT record. */
export interface RecordChange {
  /** "revoke" puts a record without a key in the place of the one that is there. */
  readonly action: "publish" | "revoke" | "remove";
  readonly domain: string;
  readonly selector: string;
  /** A-labels, without final dot. */
  readonly zone: string;
  readonly name: string;
  /** What the record is to say; what it says now where it is removed. */
  readonly text: string;
  /** The strings of the record that is to be replaced or removed. */
  readonly before?: readonly string[];
}

export type PublishOutcome =
  /** It was taken; whether it is served is proved elsewhere. */
  | { readonly kind: "sent" }
  /** Somebody has to do it by hand. */
  | { readonly kind: "manual" }
  | { readonly kind: "failed"; readonly reason: string };

/** What changes records. Each change may be asked for again when its outcome is not known. */
export interface Publisher {
  readonly method: PublishConfig["method"];
  /** Never rejects. */
  change(change: RecordChange): Promise<PublishOutcome>;
}

export function createPublisher(config: PublishConfig): Publisher {
  switch (config.method) {
    case "manual":
      return { method: "manual", change: () => Promise.resolve({ kind: "manual" }) };
    case "nsupdate":
      return nsupdatePublisher(config);
    case "hook":
      return hookPublisher(config);
  }
}
