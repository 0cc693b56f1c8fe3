import type { FindingText } from "../finding.ts";
import type { ArcChainProblem, DkimFindings, DkimKeyFault, DkimSelectorSource } from "./dkim.ts";

const faults: Readonly<Record<DkimKeyFault, string>> = {
  "not-a-key": "no key record stands there, but another text, perhaps that of a wildcard",
  quotes: "it has quotation marks within the text, which belong in a zone file but not in a web form",
  backslashes: 'it has "\\;" within the text, which belongs in a zone file but not in a web form',
  "lost-plus": "there are blanks where the key had plus signs",
  tags: "a tag is malformed or there twice",
  version: "it does not begin with v=DKIM1",
  "no-p": "it has no p=, which holds the key",
  base64: "p= holds characters that base64 does not have",
  "cut-off": "the key in p= is cut off before its end",
  "wrapped-ed25519": "the Ed25519 key in p= is wrapped up; only its 32 octets belong there",
  "no-key": "p= holds no key that can be read",
};

const sources: Readonly<Record<DkimSelectorSource, string>> = {
  option: "given on the command line",
  message: "used by the signature of the message",
  records: "seen in mail that passed here",
  zone: "in the zone file",
  key: "that of your own signing key",
  live: "in DNS now",
  guess: "a common name",
};

const arcFaults: Readonly<Record<DkimFindings["arc.key"]["fault"], string>> = {
  missing: "there is no key record",
  several: "there are several records",
  unreadable: "the key record cannot be read",
  revoked: "the key is revoked (p= is empty)",
  mismatch: "another key is published than the one that seals",
  short: "the key is too short",
};

const chainProblems: Readonly<Record<ArcChainProblem, string>> = {
  "sealed-as-failed": "the newest seal itself says that the chain was broken before it (cv=fail)",
  "too-many-sets": "it has too many sets",
  "incomplete-set": "the instances do not run from 1 without a gap, or a set lacks one of its three fields",
  "chain-value": "cv= of a seal is not what its place in the chain asks for",
  syntax: "a field of it breaks the syntax",
  "message-signature": "the newest ARC-Message-Signature does not verify: the message was changed after it",
  seal: "a seal does not verify",
  "no-key": "the key of a seal cannot be had",
};

const newKey =
  "Make a new key with sekisho key generate, publish the record that it prints, then change the selector.";

