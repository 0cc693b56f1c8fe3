import type { FindingText } from "./finding.ts";
import type { PostfixFindings } from "./postfix.ts";

const byDefault = (isDefault: boolean): string => (isDefault ? ", Postfix's default" : "");

export const postfixEn: FindingText<PostfixFindings> = {
  "postfix.milter-missing": {
    text: ({ found }) =>
      found === ""
        ? "smtpd_milters is empty: Postfix hands no mail to Sekisho."
        : `smtpd_milters names no socket of Sekisho, only ${found}: Postfix hands it no mail.`,
    fix: ({ sockets }) => `smtpd_milters = ${sockets.join(", ")}`,
  },
  "postfix.endpoint-syntax": {
    text: ({ endpoint }) => `${endpoint} is no address that Postfix can use for a filter.`,
    fix: ({ meant }) => meant ?? "Write inet:HOST:PORT or unix:PATH.",
  },
  "postfix.milter-twice": {
    text: ({ endpoint, before, parameter }) =>
      before === endpoint
        ? `${parameter} names ${endpoint} twice: each message is processed twice.`
        : `${parameter} names ${before} and ${endpoint}, both of Sekisho: each message is processed twice.`,
    fix: ({ endpoint, before }) =>
      before === endpoint ? "Name it once." : `Take ${endpoint} out of the list.`,
  },
  "postfix.changes-after-signing": {
    text: ({ parameter, value }) =>
      `${parameter} = ${value} changes messages when they leave, after they were signed: what it changes in From, To, Cc, Subject or the body breaks the signature.`,
    fix: ({ parameter }) =>
      parameter === "smtp_generic_maps"
        ? "Rewrite addresses before the signature is made: canonical_maps or sender_canonical_maps."
        : "Change what is to be changed before the signature is made: header_checks, body_checks.",
  },
  "postfix.milters-off": {
    text: ({ parameter }) => `${parameter} contains no_milters in main.cf: no filter sees any mail.`,
    fix: ({ parameter }) =>
      `Take no_milters out of ${parameter} in main.cf; set it in master.cf, for the service that takes mail back from a content filter.`,
  },
  "postfix.milter-maps": {
    text: ({ value }) =>
      `smtpd_milter_maps = ${value} decides by client which filters are used: clients listed there may pass by Sekisho.`,
  },
  "postfix.filter-before": {
    text: ({ endpoint, ours }) =>
      `The filter ${endpoint} comes before ${ours}: if it changes messages, DKIM signatures fail afterwards, and result fields that it adds are not seen as ours.`,
    fix: ({ ours }) => `Put ${ours} first, unless the other filter must come before it.`,
  },
  "postfix.leftover-filter": {
    text: ({ endpoint, program }) =>
      `${endpoint} looks like ${program}, whose work Sekisho does: the two would write contradicting results.`,
    fix: ({ endpoint }) => `Take ${endpoint} out of the list once Sekisho has taken over.`,
  },
  "postfix.non-smtpd-missing": {
    text: ({ socket }) =>
      `non_smtpd_milters does not name ${socket}: mail that programs on this host hand over with the sendmail command is not seen, so it is neither recorded nor signed.`,
    fix: ({ sockets }) => `non_smtpd_milters = ${sockets.join(", ")}`,
  },
  "postfix.non-smtpd-needless": {
    text: ({ endpoint }) =>
      `non_smtpd_milters names ${endpoint}, which only verifies: mail of this host's own programs has no client to verify.`,
  },
  "postfix.default-action-reject": {
    text: ({ socket }) =>
      `While ${socket} does not answer, Postfix refuses mail for good (milter_default_action = reject): each fault loses mail.`,
    fix: () => "milter_default_action = accept (or tempfail, where mail may wait)",
  },
  "postfix.default-action-defers": {
    text: ({ socket, action, isDefault }) =>
      `While ${socket} does not answer, mail has to wait (milter_default_action = ${action}${byDefault(isDefault)}), although Sekisho itself lets mail through when it has a fault (on_failure: accept).`,
    fix: () => "milter_default_action = accept",
  },
  "postfix.default-action-accepts": {
    text: ({ socket, action }) =>
      `While ${socket} does not answer, Postfix passes mail on unprocessed (milter_default_action = ${action}), although on_failure says that it must wait.`,
    fix: ({ socket }) => `Write { ${socket}, default_action=tempfail } in place of ${socket}`,
  },
  "postfix.default-action-quarantine": {
    text: ({ socket }) =>
      `While ${socket} does not answer, Postfix holds mail in its queue (milter_default_action = quarantine) until somebody releases it with postsuper -H.`,
    fix: () => "milter_default_action = accept (or tempfail, where mail may wait)",
  },
  "postfix.default-action-unknown": {
    text: ({ action }) => `"${action}" is no action that milter_default_action knows.`,
    fix: () => "milter_default_action = accept",
  },
  "postfix.protocol-old": {
    text: ({ protocol }) =>
      `milter_protocol = ${protocol}: below 6 Postfix cuts white space after the colon of header fields, which breaks some DKIM signatures, and sends every body in full.`,
    fix: () => "milter_protocol = 6",
  },
  "postfix.content-timeout-short": {
    text: ({ timeout, budgetSeconds }) =>
      `milter_content_timeout = ${timeout} is not longer than the ${budgetSeconds} s that Sekisho may take for a message (milter.time_budget): Postfix would give up first.`,
    fix: ({ budgetSeconds }) => `milter_content_timeout = ${Math.max(300, Math.ceil(budgetSeconds * 2))}s`,
  },
  "postfix.command-timeout-short": {
    text: ({ timeout }) =>
      `milter_command_timeout = ${timeout} is very short: a busy moment would count as a fault of the filter.`,
    fix: () => "milter_command_timeout = 30s",
  },
  "postfix.connect-timeout-long": {
    text: ({ timeout }) =>
      `milter_connect_timeout = ${timeout}: while Sekisho cannot be reached, each SMTP client waits that long.`,
    fix: () => "milter_connect_timeout = 10s",
  },
  "postfix.timeout-unreadable": {
    text: ({ parameter, value }) => `${parameter} = ${value} is no time.`,
    fix: ({ parameter }) => `${parameter} = 30s (a number with s, m, h, d or w)`,
  },
  "postfix.header-checks-results": {
    text: ({ file, line }) =>
      `${file}:${line} (milter_header_checks) looks at Authentication-Results: it can remove or change the field that Sekisho adds.`,
    fix: () => "Take the rule out: Sekisho removes forged fields itself.",
  },
  "postfix.header-checks-unread": {
    text: ({ value }) =>
      `milter_header_checks = ${value} could not be looked at: a rule there about Authentication-Results would change what Sekisho writes.`,
  },
  "postfix.master-override": {
    text: ({ service, line, value }) =>
      `master.cf:${line}: the service ${service} has its own smtpd_milters (${value === "" ? "empty" : value}), without Sekisho.`,
    fix: ({ service }) =>
      `Take "-o smtpd_milters=..." away from ${service}, or name Sekisho's socket there too.`,
  },
  "postfix.master-milters-off": {
    text: ({ service, line }) =>
      `master.cf:${line}: the service ${service} has no_milters, so mail that comes in there is not seen.`,
    fix: ({ service }) =>
      `Take no_milters away from ${service}, unless it takes mail back from a content filter.`,
  },
  "postfix.reinjection-filtered": {
    text: ({ service, line }) =>
      `master.cf:${line}: the service ${service} takes mail back from a content filter, and filters see it a second time, now from this host.`,
    fix: () => "-o receive_override_options=no_milters",
  },
  "postfix.list-socket-open": {
    text: ({ where, listen }) =>
      `${where} hands mail to ${listen}, which lists.hosts names as the socket of a list: mail from outside would be taken for mail of the list, and signed in its name.`,
    fix: () => "Give the list a port of its own, reachable by the list alone (docs/lists.md).",
  },
  "postfix.socket-chroot": {
    text: ({ service, endpoint, seen, listen }) =>
      `The service ${service} runs in a chroot (master.cf), where ${endpoint} means ${seen}; Sekisho listens on ${listen}.`,
    fix: ({ seen }) => `Let Sekisho listen on unix:${seen}, or on an inet: socket.`,
  },
  "postfix.socket-relative": {
    text: ({ endpoint, seen, listen }) =>
      `${endpoint} means ${seen}, below queue_directory; Sekisho listens on ${listen}.`,
    fix: ({ parameter, listen }) => `${parameter} = ${listen}`,
  },
  "postfix.daemon-name": {
    text: ({ where, value }) =>
      `${where} sets milter_macro_daemon_name = ${value}: Sekisho does not read it; who may sign is decided by a login and by networks.submitters.`,
  },
  "postfix.internal-mail-filtered": {
    text: ({ classes }) =>
      `internal_mail_filter_classes = ${classes}: Postfix's own ${classes} mail passes through the filters too. That helps signing and adds nothing to verifying.`,
  },
  "postfix.hostname-differs": {
    text: ({ myhostname, hostname }) =>
      `Postfix calls itself ${myhostname}, the configuration says hostname: ${hostname}. Results are written in the name of ${myhostname}, since authserv_id is not set.`,
    fix: ({ hostname }) => `authserv_id: ${hostname}, where results are to carry that name`,
  },
  "postfix.myhostname-not-qualified": {
    text: ({ myhostname, authservId }) =>
      `myhostname = ${myhostname} is no fully qualified name, and results are written in it (authserv-id ${authservId}).`,
    fix: () => "myhostname = mx.example.jp (its full name), or authserv_id in the configuration of Sekisho",
  },
  "postfix.main-cf-syntax": {
    text: ({ file, line }) => `${file}:${line} is no "name = value".`,
  },
};
