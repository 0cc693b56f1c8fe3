import { fileFaultText } from "./file-fault.ts";
import type { LoginLineProblem } from "./login-map.ts";
import type { ProblemText } from "./problem.ts";

const fault = (reason: string): string => fileFaultText(reason, "en");
const list = (values: readonly string[]): string => values.join(", ");
const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;

const typeNames: Readonly<Record<string, string>> = {
  text: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  list: "a list",
  map: 'a section, written as "{ key: value }"',
};

const loginLine: Readonly<Record<LoginLineProblem, (found: string) => string>> = {
  "no-colon": (found) => `"${found}" has no colon; write login: taro@example.jp, example.jp`,
  "bad-login": (found) => `"${found}" begins with no login name`,
  twice: (found) => `"${found}" stands in the file twice; put everything in one line`,
  "bad-from": (found) =>
    `"${found}" is no From; write taro@example.jp, example.jp, .example.jp (all below it), $group or *`,
  "group-in-group": (found) => `"${found}": a group cannot hold groups`,
  "no-such-group": (found) => `there is no group "${found}"; define it in a line ${found}: ...`,
};

export const en: ProblemText = {
  unreadable: ({ reason }) => `the file cannot be read: ${fault(reason)}`,
  "yaml-syntax": ({ reason }) => `not valid YAML: ${reason}`,
  "duplicate-key": () => "this key stands twice in the same section",
  "not-a-map": () => "the file must hold keys and values (key: value)",
  "unknown-key": ({ key, suggestion }) => `unknown key "${key}"${didYouMean(suggestion)}`,
  "later-key": ({ key }) => `"${key}" is not in this version of Sekisho yet; remove it`,
  "later-value": ({ found, allowed }) =>
    `"${found}" is not in this version of Sekisho yet; possible now: ${list(allowed)}`,
  "missing-key": ({ key }) => `the key "${key}" is missing`,
  "wrong-type": ({ expected, found }) => `must be ${typeNames[expected] ?? expected}, not ${found}`,
  "not-one-of": ({ found, allowed, suggestion }) =>
    `"${found}" is not possible here${didYouMean(suggestion) || "."} One of: ${list(allowed)}`,
  "out-of-range": ({ minimum, maximum, found }) => `${found} is out of range: ${range(minimum, maximum)}`,
  "bad-suffix-list": ({ file, reason }) => `the public suffix list ${file} cannot be read: ${fault(reason)}`,
  "bad-mark-roots": ({ file, reason }) => `the root certificates in ${file} cannot be read: ${fault(reason)}`,
  "bad-ca": ({ file, reason }) => `the certificates in ${file} cannot be used: ${fault(reason)}`,
  "bad-secret-file": ({ file, reason }) => `the secret in ${file} cannot be read: ${fault(reason)}`,
  "bad-token-command": ({ file, reason }) => `${file} cannot be run: ${fault(reason)}`,
  "open-secret": ({ file }) =>
    `${file} holds a secret and is open to everybody on this machine: chmod o-rwx ${file}`,
  "bad-login-file": ({ file, reason }) => `the login file ${file} cannot be read: ${fault(reason)}`,
  "unreadable-as-user": ({ file, user }) =>
    `${file} cannot be read by ${user}, whom Sekisho runs as: give it and the folders above it to that user or to a group of his (chown root:GROUP and chmod 0640)`,
  "not-runnable-as-user": ({ file, user }) =>
    `${file} cannot be run by ${user}, whom Sekisho runs as: let that user or a group of his read and run it, and enter the folders above it (chown root:GROUP and chmod 0750)`,
  "bad-login-line": ({ file, line, problem, found }) => `${file}:${line}: ${loginLine[problem](found)}`,
  "empty-text": () => "must not be empty",
  "bad-duration": ({ found }) =>
    `"${found}" is no duration; write a number with ms, s, m, h, d or w, such as 30s`,
  "bad-size": ({ found }) =>
    `"${found}" is no size; write a number with B, KB, MB, GB, KiB, MiB or GiB, such as 10MB`,
  "bad-network": ({ found }) =>
    `"${found}" is no address or network; write 192.0.2.1, 192.0.2.0/24 or "2001:db8::/32"`,
  "bad-server-address": ({ found }) =>
    `"${found}" is no server address; write 192.0.2.1, 192.0.2.1:53, "2001:db8::1" or "[2001:db8::1]:53"`,
  "bad-hostname": ({ found }) => `"${found}" is no host name; write a full name such as mx.example.jp`,
  "bad-authserv-id": ({ found }) => `"${found}" cannot be an authserv-id; use a name such as mx.example.jp`,
  "bad-listen": ({ found }) =>
    `"${found}" is no milter socket; write inet:127.0.0.1:8891, inet:[::1]:8891 or unix:/run/sekisho/milter.sock (a full path, at most 107 octets)`,
  "bad-web-listen": ({ found }) =>
    `"${found}" is no address to listen on; write 127.0.0.1:8025, "[::1]:8025" or off`,
  "bad-mode": ({ found }) => `must be a file mode in quotes, such as "0660", not ${found}`,
  "bad-domain": ({ found }) => `"${found}" is no domain; write a name such as example.jp`,
  "bad-list-entry": () => "name the list by list_id, domain or network, or by several of them",
  "bad-list-host": () => "name the list host by socket, networks or list_id, or by several of them",
  "bad-list-name": ({ found }) =>
    `"${found}" is no name for a list host; write letters, digits, ".", "_" and "-", at most 40`,
  "bad-list-id": ({ found }) => `"${found}" is no List-Id; write what stands between its angle brackets`,
  "bad-list-socket": ({ found }) =>
    `milter.sockets has no socket with role: sign that listens on "${found}"; list it there, written the same`,
  "bad-second-list": ({ found }) => `another list host has the name "${found}" already`,
  "bad-author": ({ found }) =>
    `"${found}" is neither a domain nor an address; write example.jp or taro@example.jp (subdomains: include_subdomains, everybody: any_domain)`,
  "bad-selector": ({ found }) => `"${found}" is no selector; write labels such as s20261031`,
  "bad-secret": () => "the secret must not stand here: write file:PATH or env:NAME",
  "bad-field-name": ({ found }) => `"${found}" is no header field that can be signed`,
  "bad-alignment": () =>
    "a domain here is neither that of the key nor above or below it: the signature would not count for DMARC; third_party: true allows it",
  "bad-second-selector": ({ found }) =>
    `"${found}" stands at another key of this domain with another file; a selector has one key`,
  "bad-seal-key": ({ found }) => `sign.keys has no key for "${found}" with this selector`,
  "bad-every": ({ found }) => `"${found}" is neither a duration such as 90d nor off`,
  "bad-hook": () => "the method hook needs command: the program and its arguments as a list",
  "bad-mailbox-login": () =>
    "the mailbox needs either password (file:PATH or env:NAME) or token_command, and not both",
  "bad-mailbox-tls": () =>
    "off sends password and mails readable over the network; only a server on this machine may be asked without TLS",
  "bad-after-mail": ({ found }) =>
    `"${found}" is nothing to do with a mail; write leave, move FOLDER or flag KEYWORD, such as flag $Sekisho or flag \\Seen`,
  "bad-after-file": ({ found }) =>
    `"${found}" is nothing to do with a file; write leave, delete or move FOLDER`,
  "bad-folder-name": ({ found }) => `"${found}" is no name of a mail folder`,
  "bad-lmtp-listen": ({ found }) =>
    `"${found}" is no place to listen for this machine alone; write inet:127.0.0.1:8024, inet:[::1]:8024 or unix:/run/sekisho/lmtp.sock`,
  "bad-mailbox": ({ found }) => `"${found}" is no mail address`,
  "bad-smtp-server": ({ found }) => `"${found}" is no mail server; write ADDR:PORT such as 127.0.0.1:25`,
  "bad-store": () =>
    "write postgres://USER@HOST/DATABASE, file:PATH or env:NAME; leave it out for SQLite in data_dir",
  "bad-keep": ({ found }) =>
    `"${found}" is no time to keep; write a number with h, d or w, such as 400d, or forever`,
  "bad-workers": ({ found }) => `"${found}" is no number of workers; write auto or a number from 0 to 256`,
  "duplicate-listen": ({ found }) => `another socket listens on "${found}" already`,
  "peers-needed": ({ found }) =>
    `"${found}" can be reached from other machines: name the MTAs that may connect in milter.peers`,
  "web-beyond-loopback": ({ found }) =>
    `"${found}" can be reached from other machines; without accounts, which are not in this version yet, the pages stay on loopback`,
  "mark-roots-needed": () =>
    "nothing could pass: name the root certificates of mark certificates in roots, or set require_evidence to false",
  "invalid-value": ({ found }) => `"${found}" is not possible here`,
  "hostname-not-qualified": ({ hostname }) =>
    `the host name "${hostname}" is no fully qualified name; set hostname to one such as mx.example.jp`,
  "reject-alone": () =>
    "mail is refused on a published policy alone, against RFC 9989 §7.4: mailing lists and forwarders lose mail by it",
  "rotate-nothing": () => "no key rotates: name domains here, or give sign.keys some",
  "rotate-retire-soon": ({ retireAfter }) =>
    `after ${retireAfter} a record is taken back while signed mail may still wait in queues; Postfix keeps it for 5d`,
  "network-everyone": ({ network }) => `${network} is every address there is`,
  "list-unsigned": ({ domain }) =>
    `no key of sign.keys signs for lists at ${domain}: mail with a rewritten From leaves without a signature of its From domain, and DMARC passes by SPF alone or not at all. Add a key with domain: ${domain} (or from: [${domain}] at a key above it)`,
  "list-below": ({ domain, parent }) =>
    `the lists at ${domain} stand below ${parent}: while ${domain} has no DMARC record of its own, receivers apply sp= of ${parent} (its p= where there is no sp=) to mail with a rewritten From. Publish a record for the lists, such as _dmarc.${domain} TXT "v=DMARC1; p=none; rua=mailto:postmaster@${parent}", or have sp=none written into the record of ${parent}, before the lists rewrite From; a signature with d=${domain} passes under any of them. See docs/lists.md`,
};

function range(minimum: number | string | undefined, maximum: number | string | undefined): string {
  if (maximum === undefined) return `at least ${minimum}`;
  return minimum === undefined ? `at most ${maximum}` : `${minimum} to ${maximum}`;
}
