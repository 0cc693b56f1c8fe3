import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childrenOf, freePort, type Running, start, until } from "./process.ts";
import { SmtpSession } from "./smtp-client.ts";

/** Where tools/unpack-sendmail.sh puts it: Debian's Sendmail cannot be installed beside Postfix. */
const unpacked = fileURLToPath(new URL("../../.cache/sendmail/", import.meta.url));
const program = join(unpacked, "usr/libexec/sendmail/sendmail");
const macros = join(unpacked, "usr/share/sendmail/cf/");

/** What must be there, for `describeWith`. */
export const sendmailPrograms: readonly string[] = [program, "/usr/bin/m4"];

export interface Sendmail {
  /** On 127.0.0.1 and ::1. */
  readonly port: number;
  /** The whole of its log so far. */
  log(): string;
  /** Files of messages that wait. */
  queued(): string[];
  /** Files of messages in quarantine. */
  quarantined(): string[];
  /** What `mailq -qQ` prints. */
  listQuarantined(): Promise<string>;
  /** Hands a message to the MTA as a program on its host does, by SMTP over a pipe. */
  submitLocally(from: string, to: string, message: string): Promise<void>;
  /** Lets a message out of quarantine and delivers it. */
  release(queueId: string): Promise<void>;
  stop(): Promise<void>;
}

export interface SendmailSettings {
  /** Host and port of the filter, or its unix socket. */
  readonly milter: string;
  /** Port of 127.0.0.1 to which all mail goes. */
  readonly relayPort: number;
  /** How long it waits for one answer of the filter; a minute when left out. */
  readonly answerTimeout?: string;
}

/** Debian's Sendmail with configuration, queue and log of its own under `folder`, on a free port. */
export async function startSendmail(folder: string, settings: SendmailSettings): Promise<Sendmail> {
  const port = await freePort();
  for (const name of ["queue", "sasl", "log"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "sendmail.cf"), configuration(folder, port, settings));
  const logins = await startLogins(folder);
  const daemon = launch(folder, ["-bD"]);
  const stop = async (): Promise<void> => {
    const sessions = childrenOf(daemon.pid);
    daemon.child.kill("SIGTERM");
    for (const pid of sessions) endProcess(pid);
    await daemon.end();
    await new Promise<void>((resolve) => logins.close(() => resolve()));
  };
  try {
    await daemon.awake();
    await until("Sendmail to answer", () => greets(port));
  } catch (error) {
    await stop();
    throw error;
  }
  const run = async (args: readonly string[]): Promise<string> => {
    const command = launch(folder, args);
    await command.awake();
    await command.ended;
    return command.output();
  };
  const queueFiles = (prefix: string): string[] =>
    readdirSync(join(folder, "queue")).filter((name) => name.startsWith(prefix));
  return {
    port,
    log: () => logsIn(folder),
    queued: () => queueFiles("qf"),
    quarantined: () => queueFiles("hf"),
    listQuarantined: () => run(["-bp", "-qQ"]),
    async submitLocally(from, to, message) {
      const lines = [
        "EHLO localhost",
        `MAIL FROM:<${from}>`,
        `RCPT TO:<${to}>`,
        "DATA",
        `${message}\r\n.`,
        "QUIT",
      ];
      await converse(launch(folder, ["-bs"], "pipe"), lines);
    },
    async release(queueId) {
      await run(["-qQ", `-qI${queueId}`, "-Q"]);
      await run([`-qI${queueId}`]);
    },
    stop,
  };
}

interface Launched extends Running {
  /** Sees it past its start. */
  awake(): Promise<void>;
}

let launches = 0;

/** Logging goes to its debugging output, a file for each process: there may be no syslog here, or another's. */
function launch(folder: string, args: readonly string[], stdin: "ignore" | "pipe" = "ignore"): Launched {
  launches += 1;
  const log = join(folder, "log", String(launches));
  const env = { LD_LIBRARY_PATH: libraryFolders().join(":") };
  const running = start(
    program,
    ["-D", log, "-d89.8", ...args, "-C", join(folder, "sendmail.cf")],
    env,
    stdin,
  );
  const awake = (): Promise<void> =>
    until("Sendmail to start", () => {
      const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
      // It waits a minute for a host name with a dot before it reads its configuration; a signal ends the wait.
      if (lines.at(-1)?.endsWith("; sleeping for retry")) running.child.kill("SIGUSR1");
      const isDaemon = args.includes("-bD");
      if (isDaemon && running.child.exitCode !== null)
        throw new Error(`Sendmail ended: ${running.output()}\n${lines.join("\n")}`);
      return isDaemon
        ? lines.some((line) => line.startsWith("starting daemon"))
        : running.child.exitCode !== null;
    });
  return { ...running, awake };
}

