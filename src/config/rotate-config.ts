import type { ServerAddress } from "../core/dns/server-address.ts";
import type { AuthorPattern, IdentityPolicy } from "./sign-config.ts";

export const keyAlgorithms = ["rsa2048", "rsa3072", "rsa4096", "ed25519"] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

/** `sign.rotate`: keys that are made, published, used and taken back by themselves. Times in ms. */
export interface RotateConfig {
  /** From the day a key comes into use until the next one is made; undefined (`off`): only when somebody asks. */
  readonly everyMs?: number;
  /** A part of this, by chance, is added to `everyMs`. */
  readonly jitterMs: number;
  /** Undefined: the domains of `sign.keys`. */
  readonly domains?: readonly RotatedDomain[];
  /** For domains that name none; undefined: the types that `sign.keys` has for the domain, else RSA of 2048 bits. */
  readonly algorithms?: readonly KeyAlgorithm[];
  /** Undefined: `keys` in `data_dir`. */
  readonly keyDir?: string;
  /** How long the record of a key stays as it is after the last signature. */
  readonly retireAfterMs: number;
  /** How long it says `p=` then. */
  readonly removeAfterMs: number;
  /** Whether the private key is deleted with its record. */
  readonly deleteFiles: boolean;
  /** How often a step that waits is looked at. */
  readonly checkEveryMs: number;
  /** After how long a step that waits is told again and as a warning. */
  readonly warnAfterMs: number;
  readonly publish: PublishConfig;
  /** Undefined: no mail. */
  readonly notify?: NotifyConfig;
}

/** A domain whose keys rotate, and whose mail they sign. */
export interface RotatedDomain {
  /** A-labels, lower case. */
  readonly domain: string;
  readonly algorithms?: readonly KeyAlgorithm[];
  /** Undefined: what the keys of the domain in `sign.keys` are for, else its own addresses. */
  readonly from?: readonly AuthorPattern[];
  readonly includeSubdomains: boolean;
  readonly identity: IdentityPolicy;
}

export type PublishConfig =
  | { readonly method: "manual" }
  | {
      readonly method: "nsupdate";
      /** Undefined: the program finds the primary by the SOA record. */
      readonly server?: ServerAddress;
      /** Undefined: the zone that DNS says. */
      readonly zone?: string;
      /** In seconds. */
      readonly ttl: number;
      /** With a TSIG key; undefined: updates are not signed. */
      readonly keyFile?: string;
      readonly program: string;
      readonly timeoutMs: number;
    }
  | {
      readonly method: "hook";
      /** Program and arguments. */
      readonly command: readonly string[];
      readonly ttl: number;
      readonly timeoutMs: number;
    };

/** Mail to the operator. */
export interface NotifyConfig {
  readonly to: readonly string[];
  /** Undefined: `sekisho@` and the host name. */
  readonly from?: string;
  readonly server: { readonly host: string; readonly port: number };
}
