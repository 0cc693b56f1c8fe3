import type { FindingText } from "./finding.ts";
import type { NotCarriedReason, OpendkimFindings } from "./opendkim.ts";

const at = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  line === 0 ? file : `${file}:${line}`;

const why: Readonly<Record<NotCarriedReason, string>> = {
  "no-body-length": "Sekisho makes no l=, behind which anybody could add to the body",
  "no-macros": "who may sign is decided by networks.submitters and by logins, which need no setting",
  "only-from": "From alone decides about the key",
  "other-policy": "what is done with verdicts stands in the section verify",
  "fixed-headers":
    "what is signed is fixed; fields can be added with sign.extra_headers and sign.oversign_headers",
  "no-exemptions": "there are no exemptions by host or address",
  "no-scripts": "there are no scripts",
  "no-counterpart": "there is nothing like it",
};

export const opendkimEn: FindingText<OpendkimFindings> = {
  "opendkim.file-unreadable": { text: (p) => `${at(p)}: the file cannot be read: ${p.reason}.` },
  "opendkim.option-unknown": {
    text: (p) => `${at(p)}: OpenDKIM knows no option "${p.option}".`,
    fix: ({ meant }) => (meant === undefined ? "Look at opendkim.conf(5)." : `Did you mean ${meant}?`),
  },
  "opendkim.option-not-carried": {
    text: (p) => `${at(p)}: ${p.option} ${p.value} is not carried over: ${why[p.why]}.`,
  },
  "opendkim.options-needless": {
    text: (p) => `${at(p)}: not needed here and left out: ${p.options.join(", ")}.`,
  },
  "opendkim.value": { text: (p) => `${at(p)}: "${p.value}" cannot be read as a value of ${p.option}.` },
  "opendkim.data-set": {
    text: (p) =>
      `${at(p)}: the data of ${p.option} are in a database or program (${p.value}) and were not read.`,
    fix: () => "Write them to a flat file, and import again.",
  },
  "opendkim.no-signing": {
    text: (p) => `${at(p)}: this OpenDKIM does not sign: it has Mode v, or no key.`,
  },
  "opendkim.sha1": {
    text: (p) =>
      `${at(p)}: rsa-sha1 must not be used any more. The keys are carried over and sign with rsa-sha256.`,
  },
  "opendkim.socket-open": {
    text: (p) => `${at(p)}: other machines can reach OpenDKIM (${p.value}). Carried over as ${p.listen}.`,
    fix: () => "For MTAs on other machines name an address to listen on, and the MTAs in milter.peers.",
  },
  "opendkim.host-not-carried": {
    text: (p) =>
      p.entry.startsWith("!")
        ? `${at(p)}: ${p.option}: the exception "${p.entry}" is not carried over: where a network beside it covers it, it is signed for now.`
        : `${at(p)}: ${p.option}: "${p.entry}" is no address or network, and is not carried over.`,
    fix: ({ entry }) =>
      entry.startsWith("!")
        ? "Write networks that leave it out in networks.submitters."
        : "Write its addresses in networks.submitters.",
  },
  "opendkim.key-row": {
    text: (p) => `${at(p)}: "${p.row}" is no row of a KeyTable; it should be NAME DOMAIN:SELECTOR:FILE.`,
  },
  "opendkim.key-row-broken": {
    text: (p) =>
      `${at(p)}: the row of "${p.name}" is broken over two lines. OpenDKIM does not read it so; here it was put together.`,
    fix: () => "Write name and value on one line.",
  },
  "opendkim.key-name": {
    text: (p) =>
      `${at(p)}: the name "${p.name}" looks like another key's: the row is for selector ${p.selector} of ${p.domain}.`,
    fix: (p) => `Call it ${p.selector}._domainkey.${p.domain}, here and in the SigningTable.`,
  },
  "opendkim.key-twice": {
    text: (p) => `${at(p)}: the KeyTable has "${p.name}" twice; the first row counts.`,
  },
  "opendkim.selector-twice": {
    text: (p) =>
      `${at(p)}: selector ${p.selector} of ${p.domain} has two key files; ${p.key} is left out, and ${p.first} counts.`,
    fix: () => "Look with sekisho key verify which of them is published, and name that one.",
  },
  "opendkim.key-inline": {
    text: (p) =>
      `${at(p)}: the private key of "${p.name}" stands in the table itself and is not carried over.`,
    fix: () => "Write it to a file with mode 0600, and name the file.",
  },
  "opendkim.key-owner": {
    text: ({ key }) =>
      `The private key ${key}, or a folder above it, does not belong to root. With a user of OpenDKIM's own that is right there; Sekisho does not use it so.`,
    fix: ({ key, copy }) =>
      `Leave it to OpenDKIM while that still runs, and name a copy in file: install -D -m 0600 -o sekisho ${key} ${copy} (sekisho: the user that Sekisho runs as)`,
  },
  "opendkim.key-any-domain": {
    text: (p) =>
      `${at(p)}: "${p.name}" signs for whatever domain stands in From (%). This is not carried over: the list of domains is closed.`,
    fix: () => "Write one row of sign.keys for each of your domains; they may share the file.",
  },
  "opendkim.key-unused": {
    text: (p) =>
      `${at(p)}: no row of the SigningTable leads to "${p.name}". It is carried over with from: [], that is, unused.`,
  },
  "opendkim.row": {
    text: (p) => `${at(p)}: "${p.row}" is no row of a SigningTable; it should be PATTERN NAME.`,
  },
  "opendkim.row-dangling": {
    text: (p) =>
      `${at(p)}: the row for ${p.pattern} points to "${p.name}", which the KeyTable does not have: this mail is not signed.`,
    fix: ({ taken, meant }) =>
      taken !== undefined
        ? `Taken for "${taken}", which has this domain and selector; check it.`
        : meant !== undefined
          ? `Did you mean "${meant}"?`
          : "Give the KeyTable such a row, or name another one here.",
  },
  "opendkim.row-wildcard": {
    text: (p) =>
      `${at(p)}: the pattern ${p.pattern} signs everybody's mail, strangers' too. It is not carried over.`,
    fix: () => "Write your domains in from of sign.keys; any_domain: true if it must be everybody.",
  },
  "opendkim.row-pattern": {
    text: (p) =>
      `${at(p)}: the pattern ${p.pattern} cannot be said with domains and addresses, and is not carried over.`,
  },
  "opendkim.row-loose": {
    text: (p) =>
      `${at(p)}: the pattern ${p.pattern} also fits domains that only end like ${p.domain}. Carried over are ${p.domain} and what is below it.`,
  },
  "opendkim.row-subdomains": {
    text: (p) =>
      `${at(p)}: the pattern ${p.pattern} is for subdomains only. Carried over with include_subdomains, it is for ${p.domain} itself too.`,
  },
  "opendkim.row-never": {
    text: (p) =>
      p.kind === "refile"
        ? `${at(p)}: the pattern ${p.pattern} never fits: in a refile it is held against whole addresses. Carried over as it was meant.`
        : `${at(p)}: the entry ${p.pattern} never fits: without refile: the * is a letter like any other. Carried over as it was meant.`,
    fix: ({ better }) => `In OpenDKIM: ${better}`,
  },
  "opendkim.row-shadowed": {
    text: (p) =>
      `${at(p)}: the row for ${p.pattern} is never reached, as ${p.by} above it fits first. Left out.`,
    fix: () => "If it was meant to count, add its key to sign.keys: the more exact entry goes first here.",
  },
  "opendkim.row-identity": {
    text: (p) =>
      `${at(p)}: i=${p.identity} for ${p.pattern} cannot be said with "identity", and is left out.`,
  },
  "opendkim.row-alignment": {
    text: (p) =>
      `${at(p)}: mail from ${p.from} is signed with d=${p.domain}, another domain: DMARC gains nothing unless both belong to one organization. Carried over with third_party: true.`,
    fix: ({ from }) => `Make a key of ${from} itself.`,
  },
  "opendkim.record-selector": {
    text: (p) =>
      `${at(p)}: the record is for ${p.owner}, but the key is used with selector ${p.selector} of ${p.domain}: it belongs to another selector.`,
    fix: (p) => `Publish it at ${p.selector}._domainkey.${p.domain}; "sekisho key dns" prints it.`,
  },
  "opendkim.record-differs": {
    text: (p) => `${at(p)}: the record holds another key (${p.published}) than the key file (${p.own}).`,
    fix: () => 'Publish what "sekisho key dns" prints.',
  },
};
