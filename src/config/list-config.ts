import type { NamedNetwork } from "./config.ts";
import type { AuthorPattern } from "./sign-config.ts";

/** A host of our own lists, or a list: mail that it hands over has passed through it. */
export interface ListHostConfig {
  /** How records, metrics and messages name it. */
  readonly name: string;
  /** Addresses and domains of its lists: every address of such a domain is one. */
  readonly addresses: readonly AuthorPattern[];
  /** `listen` of the socket by which its mail comes back, and nothing else. */
  readonly socket?: string;
  /** Whence its mail comes back. */
  readonly networks: readonly NamedNetwork[];
  /** What stands between the angle brackets of List-Id (RFC 2919), in lower case. */
  readonly listId?: string;
  /** DKIM signatures that the list has broken. */
  readonly brokenSignatures: "remove" | "rename" | "keep";
  /** When From is rewritten to name the list. */
  readonly rewriteFrom: "policy" | "always" | "never";
  /** Where the author's address goes then. */
  readonly author: "auto" | "reply-to" | "cc";
  /** What stands after "via"; the local part of the list's address when undefined. */
  readonly displayName?: string;
}

export interface ListsConfig {
  readonly hosts: readonly ListHostConfig[];
  /** How long mail that went in to a list is remembered; 0: it is not. */
  readonly rememberMs: number;
  /** For how long after the first batch of a message others are taken from a list over other connections; 0: they are not. */
  readonly batchesMs: number;
}
