import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { greets } from "./greets.ts";
import { freePort, until } from "./process.ts";

export interface Postfix {
  readonly port: number;
  /** The folder of its main.cf and master.cf. */
  readonly etc: string;
  /** The whole of its log so far. */
  log(): string;
  /** The messages delivered so far, to whomever at rcpt.example, as files. */
  delivered(): string[];
  /** Files of messages that are neither delivered nor held. */
  queued(): string[];
  /** Hands a message to the MTA as a program on its host does. */
  submitLocally(from: string, to: string, message: string): void;
  /** Names of the files in its hold queue. */
  held(): string[];
  stop(): Promise<void>;
}

const services = [
  "pickup unix n - n 60 1 pickup",
  "cleanup unix n - n - 0 cleanup",
  "qmgr unix n - n 300 1 qmgr",
  "rewrite unix - - n - - trivial-rewrite",
  "bounce unix - - n - 0 bounce",
  "defer unix - - n - 0 bounce",
  "trace unix - - n - 0 bounce",
  "verify unix - - n - 1 verify",
  "flush unix n - n 1000? 0 flush",
  "proxymap unix - - n - - proxymap",
  "smtp unix - - n - - smtp",
  "showq unix n - n - - showq",
  "error unix - - n - - error",
  "retry unix - - n - - error",
  "discard unix - - n - - discard",
  "virtual unix - n n - - virtual",
  "anvil unix - - n - 1 anvil",
  "scache unix - - n - 1 scache",
  "postlog unix-dgram n - n - 1 postlogd",
];

/**
 * Debian's Postfix with a configuration, queue and log of its own under `folder` (which others must be able to
 * enter), on a free port of 127.0.0.1. Mail for rcpt.example goes to one Maildir; every client may use XCLIENT.
 */
export async function startPostfix(
  folder: string,
  settings: Readonly<Record<string, string>>,
  /** Further lines of master.cf. */
  moreServices: readonly string[] = [],
): Promise<Postfix> {
  const port = await freePort();
  const etc = join(folder, "etc");
  const log = join(folder, "mail.log");
  const mail = join(folder, "mail");
  for (const path of [etc, join(folder, "queue"), join(folder, "data"), mail])
    mkdirSync(path, { recursive: true });
  chmodSync(folder, 0o755);
  chownSync(join(folder, "data"), numericId("-u", "postfix"), numericId("-g", "postfix"));
  chownSync(mail, 65534, 65534);
  const main = { ...mainSettings(folder, log, mail), ...settings };
  writeFileSync(
    join(etc, "main.cf"),
    Object.entries(main)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join(""),
  );
  const smtpd = `127.0.0.1:${port} inet n - n - 100 smtpd`;
  writeFileSync(join(etc, "master.cf"), `${[smtpd, ...services, ...moreServices].join("\n")}\n`);
  execFileSync("/usr/sbin/postfix", ["-c", etc, "start"], { stdio: ["ignore", "pipe", "pipe"] });
  await until("Postfix to answer", () => greets(port, "220"));
  return {
    port,
    etc,
    log: () => readFileSync(log, "utf8"),
    delivered: () => filesIn(join(mail, "box", "new")),
    queued: () =>
      ["maildrop", "incoming", "active", "deferred"].flatMap((name) => filesIn(join(folder, "queue", name))),
    submitLocally(from, to, message) {
      execFileSync("/usr/sbin/sendmail", ["-C", etc, "-i", "-f", from, to], { input: message });
    },
    held: () => filesIn(join(folder, "queue", "hold")),
    async stop() {
      const pid = Number(readFileSync(join(folder, "queue", "pid", "master.pid"), "utf8").trim());
      // "postfix stop" does no more, and looks only once a second.
      process.kill(pid, "SIGTERM");
      await until("Postfix to stop", () => !existsSync(`/proc/${pid}`));
    },
  };
}

function mainSettings(folder: string, log: string, mail: string): Record<string, string> {
  return {
    compatibility_level: "3.6",
    queue_directory: join(folder, "queue"),
    data_directory: join(folder, "data"),
    command_directory: "/usr/sbin",
    daemon_directory: "/usr/lib/postfix/sbin",
    maillog_file: log,
    maillog_file_prefixes: folder,
    myhostname: "mx.rcpt.example",
    mydestination: "",
    mynetworks: "127.0.0.0/8",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "all",
    virtual_mailbox_domains: "rcpt.example",
    virtual_mailbox_base: mail,
    virtual_mailbox_maps: "static:box/",
    virtual_uid_maps: "static:65534",
    virtual_gid_maps: "static:65534",
    virtual_mailbox_limit: "0",
    mailbox_size_limit: "0",
    message_size_limit: "104857600",
    alias_maps: "",
    local_recipient_maps: "",
    // By whatever name it went before: a connection may change its client with each message.
    smtpd_authorized_xclient_hosts: "0.0.0.0/0, [::]/0",
    smtpd_relay_restrictions: "permit_mynetworks reject_unauth_destination",
    smtpd_client_connection_count_limit: "0",
    smtputf8_enable: "yes",
    milter_default_action: "tempfail",
    disable_dns_lookups: "yes",
    // XCLIENT does not change what this looks at: strangers' mail would be rewritten like that of this host.
    local_header_rewrite_clients: "",
    // Postfix slows clients down while it takes mail faster than it delivers it.
    in_flow_delay: "0",
  };
}

function numericId(flag: "-u" | "-g", user: string): number {
  return Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
