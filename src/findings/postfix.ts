import type { FindingRules } from "./finding.ts";

/** What `config check --postfix` can find on the MTA's side. */
export interface PostfixFindings {
  /** `sockets` is what to write, with the filters of others that are there already. */
  readonly "postfix.milter-missing": { readonly sockets: readonly string[]; readonly found: string };
  readonly "postfix.endpoint-syntax": { readonly endpoint: string; readonly meant: string | undefined };
  readonly "postfix.milter-twice": {
    readonly endpoint: string;
    /** Where the messages have been before: the same, or another socket of ours. */
    readonly before: string;
    readonly parameter: string;
  };
  /** Tables that change a message when it leaves, after it was signed. */
  readonly "postfix.changes-after-signing": { readonly parameter: string; readonly value: string };
  readonly "postfix.milters-off": { readonly parameter: string };
  readonly "postfix.milter-maps": { readonly value: string };
  readonly "postfix.filter-before": Neighbour;
  readonly "postfix.leftover-filter": Neighbour & { readonly program: string };
  /** `sockets` as with `postfix.milter-missing`. */
  readonly "postfix.non-smtpd-missing": { readonly socket: string; readonly sockets: readonly string[] };
  readonly "postfix.non-smtpd-needless": { readonly endpoint: string };
  readonly "postfix.default-action-reject": DefaultAction;
  readonly "postfix.default-action-defers": DefaultAction;
  readonly "postfix.default-action-accepts": DefaultAction;
  readonly "postfix.default-action-quarantine": DefaultAction;
  readonly "postfix.default-action-unknown": DefaultAction;
  readonly "postfix.protocol-old": { readonly protocol: string };
  readonly "postfix.content-timeout-short": { readonly timeout: string; readonly budgetSeconds: number };
  readonly "postfix.command-timeout-short": { readonly timeout: string };
  readonly "postfix.connect-timeout-long": { readonly timeout: string };
  readonly "postfix.timeout-unreadable": { readonly parameter: string; readonly value: string };
  readonly "postfix.header-checks-results": { readonly file: string; readonly line: number };
  readonly "postfix.header-checks-unread": { readonly value: string };
  readonly "postfix.master-override": Service & { readonly value: string };
  readonly "postfix.master-milters-off": Service;
  readonly "postfix.reinjection-filtered": Service;
  readonly "postfix.list-socket-open": { readonly where: string; readonly listen: string };
  readonly "postfix.socket-chroot": {
    readonly service: string;
    readonly endpoint: string;
    readonly seen: string;
    readonly listen: string;
  };
  readonly "postfix.socket-relative": {
    readonly parameter: string;
    readonly endpoint: string;
    readonly seen: string;
    readonly listen: string;
  };
  readonly "postfix.daemon-name": { readonly where: string; readonly value: string };
  readonly "postfix.internal-mail-filtered": { readonly classes: string };
  readonly "postfix.hostname-differs": { readonly myhostname: string; readonly hostname: string };
  readonly "postfix.myhostname-not-qualified": { readonly myhostname: string; readonly authservId: string };
  readonly "postfix.main-cf-syntax": { readonly file: string; readonly line: number };
}
interface Neighbour {
  readonly endpoint: string;
  readonly ours: string;
}
interface DefaultAction {
  readonly action: string;
  /** Nobody wrote it: it is Postfix's own default. */
  readonly isDefault: boolean;
  readonly socket: string;
}
interface Service {
  readonly service: string;
  readonly line: number;
}

export const postfixRules: FindingRules<PostfixFindings> = {
  "postfix.milter-missing": { severity: "error", basis: "postconf(5) smtpd_milters" },
  "postfix.endpoint-syntax": { severity: "error", basis: "postconf(5) smtpd_milters" },
  "postfix.milter-twice": { severity: "warning", basis: "postconf(5) smtpd_milters" },
  "postfix.changes-after-signing": { severity: "warning", basis: "RFC 6376 §5.3" },
  "postfix.milters-off": { severity: "error", basis: "postconf(5) receive_override_options" },
  "postfix.milter-maps": { severity: "notice", basis: "postconf(5) smtpd_milter_maps" },
  "postfix.filter-before": { severity: "notice", basis: "RFC 8601 §5" },
  "postfix.leftover-filter": { severity: "warning", basis: "RFC 8601 §5" },
  "postfix.non-smtpd-missing": { severity: "notice", basis: "postconf(5) non_smtpd_milters" },
  "postfix.non-smtpd-needless": { severity: "info", basis: "postconf(5) non_smtpd_milters" },
  "postfix.default-action-reject": { severity: "error", basis: "postconf(5) milter_default_action" },
  "postfix.default-action-defers": { severity: "notice", basis: "postconf(5) milter_default_action" },
  "postfix.default-action-accepts": { severity: "warning", basis: "postconf(5) milter_default_action" },
  "postfix.default-action-quarantine": { severity: "notice", basis: "postconf(5) milter_default_action" },
  "postfix.default-action-unknown": { severity: "error", basis: "postconf(5) milter_default_action" },
  "postfix.protocol-old": { severity: "warning", basis: "postconf(5) milter_protocol" },
  "postfix.content-timeout-short": { severity: "warning", basis: "postconf(5) milter_content_timeout" },
  "postfix.command-timeout-short": { severity: "warning", basis: "postconf(5) milter_command_timeout" },
  "postfix.connect-timeout-long": { severity: "notice", basis: "postconf(5) milter_connect_timeout" },
  "postfix.timeout-unreadable": { severity: "error", basis: "postconf(5)" },
  "postfix.header-checks-results": { severity: "warning", basis: "postconf(5) milter_header_checks" },
  "postfix.header-checks-unread": { severity: "info", basis: "postconf(5) milter_header_checks" },
  "postfix.master-override": { severity: "warning", basis: "master(5)" },
  "postfix.master-milters-off": { severity: "warning", basis: "master(5)" },
  "postfix.reinjection-filtered": { severity: "warning", basis: "postconf(5) receive_override_options" },
  "postfix.list-socket-open": { severity: "error", basis: "docs/lists.md" },
  "postfix.socket-chroot": { severity: "error", basis: "master(5) chroot" },
  "postfix.socket-relative": { severity: "error", basis: "postconf(5) smtpd_milters" },
  "postfix.daemon-name": { severity: "info", basis: "postconf(5) milter_macro_daemon_name" },
  "postfix.internal-mail-filtered": { severity: "info", basis: "postconf(5) internal_mail_filter_classes" },
  "postfix.hostname-differs": { severity: "notice", basis: "RFC 8601 §2.5" },
  "postfix.myhostname-not-qualified": { severity: "warning", basis: "RFC 8601 §2.5" },
  "postfix.main-cf-syntax": { severity: "warning", basis: "postconf(5)" },
};
