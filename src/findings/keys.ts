import type { FindingRules } from "./finding.ts";

/** What can be wrong with a key file, and with the record that publishes the key. */
export interface KeyFindings {
  readonly "key.file-unreadable": KeyFile & { readonly reason: string };
  readonly "key.file-no-key": KeyFile;
  /** @param mode Octal, as `better`, which is what it should be. */
  readonly "key.file-mode": KeyFile & { readonly mode: string; readonly better: string };
  readonly "key.file-group": KeyFile & { readonly gid: number };
  readonly "key.file-owner": KeyFile & { readonly uid: number; readonly expected: number };
  readonly "key.folder-mode": KeyFile & { readonly folder: string; readonly mode: string };
  readonly "key.folder-owner": KeyFile & {
    readonly folder: string;
    readonly uid: number;
    readonly expected: number;
  };
  readonly "key.passphrase-missing": KeyFile;
  readonly "key.passphrase-wrong": KeyFile;
  readonly "key.passphrase-unreadable": KeyFile & { readonly reference: string };
  readonly "key.type": KeyFile & { readonly type: string };
  readonly "key.bits-refused": KeyFile & { readonly bits: number };
  readonly "key.bits-low": KeyFile & { readonly bits: number };
  readonly "key.broken": KeyFile;
  readonly "key.old": { readonly selector: string; readonly domain: string; readonly months: number };
  readonly "key.record-missing": { readonly name: string };
  readonly "key.record-unanswered": { readonly name: string; readonly reason: string };
  readonly "key.record-syntax": { readonly name: string };
  readonly "key.records-several": { readonly name: string; readonly count: number };
  readonly "key.record-revoked": { readonly name: string };
  /** @param published Type and bits, `-` when the key cannot be read; `own` likewise. */
  readonly "key.record-differs": KeyFile & {
    readonly name: string;
    readonly published: string;
    readonly own: string;
  };
  readonly "key.record-elsewhere": KeyFile & { readonly name: string; readonly other: string };
  readonly "key.record-service": { readonly name: string; readonly services: string };
  readonly "key.record-hash": { readonly name: string; readonly hashes: string };
  readonly "key.record-testing": { readonly name: string };
  readonly "key.record-strict": { readonly name: string };
}

interface KeyFile {
  readonly file: string;
}

export const keyRules: FindingRules<KeyFindings> = {
  "key.file-unreadable": { severity: "error", basis: "open(2)" },
  "key.file-no-key": { severity: "error", basis: "RFC 6376 §3.3" },
  "key.file-mode": { severity: "error", basis: "RFC 6376 §8.3" },
  "key.file-group": { severity: "info", basis: "RFC 6376 §8.3" },
  "key.file-owner": { severity: "error", basis: "RFC 6376 §8.3" },
  "key.folder-mode": { severity: "error", basis: "RFC 6376 §8.3" },
  "key.folder-owner": { severity: "error", basis: "RFC 6376 §8.3" },
  "key.passphrase-missing": { severity: "error", basis: "sign.keys[].passphrase" },
  "key.passphrase-wrong": { severity: "error", basis: "sign.keys[].passphrase" },
  "key.passphrase-unreadable": { severity: "error", basis: "sign.keys[].passphrase" },
  "key.type": { severity: "error", basis: "RFC 8463 §3" },
  "key.bits-refused": { severity: "error", basis: "RFC 8301 §3.2" },
  "key.bits-low": { severity: "warning", basis: "RFC 8301 §3.2" },
  "key.broken": { severity: "error", basis: "RFC 6376 §3.3" },
  "key.old": { severity: "notice", basis: "RFC 6376 §3.1" },
  "key.record-missing": { severity: "error", basis: "RFC 6376 §3.6.2" },
  "key.record-unanswered": { severity: "warning", basis: "RFC 6376 §6.1.2" },
  "key.record-syntax": { severity: "error", basis: "RFC 6376 §3.6.1" },
  "key.records-several": { severity: "error", basis: "RFC 6376 §3.6.2.2" },
  "key.record-revoked": { severity: "error", basis: "RFC 6376 §3.6.1" },
  "key.record-differs": { severity: "error", basis: "RFC 6376 §3.6.1" },
  "key.record-elsewhere": { severity: "error", basis: "RFC 6376 §3.6.2.1" },
  "key.record-service": { severity: "error", basis: "RFC 6376 §3.6.1" },
  "key.record-hash": { severity: "error", basis: "RFC 6376 §3.6.1" },
  "key.record-testing": { severity: "notice", basis: "RFC 6376 §3.6.1" },
  "key.record-strict": { severity: "error", basis: "RFC 6376 §3.6.1" },
};
