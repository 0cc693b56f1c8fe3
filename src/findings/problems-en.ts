import { bimiEn } from "./bimi-problems-en.ts";
import type { ProblemText } from "./problems.ts";

export const en: ProblemText = {
  ...bimiEn,
  iprev: {
    "no-ptr": "The address has no PTR record, so it has no name.",
    "no-match": "The address has a name, but that name does not lead back to the address.",
    "dns-failure": "The DNS did not answer, so it is not known whether the name belongs to the address.",
  },
  spf: {
    "lookup-limit":
      "Evaluating the record takes more than 10 DNS lookups (include, a, mx, ptr, exists, redirect); receivers stop there.",
    "void-lookup-limit":
      "More DNS lookups than allowed (2 unless set otherwise) came back empty: names in the record do not exist or have no address of the client's family.",
    "mx-limit": "An mx term leads to a domain with more than 10 mail exchangers.",
    syntax: "The record, or one that it includes, cannot be read: it breaks the grammar of SPF.",
    "multiple-records": "The domain publishes more than one SPF record; there must be exactly one.",
    "include-none": "An include term names a domain that publishes no SPF record.",
    "redirect-none": "The redirect modifier names a domain that publishes no SPF record.",
    "dns-failure": "A name that the record needs could not be looked up; the sender should try again later.",
    "time-limit": "The evaluation took longer than its time limit because the DNS answered too slowly.",
  },
  dkim: {
    "body-hash-mismatch": "The body is not the one that was signed: it was changed on the way.",
    "signature-mismatch":
      "The signature does not match: a signed header field was changed on the way, or the published key is not the one that signed.",
    sha1: "The signature uses SHA-1, which has not been accepted since RFC 8301.",
    "key-too-short": "The RSA key is shorter than 1024 bits, which is too weak to count.",
    "body-not-covered":
      "The signature covers only the beginning of the body (l=); anything could have been appended.",
    "signature-expired": "The signature had expired (x=) when the message was verified.",
    "no-key": "The selector publishes no key; it was removed, or the name in the signature is wrong.",
    "key-revoked": "The signer has revoked this key (its p= is empty).",
    "key-syntax": "The published key record cannot be read.",
    "key-not-for-email": "The published key is not meant for mail (s=).",
    "key-hash-not-allowed": "The published key does not allow the hash that the signature uses (h=).",
    "identity-not-allowed": "The key demands that i= and d= name the same domain (t=s), and they do not.",
    "signature-syntax": "The DKIM-Signature field cannot be read.",
    "tag-missing": "The DKIM-Signature field lacks a tag that it must have.",
    "identity-outside-domain": "The identity i= lies outside the signing domain d=.",
    "unknown-algorithm": "The signature uses an algorithm that is not known here.",
    "unknown-version": "The signature or its key has a version that is not known here.",
    "dns-failure": "The key could not be looked up because the DNS did not answer.",
    "key-testing": "The signature fails, and the signer says that the key is only being tested (t=y).",
    "too-many-signatures": "Not evaluated: the message carries more signatures than are looked at.",
    "signature-too-large": "Not evaluated: the DKIM-Signature field is larger than allowed.",
  },
  arc: {
    "sealed-as-failed":
      "The newest seal says itself that the chain was broken when the message came there (cv=fail).",
    "too-many-sets": "The chain has more than 50 sets, or is longer than what is looked at.",
    "incomplete-set":
      "The chain has a gap, or a set in it does not consist of one field of each of the three kinds.",
    "chain-value": "A seal gives its chain another state (cv) than its place in the chain asks for.",
    syntax: "An ARC field cannot be read.",
    "message-signature":
      "The newest message signature does not verify: the message was changed after it was sealed.",
    seal: "A seal does not verify: a field of the chain was changed on the way, or the published key is not the one that sealed.",
    "no-key": "A sealer publishes no key that can be used; it was removed, or it is too weak or malformed.",
    "dns-failure": "A key could not be looked up because the DNS did not answer.",
  },
  dmarc: {
    "no-record": "Neither the author domain nor a domain above it publishes a DMARC policy.",
    "policy-invalid":
      "The DMARC record has no policy that can be read; it counts as p=none, or as no record when it names no report address either.",
    "dns-failure": "A DNS failure left open whether the message passes.",
    "from-missing": "The message has no From field.",
    "from-multiple-fields": "The message has more than one From field.",
    "from-multiple-domains": "The From field names authors in more than one domain.",
    "from-no-address": "The From field names no address.",
    "from-syntax": "The From field cannot be read.",
    "from-domain-invalid": "The domain in the From field is no valid domain name.",
  },
  dns: {
    timeout: "No name server answered in time.",
    servfail: "The name server could not get an answer (SERVFAIL).",
    refused: "The name server refused to answer.",
    bogus: "The answer failed DNSSEC validation.",
    malformed: "The answer could not be read, or its aliases go in a circle.",
    "bad-name": "The name is too long or malformed to be asked.",
    offline: "Not asked: the name lies in none of the given zones (--offline).",
  },
};
