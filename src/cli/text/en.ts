import type { DkimResult } from "../../core/results.ts";
import type { DmarcOutcome } from "../../store/port.ts";
import type { CliText } from "./text.ts";

const meant = (name: string | undefined): string => (name === undefined ? "" : `; did you mean ${name}?`);
const some = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
const octets = (count: number): string => `${count.toLocaleString("en-US")} octets`;
const list = (words: readonly string[]): string => words.join(", ");

const discovery = { treewalk: "tree walk", psl: "public suffix list" } as const;

export const en: CliText = {
  usage: {
    unknownCommand: (name, guess) => `there is no command "${name}"${meant(guess && `"${guess}"`)}`,
    unknownOption: (option, guess) => `there is no option ${option}${meant(guess)}`,
    optionNeedsValue: (option, value) => `${option} needs a value: ${option} ${value}`,
    optionTakesNoValue: (option) => `${option} takes no value`,
    missingArgument: (name) => `${name} is missing`,
    tooManyArguments: (argument) => `"${argument}" is one argument too many`,
    emptyArgument: 'an argument is empty (""); is a variable of the shell not set?',
    unknownAction: (command, action, actions) =>
      `"${command}" cannot do "${action}"; it knows ${list(actions)}`,
    missingAction: (command, actions) => `"${command}" needs to know what to do: ${list(actions)}`,
    badLang: (value) => `--lang: "${value}" is not ja or en`,
    badIp: (where, value) => `${where}: "${value}" is no IP address`,
    badTime: (option, value) => `${option}: "${value}" is no RFC 3339 time such as 2026-01-31T09:00:00Z`,
    badSeconds: (option, value) => `${option}: "${value}" is no number of seconds between 0.1 and 300`,
    badServer: (option, value) =>
      `${option}: "${value}" is no address with an optional port, such as 192.0.2.53 or [2001:db8::53]:5353`,
    offlineNeedsZone: "--offline needs at least one --zone FILE, for nothing else is asked",
    nullSenderNeedsHelo: "the null sender has no domain, so HELO must be given",
    notWithBatch: (option) => `${option} cannot be used with --batch; each line carries its own`,
    notForAction: (option, command, others) =>
      `${option} means nothing to ${command}; leave it out${others.length === 0 ? "" : ` (it is for ${list(others)})`}`,
    onlyWith: (option, needed) =>
      `${option} means nothing without ${needed}; give ${needed} too, or leave ${option} out`,
    nothingBeside: (option, other) => `${option} means nothing beside ${other}; leave one of them out`,
    domainTwice: (argument) => `the domain is given twice, as "${argument}" and with --domain; leave one out`,
    badAuthservId: (value) => `--authserv-id: "${value}" cannot be one; give a name such as mx.example.jp`,
    seeHelp: (command) => `see "sekisho ${command === undefined ? "" : `${command} `}--help"`,
  },
  failed: {
    fileUnreadable: (file, reason) => `${file} cannot be read: ${reason}`,
    fileUnwritable: (file, reason) => `${file} cannot be written: ${reason}`,
    fileUnusable: (file, reason) => `${file} cannot be used: ${reason}`,
    noRight: "permission denied",
    noSuchFolder: "its folder is not there and cannot be made",
    noSuchFile: "there is no such file",
    noPermission: "permission denied",
    noPermissionToWrite: "permission denied",
    secretUnreadable: (reference, reason) => `${reference} cannot be read: ${reason}`,
    secretEmpty: (reference) => `${reference} is empty or not set`,
    oldNode: (version) => `Sekisho needs Node.js 24 or newer; this is ${version}`,
    unexpected: (message) => `something went wrong that should not have: ${message}`,
    moreErrors: (file, count) => `${file}: ${some(count, "more error", "more errors")}`,
  },
  help: {
    title: "Sekisho authenticates the senders of mail.",
    usage: "Usage",
    commands: "Commands",
    options: "Options",
    exitCodes: "Exit codes",
    exitCode: [
      "done, and nothing is wrong",
      "done, with findings or a verdict other than pass",
      "wrong usage or configuration",
      "it could not be done (DNS, file, network)",
    ],
    more: 'More about a command: "sekisho COMMAND --help"',
    lang: "language of the texts; else LC_ALL, LC_MESSAGES or LANG decides",
    help: "show this help",
    version: "show the version",
    command: "COMMAND",
    commandOptions: "OPTION",
  },
  batch: {
    notJson: "the line is no JSON",
    notObject: "the line is no JSON object",
    tooLong: (max) => `the line is longer than ${octets(max)}`,
    missing: (field) => `"${field}" is missing`,
    notString: (field) => `"${field}" is no string`,
    badIp: (value) => `"ip": "${value}" is no IP address`,
    badTime: (value) => `"now": "${value}" is no RFC 3339 time`,
    fileOrMessage: 'exactly one of "file" and "message" must be given',
    badBase64: '"message" is no base64',
  },
  spf: {
    asked: (ip, sender, helo) =>
      `SPF of ${ip}, sender ${sender === "" ? "<>" : sender}${helo === undefined ? "" : `, HELO ${helo}`}`,
    columns: {
      outcome: "outcome",
      lookups: "lookups",
      voids: "void lookups by",
      query: "query",
      term: "term",
      name: "name",
    },
    outcome: {
      match: "match",
      "no-match": "no match",
      temperror: "temperror",
      permerror: "permerror",
      redirect: "redirect",
      explanation: "explanation",
    },
    dns: {
      answer: "answer",
      nodata: "no such record",
      nxdomain: "no such name",
      timeout: "no answer",
      servfail: "SERVFAIL",
      refused: "refused",
      bogus: "bogus",
      malformed: "unreadable",
      "bad-name": "bad name",
      offline: "not in zone",
    },
    records: (count) => some(count, "record", "records"),
    verdict: {
      none: (domain) =>
        domain === ""
          ? "the sender has no domain that could be asked"
          : `${domain} says nothing about who may send its mail`,
      neutral: (domain, ip) => `${domain} takes no position on ${ip}`,
      pass: (domain, ip) => `${ip} may send mail of ${domain}`,
      fail: (domain, ip) => `${ip} may not send mail of ${domain}`,
      softfail: (domain, ip) => `${ip} probably may not send mail of ${domain}`,
      temperror: (domain) => `the record of ${domain} could not be evaluated now`,
      permerror: (domain) => `the record of ${domain} cannot be evaluated until it is corrected`,
    },
    lookups: (lookups) => `${lookups} of 10`,
    voids: (query, term, name) => `${query} by query, ${term} by term, ${name} by name`,
    explanation: (text) => `"${text}"`,
    noTrace: "Nothing was looked up.",
    labels: {
      result: "Result",
      why: "Because",
      term: "Decided by",
      lookups: "DNS lookups",
      voids: "Void lookups",
      says: "Domain says",
    },
  },
  verdict: {
    join: (facts) => facts.join("; "),
    iprev: (ip, name, passed) =>
      name === undefined ? ip : passed ? `${ip} is ${name}` : `${ip} calls itself ${name}`,
    spfIdentity: { mailfrom: "MAIL FROM", helo: "HELO" },
    spfMatched: (term) => `matched ${term}`,
    spfLookups: (lookups, voids) => `${some(lookups, "lookup", "lookups")}, ${voids} void`,
    dkimNone: "The message carries no signature.",
    dkimKey: dkimKey,
    dkimSigner: { author: "signed by the author's domain", "third-party": "signed by a third party" },
    dkimBodyLength: (length) => `covers ${octets(length)} of the body (l=)`,
    arcSets: (count, sealers) =>
      sealers.length === 0
        ? some(count, "set", "sets")
        : `${some(count, "set", "sets")}, sealed by ${sealers.join(", ")}`,
    arcUnchanged: (instance) =>
      instance === 0
        ? "not changed since it was first sealed"
        : `changed before set ${instance} was made, not since`,
    arcClaims: (instance, domain, claims) =>
      `set ${instance}, ${domain} says: ${claims.length === 0 ? "nothing" : claims.join(", ")}`,
    bimiRecord: (domain, selector) => `${domain}, selector ${selector}`,
    bimiDeclined: "the domain declines to have a logo shown",
    bimiSelectorIgnored: {
      unsigned: "BIMI-Selector was passed over: no signature that DMARC relies on covers it",
      several: "BIMI-Selector was passed over: there is more than one",
      syntax: "BIMI-Selector was passed over: it cannot be read",
    },
    bimiLocation: (uri) => `logo: ${uri}`,
    bimiAuthority: (uri, evidence) =>
      `certificate${evidence === undefined ? "" : ` (${evidence.toUpperCase()})`}: ${uri}`,
    dmarcPolicy: (tag, policy, domain) => `${tag}=${policy}, published by ${domain}`,
    dmarcApplied: {
      none: "asks for nothing to be done",
      quarantine: "asks that failing mail be treated as suspicious",
      reject: "asks that failing mail be refused",
    },
    dmarcTesting: "the policy is only being tested (t=y)",
    dmarcSampledOut: "not in the share of failing mail that pct= names",
    dmarcOther: (outcome) => `by the ${discovery[outcome.discovery]} it would be: ${dmarcOutcome(outcome)}`,
    dmarcOutcome,
    discovery,
    dmarcAuthor: (domain, organizational) =>
      organizational === undefined || organizational === domain
        ? `author domain ${domain}`
        : `author domain ${domain}, organization ${organizational}`,
    aligned: (what) => `aligned: ${list(what)}`,
    alignedNone: "nothing that passes is aligned with the author domain",
    alignedSpf: (domain) => `SPF ${domain}`,
    alignedDkim: (domain) => `DKIM ${domain}`,
    noClient: "The client is not known (--ip).",
    field: "The field as it would be written",
    questions: (count, ms) => `DNS: ${some(count, "question", "questions")}, ${ms} ms`,
    dnsLine: (ttl, ms, authentic) =>
      `${ttl === undefined ? "" : `ttl ${ttl}, `}${ms} ms${authentic ? ", DNSSEC" : ""}`,
  },
  explain: {
    notFound: (key, keep, folder) =>
      `nothing is recorded about "${key}": records are kept for ${keep} in ${folder}; was the message seen by this host, and is data_dir right?`,
    keep: (days) => (days < 2 ? some(Math.round(days * 24), "hour", "hours") : `${Math.round(days)} days`),
    several: (key, count) => `${count} messages are recorded under "${key}", the oldest first.`,
    headings: {
      client: "Who brought it",
      envelope: "Envelope",
      verdicts: "Verdicts",
      done: "What was done",
      wouldBe: "What would be done",
      dns: "DNS answers used",
    },
    labels: {
      message: "Message-ID",
      when: "When",
      size: "Size",
      socket: "Came by",
      client: "Client",
      helo: "HELO",
      counts: "Counts as",
      because: "Because",
      spfClient: "Judged for",
      from: "From",
      to: "To",
      action: "Action",
      removed: "Removed",
      wrote: "Written",
      told: "MTA told",
      fault: "Fault",
      subject: "Subject",
      rules: "Rules",
      shadow: "Shadow",
    },
    elapsed: (at, ms) => `${at}, after ${ms} ms`,
    size: (header, body) =>
      `${octets(header)} of header, ${body === undefined ? "body not looked at" : `${octets(body)} of body`}`,
    origin: {
      stranger: "a stranger: verified in full",
      relay: "one of our relays: the client before it is judged",
      own: "ours: verified and recorded, not refused by default, does not sign",
      submitter: "a submitter: may sign",
      local: "mail from this host",
    },
    plainOrigin: {
      stranger: "a stranger",
      relay: "one of our relays",
      own: "one of our networks",
      submitter: "a submitter",
      local: "mail from this host",
    },
    authenticated: "logged in",
    unknownClient: "not known",
    nullSender: "<> (null sender)",
    notRecorded: "not recorded",
    recipients: (count) => some(count, "recipient", "recipients"),
    smtputf8: "SMTPUTF8",
    noResults: "The message was not authenticated.",
    leftOut: "SPF and iprev were not evaluated.",
    monitoring: (policy) =>
      `only watched: the domain asks for ${policy}, which is not applied (verify.enforce: monitor)`,
    action: {
      none: "none: delivered as usual",
      header: "only the result field was written",
      quarantine: "quarantined",
      hold: "held in the queue",
      reject: "refused",
      defer: "put off: the sender is to try again",
    },
    reason: {
      local_policy: "our own policy",
      mailing_list: "a mailing list",
      other: "another reason",
      policy_test_mode: "the domain only tests its policy",
      trusted_forwarder: "a trusted forwarder",
    },
    removed: (field) => `${field.name} no. ${field.occurrence}: ${removedReason[field.reason]}`,
    nothingRemoved: "nothing",
    nothingWritten: "nothing",
    told: { accept: "accept", tempfail: "try again later (4xx)", reject: "refuse (5xx)" },
    fault: (stage, message) => `while at ${stage}: ${message}`,
    noQuestions: "none",
    truncated: "The record was too long to be kept whole; some results or DNS answers are missing.",
  },
  shadow: {
    notSet: "No shadow is set now (verify.shadow), so nothing new is recorded.",
    nothing: (since, messages) =>
      messages === 0
        ? `No message has been recorded since ${since}.`
        : `Since ${since} the shadow would have treated none of ${some(messages, "message", "messages")} otherwise.`,
    summary: (since, messages, domains) =>
      `Since ${since} the shadow would have treated ${some(messages, "message", "messages")} of ${some(domains, "author domain", "author domains")} otherwise.`,
    title: (domain, messages) => `${domain}: ${some(messages, "message", "messages")}`,
    noDomain: "no author domain",
    action: (action, messages) => `${wouldBe[action]} ${messages}`,
    labels: { would: "would be", newest: "newest" },
    client: (address, messages) => `${address}: ${some(messages, "message", "messages")}`,
    reason: (sentence, messages) => `${sentence} (${messages})`,
    examples: (queueIds) => `e.g. ${queueIds.join(", ")}`,
    unknownClient: "a client that is not known",
    moreClients: (clients) => `and ${some(clients, "more client", "more clients")}`,
    more: (domains) => `${some(domains, "more domain", "more domains")}: --json prints them.`,
    comma: ", ",
  },
  dmarcDiff: {
    badSince: (value) => `--since: "${value}" is neither a time span (7d) nor an RFC 3339 time`,
    nothingCompared: (since) =>
      `No message since ${since} was evaluated by both discoveries. Set verify.dmarc.discovery: both, and let mail come in.`,
    summary: (since, compared, different) =>
      `Since ${since}: ${some(compared, "message was", "messages were")} evaluated by both discoveries, ${different} ${different === 1 ? "differs" : "differ"}.`,
    messages: (count) => some(count, "message", "messages"),
    more: (groups) => `${some(groups, "more group", "more groups")}: --json prints them.`,
    noDomain: "no author domain",
    differs: "differs in",
    difference: { result: "result", policy: "policy", policyDomain: "place of the record" },
    comma: ", ",
    newest: "newest",
  },
  config: {
    good: (file) =>
      file === undefined ? "The built-in defaults are good." : `${file}: the configuration is good.`,
    defaults: "No configuration file was found; the built-in defaults are used.",
    postfixRead: (source) => `Postfix settings read from ${source}.`,
    postfixGood: "Postfix is set up well for this configuration.",
    noMainCf: (place) =>
      `no main.cf at ${place}, and no postconf command; name the file: --postfix /etc/postfix`,
    severity: { error: "error", warning: "warning", notice: "notice", info: "info" },
    fix: "Do",
    summary: (errors, warnings, notices) =>
      `${some(errors, "error", "errors")}, ${some(warnings, "warning", "warnings")}, ${some(notices, "notice", "notices")}`,
  },
};

