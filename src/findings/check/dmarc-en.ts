import type { FindingText } from "../finding.ts";
import type { DmarcFindings, DmarcSeparator, DmarcUriFault } from "./dmarc.ts";

const separators: Readonly<Record<DmarcSeparator, string>> = {
  comma: "a comma where a semicolon belongs",
  colon: 'a colon where "=" or a semicolon belongs',
  semicolon: "a semicolon between addresses, where a comma belongs",
  space: 'a blank where a semicolon or "=" belongs',
  quote: "quotation marks within the text",
  backslash: "backslashes",
  "full-width": "full-width characters",
  invisible: "invisible characters",
};

const uriFaults: Readonly<Record<DmarcUriFault, string>> = {
  "no-scheme": "it lacks mailto:",
  slashes: "there are no slashes after mailto:",
  blank: "there is a blank in it",
  address: "it is no mail address",
  "u-label": "its domain has to be written in ASCII there (xn--...)",
  character: "it holds a character that has to be written as %XX there",
  empty: "nothing stands there",
};

const noMail: Readonly<Record<DmarcFindings["dmarc.rua-no-mx"]["why"], string>> = {
  "no-such-name": "does not exist",
  "no-address": "has neither MX nor address",
  "null-mx": "says that it takes no mail (null MX)",
};

const mailbox = "Replace postmaster by a mailbox of its own if you can: reports come every day.";

