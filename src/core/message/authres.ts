/** What a method looked at: `propspec` of RFC 8601 §2.2, such as `smtp.mailfrom=example.jp`. */
export interface AuthResProperty {
  /** Lower case. Those that are registered are in `registeredPtypes`; others must not be used for decisions (§2.3). */
  readonly ptype: string;
  /** Lower case. */
  readonly property: string;
  /** Without quotes and escapes when it was one quoted string, else as written without folds. */
  readonly value: string;
}

/** One statement: `resinfo` of RFC 8601 §2.2. */
export interface MethodResult {
  /** Lower case, e.g. `dkim`; may be one that nobody registered. */
  readonly method: string;
  /** Lower case, e.g. `pass`; may be a word that nobody registered. */
  readonly result: string;
  readonly reason?: string;
  readonly properties: readonly AuthResProperty[];
}

/** RFC 7410 §3 and the registry it made; `dns` came with RFC 8904. */
export const registeredPtypes: ReadonlySet<string> = new Set(["smtp", "header", "body", "policy", "dns"]);

/** What the tolerant reader had to overlook; each at most once in a field. */
export type AuthResDefect =
  | "no-authserv-id"
  | "text-after-authserv-id"
  | "no-statement"
  | "unterminated-comment"
  | "unterminated-quoted-string"
  | "no-equals-sign"
  | "no-method"
  | "no-result"
  | "not-a-keyword"
  /** §2.6: a statement about a version of a method that is not 1 is left out. */
  | "unsupported-method-version"
  /** `action=none`: a property without a ptype. */
  | "no-ptype"
  | "no-value"
  | "stray-text"
  | "too-many-results"
  | "too-many-properties";

export type AuthResUnparsable =
  | "empty"
  | "too-long"
  | "unterminated-comment"
  | "unterminated-quoted-string"
  | "no-statement";

export type ParsedAuthRes =
  | {
      readonly kind: "parsed";
      /** Absent in fields that begin with a statement, as Microsoft writes them (defect `no-authserv-id`). */
      readonly authservId?: string;
      /** Only when it is written out. */
      readonly version?: 1;
      /** Empty for `none`. */
      readonly results: readonly MethodResult[];
      readonly defects: readonly AuthResDefect[];
    }
  /** §2.6: what follows an unknown version is not read. */
  | {
      readonly kind: "unsupported-version";
      readonly authservId: string;
      /** The digits, as written. */
      readonly version: string;
    }
  | {
      readonly kind: "unparsable";
      /** What a more careless reader would take for the authserv-id. */
      readonly authservIdGuess?: string;
      readonly reason: AuthResUnparsable;
    };