function dmarcOutcome(outcome: DmarcOutcome): string {
  const { result, problem, appliedPolicy, policyDomain, sampledOut } = outcome;
  const parts: string[] = [problem === undefined ? result : `${result} (${problem})`];
  if (appliedPolicy !== undefined) parts.push(`policy ${appliedPolicy}${sampledOut ? " after pct=" : ""}`);
  if (policyDomain !== undefined) parts.push(`record at ${policyDomain}`);
  return list(parts);
}

function dkimKey(result: DkimResult): string {
  const parts = [result.domain === "" ? "no domain" : result.domain];
  if (result.selector !== "") parts.push(`selector ${result.selector}`);
  if (result.algorithm !== "") parts.push(result.algorithm);
  if (result.keyBits !== undefined) parts.push(`${result.keyBits} bits`);
  return parts.join(", ");
}

const wouldBe = {
  none: "delivered",
  header: "marked",
  quarantine: "quarantined",
  hold: "held",
  reject: "refused",
  defer: "put off",
} as const;

const removedReason = {
  "own-authserv-id": "it claimed to be ours",
  "unparsable-own-authserv-id": "it claimed to be ours and could not be read",
  "unsupported-version": "its version is not known",
  "own-field": "only we write it",
  "receivers-field": "only the receiving site may write it",
  "hidden-field": "another field is hidden in it behind a bare CR",
  unread: "there were so many that it was not read",
} as const;
