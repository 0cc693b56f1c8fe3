import type { SignatureCanonicalization } from "../core/dkim/sign.ts";
import type { RotateConfig } from "./rotate-config.ts";

/** Whose mail a key signs: a From domain, or one address of it. */
export interface AuthorPattern {
  /** A-labels, lower case. */
  readonly domain: string;
  /** Lower case; every address of the domain when absent. */
  readonly localPart?: string;
}

/** What `i=` says: nothing, `@` and the From domain, or the whole From address. */
export type IdentityPolicy = "none" | "domain" | "address";

/** One key of `sign.keys`, and whose mail it signs. */
export interface SigningKeyConfig {
  /** `d=` and `s=`: A-labels, lower case. */
  readonly domain: string;
  readonly selector: string;
  readonly file: string;
  /** `file:PATH` or `env:NAME`. */
  readonly passphrase?: string;
  /** The key's own domain when the file names none. */
  readonly from: readonly AuthorPattern[];
  /** Also domains below those in `from`. */
  readonly includeSubdomains: boolean;
  /** Any From domain that no other key is for. */
  readonly anyDomain: boolean;
  /** Domains in `from` need not be d=, nor above or below it. */
  readonly thirdParty: boolean;
  readonly identity: IdentityPolicy;
}

export interface SignConfig {
  readonly keys: readonly SigningKeyConfig[];
  readonly canonicalization: SignatureCanonicalization;
  /** `t=`. */
  readonly timestamp: boolean;
  /** `x=`: whole seconds after signing; undefined: none. */
  readonly expireMs?: number;
  /** Names besides the built-in ones, signed as often as they are there. */
  readonly extraHeaders: readonly string[];
  /** Names besides the built-in ones, signed once more than they are there. */
  readonly oversignHeaders: readonly string[];
  /** Undefined: the keys stay as they are. */
  readonly rotate?: RotateConfig;
  /**
   * Mail with the null sender: signed as all other mail is, only when it began on this host, or never.
   */
  readonly nullSender: "sign" | "local" | "unsigned";
  /** What becomes of mail that should be signed and cannot be. */
  readonly onFailure: "tempfail" | "unsigned";
  /** What becomes of mail whose signature would hardly survive the way. */
  readonly onFragile: "sign" | "unsigned" | "hold";
  /** Undefined: any login may use any From of ours. */
  readonly logins?: LoginsConfig;
  /** Undefined: nothing is counted. */
  readonly burst?: BurstConfig;
}

/** Which login may write as whom. */
export interface LoginsConfig {
  readonly file: string;
  readonly onMismatch: "unsigned" | "hold";
  /** Logins that the file does not name: they may write as nobody, as themselves, or as anybody. */
  readonly unlisted: "none" | "own" | "any";
}

/** So many messages of one sender within the time are no burst. */
export interface BurstConfig {
  readonly messages: number;
  readonly perMs: number;
  readonly action: "warn" | "hold";
}

/** With which key of `sign.keys` ARC sets are made. */
export interface SealConfig {
  readonly domain: string;
  /** The first of that domain when undefined, RSA before Ed25519. */
  readonly selector?: string;
  /** Whether the milter seals: mail of lists and for `recipients`, or all that was verified here. */
  readonly mode: "off" | "forwarded" | "all";
  /** Whose mail is sent on from here. */
  readonly recipients: readonly AuthorPattern[];
}