export const dkimEn: FindingText<DkimFindings> = {
  "dkim.no-key": {
    text: ({ name, from }) =>
      from === "live"
        ? `The zone files have no DKIM key at ${name}, where there is one now. Signatures with it can no longer be verified then.`
        : `There is no DKIM key at ${name}. The selector is ${sources[from]}; signatures with it cannot be verified.`,
    fix: ({ from }) =>
      from === "live"
        ? "Keep the record while mail is signed with this key, and some days longer. If it is no longer used, nothing is to be done."
        : from === "records"
          ? "Publish the key again if mail is still signed with it. If not, nothing is to be done."
          : "Publish the key record (sekisho key dns prints it), or correct the selector.",
  },
  "dkim.unknown-selector": {
    text: ({ domain, tried }) =>
      `Whether ${domain} signs with DKIM is not known: selectors cannot be listed, and under ${tried} common names there is no key.`,
    fix: () => "Name the selector with --selector, or give a message of the domain with --from-message.",
  },
  "dkim.multiple-txt": {
    text: ({ name, count, joined }) =>
      joined
        ? `The key at ${name} is spread over ${count} TXT records. Verifiers see ${count} broken keys; the parts have to be strings of one record.`
        : `There are ${count} TXT records at ${name}. Which one a verifier takes is chance.`,
    fix: ({ joined }) => (joined ? "Publish one record with all parts." : "Leave only the key in use."),
  },
  "dkim.key-syntax": {
    text: ({ name, fault }) => `The key record at ${name} cannot be used: ${faults[fault]}.`,
    fix: () => "Publish the record again as the signing system prints it.",
  },
  "dkim.key-split": {
    text: ({ name, why, octets, file, line }) =>
      `${file === undefined ? "" : `${file}:${line ?? 0}: `}${
        why === "order"
          ? `The strings of the key at ${name} stand in the wrong order, so that they give no key.`
          : `The key at ${name} (${octets} octets) has a string over 255. No string may be longer, and the zone will not load.`
      }`,
    fix: () => "Publish the record as several strings in a row, in the order of the key.",
  },
  "dkim.bits": {
    text: ({ name, bits, limit }) =>
      limit === 4096
        ? `The RSA key at ${name} has ${bits} bits. Verifiers need not know keys over 4096.`
        : limit === 1024
          ? `The RSA key at ${name} has only ${bits} bits. No verifier may accept keys under 1024.`
          : `The RSA key at ${name} has ${bits} bits. Keys should have 2048 bits or more; some receivers want that.`,
    fix: () => newKey,
  },
  "dkim.h-sha1": {
    text: ({ name, hashes }) =>
      `The record at ${name} allows only ${hashes} (h=). SHA-1 must not be used any more, so no signature with this key passes.`,
    fix: () => "Remove h=.",
  },
  "dkim.k-mismatch": {
    text: ({ name, keyType, actual }) =>
      `The record at ${name} says k=${keyType}, but the key in it is ${actual}. Verifiers ignore it.`,
    fix: ({ actual }) => `Write k=${actual}.`,
  },
  "dkim.private-mismatch": {
    text: ({ name, file, published, own }) =>
      `The key at ${name} (${published}) is not that of ${file} (${own}), which signs. Every signature fails.`,
    fix: () => "Publish the key of the file, or sign with the key that is published.",
  },
  "dkim.test-flag": {
    text: ({ name }) =>
      `The record at ${name} says t=y, testing: verifiers are to treat the mail as if it were not signed.`,
    fix: () => "Remove t=y when signing works.",
  },
  "dkim.revoked": {
    text: ({ name, from }) =>
      from === "guess" || from === "zone" || from === "records"
        ? `The key at ${name} is revoked (p= is empty). That is right for a key that is no longer used.`
        : `The key at ${name} is revoked (p= is empty), but the selector is ${sources[from]}. Signatures with it fail.`,
    fix: ({ from }) =>
      from === "guess" || from === "zone" || from === "records"
        ? "Nothing is to be done unless mail is still signed with it."
        : "Sign with another selector.",
  },
  "dkim.service-tag": {
    text: ({ name, services }) =>
      `The record at ${name} is for ${services} only (s=), not for mail. Verifiers ignore it.`,
    fix: () => "Remove s=, or write s=email.",
  },
  "dkim.old-tags": {
    text: ({ name, tags }) =>
      `The record at ${name} has tags that mean nothing any more: ${tags.map((tag) => `${tag}=`).join(", ")}.`,
    fix: () => "Leave them out.",
  },
  "dkim.ed25519-only": {
    text: ({ domain, selectors }) =>
      `All known keys of ${domain} are Ed25519 (${selectors.join(", ")}). Many receivers know only RSA and see unsigned mail.`,
    fix: () => "Sign with an RSA key of 2048 bits as well, under a selector of its own.",
  },
  "dkim.cname-dead": {
    text: ({ name, target, live }) =>
      live === undefined
        ? `${name} is an alias of ${target}, where there is no record. Signatures with this selector cannot be verified.`
        : `${name} is an alias of ${target}, where there is no record. ${live}, which leads to the same service, has its key: services that take turns between two names may publish the other key only when its turn comes.`,
    fix: ({ live }) =>
      live === undefined
        ? "Ask the service for the name that it wants now. If you left the service, remove the alias: whoever gets that name could sign as you."
        : `Nothing is to be done while mail is signed with ${live} and the service still names this alias in its instructions.`,
  },
  "dkim.rotation-age": {
    text: ({ domain, selector, months, by }) =>
      by === "selector"
        ? `By its name, the selector ${selector} of ${domain} is ${months} months old. Keys should be changed now and then.`
        : `The key file of the selector ${selector} of ${domain} is ${months} months old. Keys should be changed now and then.`,
    fix: () => newKey,
  },
  "dkim.parked-wildcard": {
    text: ({ domain }) =>
      `${domain} sends no mail, but does not say that none of its DKIM selectors is valid. A revoked key for all of them does.`,
    fix: () => "Publish an empty key at the wildcard.",
  },
  "dkim.other-selector": {
    text: ({ file, line, owner, asked, said }) =>
      said
        ? `${file}:${line}: the record is at ${owner}, but the comment beside it says that the key was made for ${asked}.`
        : `${file}:${line}: the key record is at ${owner}, but the selector asked for is at ${asked}, where there is no key.`,
    fix: ({ asked }) => `Publish the record at ${asked}, or sign with the selector of the record.`,
  },
  "arc.key": {
    text: ({ name, file, fault, bits }) =>
      `ARC seals are made with ${file}, but at ${name} ${arcFaults[fault]}${fault === "short" ? ` (${bits} bits)` : ""}. Nobody can rely on the seals.`,
    fix: ({ fault }) =>
      fault === "short" ? newKey : "Publish the record of the key: sekisho key dns prints it.",
  },
  "arc.chain": {
    text: ({ file, problem, instance }) =>
      `The ARC chain of ${file} (${instance} sets) fails: ${chainProblems[problem]}.`,
    fix: () =>
      "Look at the host that added the newest set. A forwarder should seal last, after all its changes.",
  },
};