export const dmarcEn: FindingText<DmarcFindings> = {
  "dmarc.missing": {
    text: ({ domain, organizational, alias }) =>
      `${domain} has no DMARC record${organizational === domain ? "" : `, and ${organizational} has none for it`}${alias === undefined ? "" : `: _dmarc.${organizational} is an alias of ${alias}, where there is none`}. Anybody can send mail with it in From, large receivers demand a record, and you learn nothing of misuse.`,
    fix: ({ policy, alias }) =>
      `${alias === undefined ? "" : "Ask the service that the alias leads to, or put a record of your own in its place. "}${
        policy === "reject"
          ? "There is no mail yet that it could hit, so begin with p=reject and an address for reports."
          : "Begin with p=none and an address for reports; make it stricter when the reports show that your own mail passes."
      } ${mailbox}`,
  },
  "dmarc.multiple": {
    text: ({ name, count }) =>
      `There are ${count} DMARC records at ${name}. Receivers discard all of them, so that there is no DMARC.`,
    fix: () =>
      "Publish one. In the merged record the weaker policy counts, so that no mail is lost by the change.",
  },
  "dmarc.wrong-place": {
    text: ({ name, right, there }) =>
      there
        ? `A DMARC record stands at ${name}, where nobody looks; the one that counts is at ${right}.`
        : `The DMARC record stands at ${name}, where nobody looks. It counts only at ${right}.`,
    fix: ({ there }) => (there ? "Remove it." : "Move it."),
  },
  "dmarc.version": {
    text: ({ name, begins }) =>
      `The record at ${name} begins with "${begins}" and not with v=DMARC1 in just these letters. Receivers ignore the whole record.`,
    fix: () => "Let it begin with v=DMARC1.",
  },
  "dmarc.leading-space": {
    text: ({ name }) =>
      `The record at ${name} begins with a blank. It should begin with v=DMARC1; some receivers ignore it.`,
    fix: () => "Remove the blank.",
  },
  "dmarc.unrelated-txt": {
    text: ({ name, count, wildcard }) =>
      wildcard
        ? `A wildcard TXT record also answers at ${name}. Receivers pass over it, but it makes answers longer and hides what is missing.`
        : `Besides the policy there ${count === 1 ? "is another TXT record" : `are ${count} other TXT records`} at ${name}. Receivers pass over ${count === 1 ? "it" : "them"}.`,
    fix: ({ wildcard, count }) =>
      wildcard ? "Give up the wildcard for TXT if you can." : count === 1 ? "Remove it." : "Remove them.",
  },
  "dmarc.p-missing": {
    text: ({ name, reports }) =>
      reports
        ? `The record at ${name} has no policy (p=). It counts as p=none, and receivers that follow RFC 7489 ignore it.`
        : `The record at ${name} has neither a policy (p=) nor an address for reports. Receivers do nothing with it.`,
    fix: () => "Write p= as the second tag.",
  },
  "dmarc.p-invalid": {
    text: ({ name, tag, value, reports }) =>
      `The record at ${name} says ${tag}=${value}, which is no policy. ${
        reports ? "The whole record counts as p=none." : "Receivers do nothing with the whole record."
      }`,
    fix: ({ tag, meant }) =>
      meant === undefined
        ? `${tag}= takes none, quarantine or reject.`
        : `Did you mean ${meant}? ${tag}= takes none, quarantine or reject.`,
  },
  "dmarc.p-order": {
    text: ({ name }) =>
      `In the record at ${name} the policy (p=) is not the second tag, where RFC 7489 wanted it. Older receivers may not see it.`,
    fix: () => "Put p= right after v=DMARC1.",
  },
  "dmarc.unknown-tag": {
    text: ({ name, tag }) => `The record at ${name} has a tag that does not exist and is ignored: ${tag}.`,
    fix: ({ meant }) => (meant === undefined ? "Leave it out." : `Did you mean ${meant}?`),
  },
  "dmarc.bad-value": {
    text: ({ name, tag, value, used }) =>
      `The record at ${name} says ${tag}=${value}, which is no value of this tag. ${tag}=${used} counts instead.`,
    fix: ({ tag, meant, used }) =>
      meant === undefined ? `Leave it out, or write ${tag}=${used}.` : `Did you mean ${tag}=${meant}?`,
  },
  "dmarc.duplicate-tag": {
    text: ({ name, tag }) =>
      `The record at ${name} has ${tag}= more than once. Which one counts is up to the receiver, and some ignore the whole record.`,
    fix: () => "Leave one.",
  },
  "dmarc.separator": {
    text: ({ name, found }) =>
      `The record at ${name} has ${found.map((one) => separators[one]).join(" and ")}. Receivers read it otherwise than it was meant, or not at all.`,
    fix: () => 'Write tag=value, with ";" between tags and "," between addresses.',
  },
  "dmarc.pct-rf-ri": {
    text: ({ name, tags, percent }) =>
      `The record at ${name} has tags that RFC 9989 removed: ${tags.join(", ")}.${
        percent === undefined
          ? ""
          : ` pct=${percent} still weakens the policy at receivers that follow RFC 7489, and not at others.`
      }`,
    fix: ({ percent }) =>
      percent === undefined
        ? "Leave them out."
        : "What is for testing now is t=y. Leave out pct= when the reports show that all mail of the domain passes.",
  },
  "dmarc.size-suffix": {
    text: ({ name, tag, uri }) =>
      `The record at ${name} states a size limit in ${tag}= (${uri}). Such limits are obsolete and ignored.`,
    fix: () => 'Leave out "!" and what follows.',
  },
  "dmarc.t-y": {
    text: ({ name, policy, applied }) =>
      policy === applied
        ? `The record at ${name} says t=y (testing), which does nothing with the policy ${policy}.`
        : `The record at ${name} says t=y (testing): the policy ${policy} is applied as ${applied}.`,
    fix: () => "Remove t=y when the reports show that all mail of the domain passes.",
  },
  "dmarc.sp-weaker": {
    text: ({ name, tag, policy, p }) =>
      tag === "sp"
        ? `The record at ${name} protects subdomains less than the domain itself (sp=${policy}, p=${p}). Forgers then use a subdomain.`
        : `The record at ${name} protects names that do not exist less than the domain itself (np=${policy}, p=${p}). Forgers then invent a name.`,
    fix: ({ tag }) =>
      tag === "sp"
        ? "Where subdomains send mail, see in the reports that it passes DMARC, or give each of them a record of its own. Then remove sp=."
        : "Set np= no weaker than p=. Machines that send under names which are only in internal DNS have to be given another sender first.",
  },
  "dmarc.sp-on-subdomain": {
    text: ({ name, tags, organizational }) =>
      `${tags.map((tag) => `${tag}=`).join(" and ")} at ${name} never counts: for subdomains only the record of ${organizational} is asked.`,
    fix: () => "Leave it out.",
  },
  "dmarc.new-weaker": {
    text: ({ name, policy }) =>
      `The record at ${name} says p=${policy}. A new domain has no old mail that reject could hit, so it can begin there, and nobody gets used to forging it.`,
    fix: () => "Begin with p=reject.",
  },
  "dmarc.np-absent": {
    text: ({ name, policy }) =>
      `The record at ${name} leaves invented subdomains at ${policy}. np=reject stops mail from names that do not exist and cannot hit mail from those that do.`,
    fix: () =>
      "Add np=reject. Only machines that send under names which are only in internal DNS have to be given another sender first.",
  },
  "dmarc.psd": {
    text: (p) =>
      p.value === "y"
        ? `The record at ${p.name} says psd=y, that is, that others register names below it. The public suffix is ${p.suffix}. With psd=y every subdomain is an organization of its own, and DMARC between them fails.`
        : `The record at ${p.name} says psd=n and so cuts the domain off from ${p.above}: mail from one that is signed by the other does not pass DMARC.`,
    fix: (p) =>
      p.value === "y"
        ? "Remove psd=y, unless you run a registry."
        : "Remove psd=n, unless this is what you want.",
  },
  "dmarc.psl-vs-walk": {
    text: ({ domain, walk, psl }) =>
      `Receivers do not agree on the organization of ${domain}: by RFC 9989 it is ${walk}, by public suffix list (RFC 7489) it is ${psl}. Mail that relies on relaxed alignment passes at some only.`,
    fix: ({ walk, psl, wanted }) =>
      wanted
        ? `psd=n has it so. Sign with ${walk} or a name below it: such mail passes at both.`
        : `Publish a DMARC record at _dmarc.${psl} as well.`,
  },
  "dmarc.deep-name": {
    text: ({ domain, labels, at }) =>
      `${domain} has ${labels} labels. Receivers look at the name itself and then at the last seven labels, so that the record at ${at} is never found.`,
    fix: () => "Publish the record at the name itself.",
  },
  "dmarc.rua-missing": {
    text: ({ name }) =>
      `The record at ${name} names no address for aggregate reports (rua=). You cannot know who sends with your domain, and whether your own mail passes.`,
    fix: () => `Add rua=. ${mailbox}`,
  },
  "dmarc.rua-syntax": {
    text: ({ name, tag, value, fault }) =>
      fault === "empty"
        ? `${tag}= at ${name} has an empty entry.`
        : `"${value}" in ${tag}= at ${name} is no address for reports: ${uriFaults[fault]}. Nothing is sent there.`,
    fix: ({ tag }) => `Write ${tag}=mailto:NAME@DOMAIN, with "," between several.`,
  },
  "dmarc.rua-no-mx": {
    text: ({ name, tag, uri, host, why }) =>
      `Reports to ${uri} (${tag}= at ${name}) cannot be delivered: ${host} ${noMail[why]}.`,
    fix: () => "Correct the address, or give its domain an MX record.",
  },
  "dmarc.rua-placeholder": {
    text: ({ name, tag, uri, host, meant }) =>
      meant === undefined
        ? `${tag}= at ${name} names ${uri}. ${host} is a sample out of instructions and not yours: somebody else would get the reports, or nobody.`
        : `${tag}= at ${name} names ${uri}, but ${host} does not exist. It looks like a slip for ${meant}.`,
    fix: ({ meant }) =>
      meant === undefined ? `Write an address of your own. ${mailbox}` : `Write ${meant}.`,
  },
  "dmarc.rua-unauthorised": {
    text: ({ domain, tag, uri, host, at }) =>
      `${tag}= of ${domain} names ${uri}, but ${host} does not say that it takes reports about ${domain}: there is no record at ${at}. Receivers send nothing there.`,
    fix: ({ host }) => `Ask the operator of ${host} to publish this record.`,
  },
  "dmarc.rua-auth-wildcard": {
    text: ({ host, own }) =>
      own
        ? `${host} takes reports about every domain (*._report._dmarc). Anybody can have reports sent to you.`
        : `${host}, which takes the reports, does so for every domain (*._report._dmarc).`,
    fix: ({ own }) =>
      own
        ? "Publish a record for each domain instead, if you know them."
        : "Nothing is to be done; services do it so.",
  },
  "dmarc.rua-many": {
    text: ({ name, tag, count }) =>
      `${tag}= at ${name} names ${count} addresses. Receivers have to send to two only; the others may get nothing.`,
    fix: () => "Name two at most, and forward from there.",
  },
  "dmarc.rua-scheme": {
    text: ({ name, tag, scheme, others }) =>
      others
        ? `${tag}= at ${name} also names an address with ${scheme}:. Receivers know mailto: only and pass over it.`
        : `${tag}= at ${name} names no mailto: address but ${scheme}: only. Receivers know mailto: only, so no report comes.`,
    fix: () => "Name a mailto: address.",
  },
  "dmarc.we-receive": {
    text: ({ other, host, at }) =>
      `Reports about ${other} are to come to ${host}, but ${host} does not say that it takes them: there is no record at ${at}. Receivers send nothing.`,
    fix: () => "Publish this record.",
  },
  "dmarc.ruf": {
    text: ({ name, why }) =>
      why === "ruf"
        ? `The record at ${name} asks for failure reports (ruf=). Hardly anybody sends them, and they hold personal data of the mail.`
        : why === "fo-without-ruf"
          ? `The record at ${name} has fo= without ruf=. It is ignored.`
          : `In the record at ${name} fo= holds 0 and 1, which exclude each other. The default 0 counts.`,
    fix: ({ why }) =>
      why === "ruf"
        ? "Leave out ruf= unless you know who sends you such reports."
        : why === "fo-without-ruf"
          ? "Leave out fo=."
          : "Write one of the two.",
  },
};
