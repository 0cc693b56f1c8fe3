import type { ListenAddress } from "./listen.ts";

/** `collect`: the reports that others send. Times in ms, sizes in octets. */
export interface CollectConfig {
  readonly mailboxes: readonly MailboxConfig[];
  readonly folders: readonly FolderConfig[];
  /** Undefined: nothing listens. */
  readonly lmtp?: LmtpConfig;
  readonly keep: KeepConfig;
  readonly failure: { readonly content: FailureContent };
  readonly geo: GeoConfig;
  /** DNS blocklists that the sources of our mail are looked up in; A-labels. */
  readonly blocklists: readonly string[];
}

/** Files (MMDB) that tell where addresses belong. */
export interface GeoConfig {
  readonly asn?: string;
  readonly country?: string;
}

/** An account on an IMAP server. */
export interface MailboxConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: MailboxTls;
  /** File of the certificates that are trusted instead of the system's. */
  readonly ca?: string;
  readonly user: string;
  readonly login: MailboxLogin;
  /** Folders that are read, each with a connection of its own. */
  readonly folders: readonly string[];
  /** Whether the server is asked to tell of new mail at once. */
  readonly idle: boolean;
  /** How often it is looked for without being told. */
  readonly pollMs: number;
  readonly after: AfterMail;
  /** Folder for mails with something in them that cannot be read. */
  readonly unreadTo?: string;
  /** Mails beyond it are left where they are. */
  readonly maxSize: number;
  /** Whose Authentication-Results are believed there; undefined: those of this site. */
  readonly authservIds?: readonly string[];
}

export const mailboxTlsModes = ["implicit", "starttls", "off"] as const;
export type MailboxTls = (typeof mailboxTlsModes)[number];

export type MailboxLogin =
  /** `file:PATH` or `env:NAME`. */
  | { readonly kind: "password"; readonly password: string }
  /** A program that prints an OAuth2 access token. */
  | { readonly kind: "token"; readonly command: readonly string[] };

/** What becomes of a mail after it is committed. */
export type AfterMail =
  | { readonly kind: "leave" }
  | { readonly kind: "move"; readonly folder: string }
  | { readonly kind: "flag"; readonly flags: readonly string[] };

/** A folder of files or a Maildir that is watched. */
export interface FolderConfig {
  readonly path: string;
  readonly pollMs: number;
  readonly after: AfterFile;
  readonly unreadTo?: string;
}

export type AfterFile =
  | { readonly kind: "leave" }
  | { readonly kind: "delete" }
  | { readonly kind: "move"; readonly folder: string };

/** Where the MTA hands reports over. */
export interface LmtpConfig {
  /** As written. */
  readonly listen: string;
  readonly address: ListenAddress;
  /** Of a unix socket, e.g. 0o660. */
  readonly mode: number;
  /** Of a unix socket. */
  readonly group?: string;
  readonly protocol: "lmtp" | "smtp";
  /** Addresses that reports are taken for, lower case; the part after `+` does not count. */
  readonly recipients: readonly string[];
  readonly maxSize: number;
}

/**
 * What is kept of the message that a failure report is about: all of it, its header, or its header without the local parts of
 * addresses.
 */
export const failureContents = ["headers", "message", "redacted"] as const;
export type FailureContent = (typeof failureContents)[number];

/** How old what may become; undefined: no end. */
export interface KeepConfig {
  /** The octets as they arrived. */
  readonly rawMs?: number;
  /** Single records of aggregate reports. */
  readonly recordsMs?: number;
  readonly sumsMs?: number;
  /** Failure reports, which hold personal data, with the octets that they were read from. */
  readonly failureMs?: number;
}
