import type { SigningText } from "./signing-text.ts";

export const signingEn: SigningText = {
  usage: {
    keyNeedsAll: "--key, --domain and --selector are given together",
    badCanonicalization: (value) =>
      `--canonicalization: "${value}" is none of relaxed/relaxed, relaxed/simple, simple/relaxed, simple/simple`,
    badDuration: (option, value) => `${option}: "${value}" is no time such as 12h or 14d`,
    badPassphrase: "--passphrase: write file:PATH or env:NAME, not the passphrase itself",
    badIdentity: (value) => `--identity: "${value}" is none of none, domain, address`,
    badFieldName: (option, value) => `${option}: "${value}" is no header field that can be signed`,
    badDomain: (value) => `--domain: "${value}" is no domain such as example.jp`,
    badSelector: (value) => `--selector: "${value}" is no selector such as s20261031`,
    badType: (value) => `--type: "${value}" is neither rsa nor ed25519`,
    badBits: (value) => `--bits: "${value}" is none of 2048, 3072, 4096`,
    bitsOfRsaOnly: (type) =>
      `--bits is for RSA keys; a key of --type ${type} has one size only, so leave --bits out`,
    badService: (value) => `--service: "${value}" is neither email nor tlsrpt`,
    badForm: (value) => `--form: "${value}" is none of zone, line, value`,
    domainMissing: "--domain is missing: whose key shall it be?",
    noResultsOption: (option) => `${option} cannot be used with --trust-header: nothing is evaluated then`,
  },
  key: {
    "bad-domain": "the domain cannot be d= of a signature",
    "bad-selector": "the selector cannot be s= of a signature",
    "key-type": "the key is neither RSA nor Ed25519",
    "key-too-short": "the RSA key has under 1024 bits",
    "key-broken": "the key file is damaged: what it signs does not verify",
  },
  unsigned: {
    "header-too-long": "not signed: the header is too long",
    "header-malformed": "not signed: the header begins with a blank or TAB",
    "from-missing": "not signed: the message has no From field",
    "from-repeated": "not signed: the message has more than one From field",
    "too-many-fields": "not signed: the message repeats its header fields too often",
    "signing-failed": "not signed: the key could not sign",
  },
  unsealed: {
    "sealed-as-failed": "not sealed: the newest seal of the message says cv=fail already",
    "too-many-sets": "not sealed: the message has 50 ARC sets or more",
    "no-results": "not sealed: there are no results to seal",
    "signing-failed": "not sealed: the key could not sign",
  },
  noKeyFor: (author, domains) =>
    domains.length === 0
      ? `not signed: the configuration has no key (sign.keys) for mail from ${author}`
      : `not signed: no key of sign.keys is for mail from ${author}; there are keys for ${domains.join(", ")}`,
  noSealKey: "the configuration names no key to seal with (seal), and --key is not given",
  noOwnResults: (authservId) => `the message has no Authentication-Results field of ${authservId}`,
  notAligned: (from, domain) =>
    `From is ${from}, and the signature is by ${domain}: DMARC gains nothing unless both belong to one organization`,
  mayBreak: (what) => `the signature may break on the way: ${what}`,
  noKeys: "The configuration has no keys (sign.keys).",
  noSuchKey: "the configuration has no such key (sign.keys)",
  keyExists: (file) =>
    `${file} exists already, and no key is ever written over; choose another selector or file`,
  generated: {
    file: (file) => `The private key is in ${file}, readable for its owner only.`,
    publish: "Publish this record:",
    verify: "Look whether it can be seen:",
    addKey: "Only then add the key to the configuration:",
  },
  record: {
    zoneEntry: "Zone file (BIND):",
    zoneLine: "The same in one line:",
    webForm: "Web form of a DNS provider:",
    name: "name",
    type: "type",
    value: "value",
  },
  agrees: (name, file) => `${name} publishes the key of ${file}.`,
  list: {
    key: "selector, domain",
    bits: "key",
    date: "made",
    from: "signs for",
    file: "file",
    unusable: "cannot be used",
    nobody: "nobody",
    subdomains: (domain) => `${domain} and below`,
    anyDomain: "any domain",
  },
  imported: {
    title: (file) => `Made of ${file}. Look through it before it is used.`,
    nothing: "Everything was carried over.",
  },
};
