import type { FindingText } from "./finding.ts";
import type { KeyFindings } from "./keys.ts";

export const keysEn: FindingText<KeyFindings> = {
  "key.file-unreadable": {
    text: ({ file, reason }) => `The key file ${file} cannot be read: ${reason}.`,
  },
  "key.file-no-key": {
    text: ({ file }) => `${file} holds no private key in PEM.`,
    fix: () => "Name a file that begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----.",
  },
  "key.file-mode": {
    text: ({ file, mode }) =>
      `Others can read or write the private key ${file} (mode ${mode}); it is not used.`,
    fix: ({ file, better }) => `chmod ${better} ${file}`,
  },
  "key.file-group": {
    text: ({ file, gid }) =>
      `The members of group ${gid} can read ${file} too. That is right when only Sekisho runs in this group.`,
  },
  "key.file-owner": {
    text: ({ file, uid, expected }) =>
      `The private key ${file} belongs to user ${uid}, neither to root nor to user ${expected}; it is not used.`,
    fix: ({ file, expected }) =>
      `chown ${expected} ${file}, or set "user" in the configuration to the user that Sekisho runs as`,
  },
  "key.folder-mode": {
    text: ({ file, folder, mode }) =>
      `Others can write to ${folder} (mode ${mode}) and so put another key in the place of ${file}; it is not used.`,
    fix: ({ folder }) => `chmod go-w ${folder}`,
  },
  "key.folder-owner": {
    text: ({ file, folder, uid, expected }) =>
      `The folder ${folder} above ${file} belongs to user ${uid}, neither to root nor to user ${expected}; the key is not used.`,
    fix: ({ folder }) => `chown root ${folder}`,
  },
  "key.passphrase-missing": {
    text: ({ file }) => `${file} is encrypted, and no passphrase is given.`,
    fix: () => "Name it with passphrase: file:PATH or env:NAME.",
  },
  "key.passphrase-wrong": {
    text: ({ file }) => `The passphrase does not open ${file}.`,
  },
  "key.passphrase-unreadable": {
    text: ({ file, reference }) =>
      `The passphrase of ${file} is not there: ${reference} is empty or cannot be read.`,
  },
  "key.type": {
    text: ({ file, type }) => `${file} holds a key of type ${type}. DKIM signs with RSA and Ed25519 only.`,
    fix: () => "sekisho key generate",
  },
  "key.bits-refused": {
    text: ({ file, bits }) => `The RSA key ${file} has ${bits} bits. Under 1024 bits no signature is valid.`,
    fix: () => "sekisho key generate",
  },
  "key.bits-low": {
    text: ({ file, bits }) => `The RSA key ${file} has ${bits} bits. Signers should use 2048 or more.`,
    fix: () => "sekisho key generate, publish the new record, then change the selector.",
  },
  "key.broken": {
    text: ({ file }) =>
      `What the key ${file} signs does not verify with its own public half. The file is damaged.`,
  },
  "key.old": {
    text: ({ selector, domain, months }) =>
      `The selector ${selector} of ${domain} is ${months} months old. Keys should be changed now and then.`,
    fix: () => "sekisho key generate, publish the new record, then change the selector.",
  },
  "key.record-missing": {
    text: ({ name }) => `There is no key record at ${name}. Nobody can verify signatures of this key.`,
    fix: () => 'Publish what "sekisho key dns" prints.',
  },
  "key.record-unanswered": {
    text: ({ name, reason }) => `DNS did not answer for ${name} (${reason}), so the record was not compared.`,
  },
  "key.record-syntax": {
    text: ({ name }) => `What stands at ${name} is no key record that can be read.`,
    fix: () => 'Publish what "sekisho key dns" prints.',
  },
  "key.records-several": {
    text: ({ name, count }) =>
      `There are ${count} TXT records at ${name}; which one a verifier takes is chance.`,
    fix: () => "Leave one.",
  },
  "key.record-revoked": {
    text: ({ name }) => `The record at ${name} has an empty p=: the key is revoked.`,
    fix: () => "Sign with another selector.",
  },
  "key.record-differs": {
    text: ({ name, file, published, own }) =>
      `The key published at ${name} (${published}) is not that of ${file} (${own}). Signatures do not verify.`,
    fix: () => 'Publish what "sekisho key dns" prints, or name the right file.',
  },
  "key.record-elsewhere": {
    text: ({ name, file, other }) =>
      `The key of ${file} is not published at ${name} but at ${other}: that is another selector.`,
    fix: ({ other }) => `Move the record, or set the selector to ${other.split("._domainkey.")[0] ?? other}.`,
  },
  "key.record-service": {
    text: ({ name, services }) =>
      `The record at ${name} allows the key for ${services} only (s=), not for this use.`,
  },
  "key.record-hash": {
    text: ({ name, hashes }) => `The record at ${name} allows ${hashes} only (h=), not sha256.`,
    fix: () => "Remove h=.",
  },
  "key.record-testing": {
    text: ({ name }) =>
      `The record at ${name} says t=y, testing: verifiers take failures for no signature at all.`,
    fix: () => "Remove t=y once signing works.",
  },
  "key.record-strict": {
    text: ({ name }) =>
      `The record at ${name} says t=s, but the key also signs for subdomains with i= in the subdomain. These do not verify.`,
    fix: () => "Remove t=s, or set identity: none.",
  },
};