/** SMTP over a pipe: each line waits for the reply to the one before. */
async function converse(session: Launched, lines: readonly string[]): Promise<void> {
  const awake = session.awake();
  for (const [index, line] of lines.entries()) {
    await until(`the reply before ${line}`, () => (session.output().match(/^\d{3} /gm)?.length ?? 0) > index);
    session.child.stdin?.write(`${line}\r\n`);
  }
  await awake;
}

function logsIn(folder: string): string {
  const files = readdirSync(join(folder, "log")).map((name) => join(folder, "log", name));
  return files.map((file) => readFileSync(file, "utf8")).join("\n");
}

/** Folders of libraries that are not installed. */
function libraryFolders(): string[] {
  const lib = join(unpacked, "usr/lib");
  const triples = readdirSync(lib).filter((name) => name.endsWith("-linux-gnu"));
  return triples.flatMap((name) => [join(lib, name), join(unpacked, "lib", name)]);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It has ended by itself meanwhile.
  }
}

function configuration(
  folder: string,
  port: number,
  { milter, relayPort, answerTimeout = "1m" }: SendmailSettings,
): string {
  const options: Readonly<Record<string, string>> = {
    QUEUE_DIR: join(folder, "queue"),
    STATUS_FILE: join(folder, "statistics"),
    ALIAS_FILE: "",
    SMART_HOST: "relay:[127.0.0.1]",
    RELAY_MAILER_ARGS: `TCP $h ${relayPort}`,
    confPID_FILE: join(folder, "pid"),
    confSERVICE_SWITCH_FILE: join(folder, "service.switch"),
    confDOMAIN_NAME: "mx.rcpt.example",
    confTRUSTED_USER: "root",
    // Our folder is in one that everybody may write to.
    confDONT_BLAME_SENDMAIL: "TrustStickyBit",
    confLOG_LEVEL: "14",
    confMILTER_LOG_LEVEL: "14",
    confDELIVERY_MODE: "interactive",
    confSAFE_QUEUE: "False",
    confTO_IDENT: "0",
    // Nobody knows names of our clients.
    confTO_RESOLVER_RETRANS: "1s",
    confTO_RESOLVER_RETRY: "1",
    confREFUSE_LA: "1000",
    confQUEUE_LA: "1000",
    confMAX_HEADERS_LENGTH: "0",
    confAUTH_MECHANISMS: "PLAIN",
    // The filter asks for the macros that it needs.
    confMILTER_MACROS_CONNECT: "",
    confMILTER_MACROS_ENVFROM: "",
    confMILTER_MACROS_EOM: "",
  };
  const lines = [
    ...Object.entries(options).map(([name, value]) => `define(\`${name}', \`${value}')`),
    "LOCAL_CONFIG",
    // Sendmail empties its environment but for such lines.
    `ESASL_PATH=${libraryFolders()
      .map((path) => join(path, "sasl2"))
      .join(":")}`,
    `ESASL_CONF_PATH=${join(folder, "sasl")}`,
    "OSTYPE(`linux')",
    ...["accept_unresolvable_domains", "promiscuous_relay", "nocanonify", "no_default_msa"].map(
      (feature) => `FEATURE(\`${feature}')`,
    ),
    `DAEMON_OPTIONS(\`Name=v4, Family=inet, Addr=127.0.0.1, Port=${port}, Listen=100')`,
    `DAEMON_OPTIONS(\`Name=v6, Family=inet6, Addr=::1, Port=${port}, Listen=100')`,
    `INPUT_MAIL_FILTER(\`sekisho', \`S=${milter}, F=T, T=C:1m;S:${answerTimeout};R:${answerTimeout};E:5m')`,
    "MAILER(`smtp')",
  ];
  const mc = join(folder, "sendmail.mc");
  writeFileSync(mc, lines.map((line) => `${line}\n`).join(""));
  writeFileSync(join(folder, "service.switch"), "hosts files\naliases files\n");
  return execFileSync("m4", [`-D_CF_DIR_=${macros}`, join(macros, "m4/cf.m4"), mc], {
    encoding: "utf8",
    maxBuffer: 10_000_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** Takes every login: SASL is told to ask at a socket of ours as if it were saslauthd. */
async function startLogins(folder: string): Promise<Server> {
  const path = join(folder, "sasl", "mux");
  writeFileSync(
    join(folder, "sasl", "Sendmail.conf"),
    `pwcheck_method: saslauthd\nsaslauthd_path: ${path}\nmech_list: PLAIN\n`,
  );
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => socket.end(Buffer.from("\0\x02OK", "latin1")));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

async function greets(port: number): Promise<boolean> {
  try {
    const session = await SmtpSession.open(port);
    await session.quit();
    return true;
  } catch {
    return false;
  }
}
