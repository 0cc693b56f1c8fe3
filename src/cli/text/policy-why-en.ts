import type { PolicyWhyText, RuleBreachText } from "./policy-why.ts";

export const policyWhyEn: PolicyWhyText = {
  "sign.held": () => "by the rules for signing; see Signature",
  "sign.deferred": () => "it should be signed and could not be; see Signature",
  "dmarc.quarantine": (domain) => `DMARC fails, and ${domain} asks for quarantine`,
  "dmarc.reject": (domain) => `DMARC fails, and ${domain} asks for reject`,
  "dmarc.testing": () => "the domain only tests its policy (t=y): one level less is applied",
  "dmarc.spf-unknown": () =>
    "SPF could not be evaluated, so that nobody knows whether DMARC fails: the policy is not applied",
  "dmarc.sampled-out": () => "the message is not in the share that pct= names: one level less is applied",
  "dmarc.temperror": () => "DMARC cannot be evaluated, as DNS does not answer (verify.dmarc.on_temperror)",
  "dmarc.permerror": (problem) =>
    `From names no single author domain: ${problem} (verify.dmarc.on_permerror)`,
  "enforce.monitor": () => "only watched: policies are not applied (verify.enforce: monitor)",
  "enforce.quarantine": () => "reject is applied as quarantine (verify.enforce: quarantine)",
  "override.none": (domain) => `no policy is applied for ${domain} (verify.overrides)`,
  "override.quarantine": (domain) => `failing mail of ${domain} is quarantined (verify.overrides)`,
  "list.known": (entry) => `it came by a list that you know: ${entry} (verify.lists)`,
  "list.unproven": (entry) =>
    `it says that it came by ${entry}; nothing proves it, but that keeps it from being refused (verify.lists)`,
  "forwarder.known": (entry) => `it came by a forwarder that you know: ${entry} (verify.lists)`,
  "sealer.trusted": (domain) =>
    `it passed DMARC on its way, by the ARC chain that ${domain}, whom you trust, sealed`,
  "second.own-domain": (domain) => `second reason: ${domain} is ours, and the mail comes from outside`,
  "second.parked-domain": (domain) => `second reason: ${domain} sends no mail`,
  "second.nonexistent-domain": (domain) => `second reason: ${domain} does not exist`,
  "second.operator-entry": (domain) => `failing mail of ${domain} is refused (verify.overrides)`,
  "second.own-helo": (name) => `second reason: the client greeted with a name of ours, ${name}`,
  "second.no-list-or-forwarder": () =>
    "second reason: no list or forwarder left a sign, and the client's address has no name of its own (iprev)",
  "second.none": () =>
    "a policy alone is no reason to refuse (RFC 9989 §7.4), and there is no second one: DMARC goes no further than quarantine",
  "reject-alone": () => "refused on the policy alone (verify.reject_alone)",
  "lowered.own": () => "not refused, as it comes from our own network (verify.reject_own)",
  "lowered.relay": () => "not refused, as the relay would send a bounce (verify.reject_relayed)",
  "spf.fail": (domain) => `SPF of ${domain} does not allow the client (verify.spf.on_fail)`,
  "spf.permerror": (domain) => `the SPF record of ${domain} is broken (verify.spf.on_permerror)`,
  "spf.temperror": (domain) => `SPF of ${domain} cannot be evaluated now (verify.spf.on_temperror)`,
  "spf.spared-by-dmarc": () => "SPF has no say, as DMARC passes by a signature",
  "spf.spared-by-list": () => "SPF has no say, as somebody known handed it on",
  "iprev.fail": (ip) => `the name of ${ip} does not lead back to it (verify.iprev.on_fail)`,
  "iprev.permerror": (ip) => `${ip} has no name (verify.iprev.on_permerror)`,
  "iprev.temperror": (ip) => `the name of ${ip} cannot be looked up now (verify.iprev.on_temperror)`,
  "iprev.spared-by-list": () => "iprev has no say, as you know the client's network",
};

const repeated = (field: string): string => `more than one ${field} field`;

export const rulesEn: RuleBreachText = {
  "repeated-from": repeated("From"),
  "repeated-sender": repeated("Sender"),
  "repeated-reply-to": repeated("Reply-To"),
  "repeated-to": repeated("To"),
  "repeated-cc": repeated("Cc"),
  "repeated-date": repeated("Date"),
  "repeated-message-id": repeated("Message-ID"),
  "repeated-subject": repeated("Subject"),
  "missing-from": "no From field",
  "missing-date": "no Date field",
  "several-author-domains": "authors in more than one domain in From",
  "unreadable-from": "no address in From that can be read",
  "raw-8bit-header": "other octets than US-ASCII in the header, without SMTPUTF8",
  "nul-header": "a NUL in the header",
  "bare-cr-header": "a CR without LF in the header",
  "bare-lf-header": "an LF without CR in the header",
  "long-header-line": "a line of more than 998 octets in the header",
  "nul-body": "a NUL in the body",
  "bare-cr-body": "a CR without LF in the body",
  "bare-lf-body": "an LF without CR in the body",
  "long-body-line": "a line of more than 998 octets in the body",
};
