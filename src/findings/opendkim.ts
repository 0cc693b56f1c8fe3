import type { FindingRules } from "./finding.ts";

/** Why a setting of OpenDKIM is not carried over. Those without a line of their own here have no counterpart. */
export type NotCarriedReason =
  /** Sekisho makes no `l=`, which lets anybody add to the body. */
  | "no-body-length"
  /** Who may sign is decided by networks and logins, not by macros. */
  | "no-macros"
  /** Only From decides about the key. */
  | "only-from"
  /** Verdicts are handled as the section verify says. */
  | "other-policy"
  /** What is signed is fixed but for additions. */
  | "fixed-headers"
  /** Hosts and not clients of the milter: there is nothing like it. */
  | "no-exemptions"
  | "no-scripts"
  | "no-counterpart";

/** What `config import-opendkim` finds in OpenDKIM's files. */
export interface OpendkimFindings {
  readonly "opendkim.file-unreadable": Place & { readonly reason: string };
  readonly "opendkim.option-unknown": Place & { readonly option: string; readonly meant: string | undefined };
  readonly "opendkim.option-not-carried": Place & {
    readonly option: string;
    readonly value: string;
    readonly why: NotCarriedReason;
  };
  readonly "opendkim.options-needless": Place & { readonly options: readonly string[] };
  readonly "opendkim.value": Place & { readonly option: string; readonly value: string };
  readonly "opendkim.data-set": Place & { readonly option: string; readonly value: string };
  readonly "opendkim.no-signing": Place;
  readonly "opendkim.sha1": Place;
  readonly "opendkim.socket-open": Place & { readonly value: string; readonly listen: string };
  readonly "opendkim.host-not-carried": Place & { readonly option: string; readonly entry: string };
  readonly "opendkim.key-row": Place & { readonly row: string };
  readonly "opendkim.key-row-broken": Place & { readonly name: string };
  readonly "opendkim.key-name": Place & {
    readonly name: string;
    readonly domain: string;
    readonly selector: string;
  };
  readonly "opendkim.key-twice": Place & { readonly name: string };
  readonly "opendkim.selector-twice": Place & {
    readonly domain: string;
    readonly selector: string;
    /** Key files: the one that is left out, and the one that counts. */
    readonly key: string;
    readonly first: string;
  };
  readonly "opendkim.key-inline": Place & { readonly name: string };
  readonly "opendkim.key-owner": {
    readonly key: string /** Where a copy could be. */;
    readonly copy: string;
  };
  readonly "opendkim.key-any-domain": Place & { readonly name: string };
  readonly "opendkim.key-unused": Place & { readonly name: string };
  readonly "opendkim.row": Place & { readonly row: string };
  readonly "opendkim.row-dangling": Place & {
    readonly pattern: string;
    readonly name: string;
    /** The KeyTable row that it was taken for. */
    readonly taken: string | undefined;
    /** A KeyTable row with a name like it. */
    readonly meant: string | undefined;
  };
  readonly "opendkim.row-wildcard": Place & { readonly pattern: string };
  readonly "opendkim.row-pattern": Place & { readonly pattern: string };
  readonly "opendkim.row-loose": Place & { readonly pattern: string; readonly domain: string };
  readonly "opendkim.row-subdomains": Place & { readonly pattern: string; readonly domain: string };
  readonly "opendkim.row-never": Place & {
    readonly pattern: string;
    readonly better: string;
    readonly kind: "file" | "refile";
  };
  readonly "opendkim.row-shadowed": Place & { readonly pattern: string; readonly by: string };
  readonly "opendkim.row-identity": Place & { readonly pattern: string; readonly identity: string };
  readonly "opendkim.row-alignment": Place & { readonly from: string; readonly domain: string };
  readonly "opendkim.record-selector": Place & {
    readonly owner: string;
    readonly selector: string;
    readonly domain: string;
  };
  readonly "opendkim.record-differs": Place & { readonly published: string; readonly own: string };
}

interface Place {
  readonly file: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
}

const conf = "opendkim.conf(5)";
const keyTable = `${conf} KeyTable`;
const signingTable = `${conf} SigningTable`;

export const opendkimRules: FindingRules<OpendkimFindings> = {
  "opendkim.file-unreadable": { severity: "error", basis: conf },
  "opendkim.option-unknown": { severity: "warning", basis: conf },
  "opendkim.option-not-carried": { severity: "notice", basis: conf },
  "opendkim.options-needless": { severity: "info", basis: conf },
  "opendkim.value": { severity: "error", basis: conf },
  "opendkim.data-set": { severity: "error", basis: "opendkim(8) DATA SETS" },
  "opendkim.no-signing": { severity: "warning", basis: `${conf} Mode` },
  "opendkim.sha1": { severity: "warning", basis: "RFC 8301 §3.1" },
  "opendkim.socket-open": { severity: "notice", basis: `${conf} Socket` },
  "opendkim.host-not-carried": { severity: "warning", basis: `${conf} InternalHosts` },
  "opendkim.key-row": { severity: "error", basis: keyTable },
  "opendkim.key-row-broken": { severity: "error", basis: keyTable },
  "opendkim.key-name": { severity: "warning", basis: keyTable },
  "opendkim.key-twice": { severity: "warning", basis: keyTable },
  "opendkim.selector-twice": { severity: "error", basis: "RFC 6376 §3.1" },
  "opendkim.key-inline": { severity: "error", basis: keyTable },
  "opendkim.key-owner": { severity: "error", basis: `${conf} UserID` },
  "opendkim.key-any-domain": { severity: "error", basis: keyTable },
  "opendkim.key-unused": { severity: "warning", basis: keyTable },
  "opendkim.row": { severity: "error", basis: signingTable },
  "opendkim.row-dangling": { severity: "error", basis: signingTable },
  "opendkim.row-wildcard": { severity: "error", basis: signingTable },
  "opendkim.row-pattern": { severity: "error", basis: signingTable },
  "opendkim.row-loose": { severity: "warning", basis: signingTable },
  "opendkim.row-subdomains": { severity: "warning", basis: signingTable },
  "opendkim.row-never": { severity: "warning", basis: signingTable },
  "opendkim.row-shadowed": { severity: "warning", basis: signingTable },
  "opendkim.row-identity": { severity: "notice", basis: signingTable },
  "opendkim.row-alignment": { severity: "warning", basis: "RFC 7489 §3.1.1" },
  "opendkim.record-selector": { severity: "error", basis: "RFC 6376 §3.6.2.1" },
  "opendkim.record-differs": { severity: "error", basis: "RFC 6376 §3.6.1" },
};
