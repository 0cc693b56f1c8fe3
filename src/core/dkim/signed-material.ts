import type { DnsResolver } from "../dns/resolver.ts";
import type { MessageHead } from "../message/message.ts";
import { BodyHashes } from "./body-hash.ts";
import { FieldPicker } from "./canonical-header.ts";
import { KeyQueries } from "./key-query.ts";

/**
 * What all signatures of one message work on, DKIM's and ARC's: its head, the hashes of its body, and the keys. The
 * body is canonicalized once for each form and each key asked for once, however many signatures want them.
 */
export class SignedMaterial {
  readonly head: MessageHead;
  /** Fed and ended by whoever made the material. */
  readonly hashes: BodyHashes = new BodyHashes();
  readonly keys: KeyQueries;
  #picker: FieldPicker | undefined;

  /** @param deadline By `clock.monotonic()`; key queries fail after it. */
  constructor(
    head: MessageHead,
    { dns, deadline }: { readonly dns: DnsResolver; readonly deadline?: number },
  ) {
    this.head = head;
    this.keys = new KeyQueries(dns, deadline);
  }

  get picker(): FieldPicker {
    this.#picker ??= new FieldPicker(this.head);
    return this.#picker;
  }
}
