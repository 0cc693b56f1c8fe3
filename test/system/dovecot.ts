import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import { makeCertificate, newKey } from "../certificates.ts";
import { greets } from "./greets.ts";
import { freePort, type Running, start, until } from "./process.ts";

export const imapPassword = "rua-secret";

export interface DovecotPorts {
  readonly imap: number;
  readonly imaps: number;
}

/** Debian's Dovecot with a configuration and mails of its own under `folder`, as nobody. Every user name has a mailbox. */
export class Dovecot {
  readonly ports: DovecotPorts;
  /** PEM of the certificate of imaps and STARTTLS, for localhost. */
  readonly ca: string;
  readonly #folder: string;
  #running: Running | undefined;

  private constructor(folder: string, ports: DovecotPorts) {
    this.#folder = folder;
    this.ports = ports;
    this.ca = join(folder, "ca.pem");
  }

  static async start(folder: string, key: Buffer): Promise<Dovecot> {
    const dovecot = new Dovecot(folder, { imap: await freePort(), imaps: await freePort() });
    dovecot.#configure(key);
    await dovecot.start();
    return dovecot;
  }

  async start(): Promise<void> {
    const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    this.#running = start("/usr/bin/setpriv", [
      ...nobody,
      "/usr/sbin/dovecot",
      "-F",
      "-c",
      join(this.#folder, "dovecot.conf"),
    ]);
    const running = this.#running;
    const log = join(this.#folder, "state/dovecot.log");
    await until("Dovecot to answer", () => greets(this.ports.imap, "* OK")).catch((cause: unknown) => {
      const written = existsSync(log) ? readFileSync(log, "utf8") : "";
      throw new Error(`Dovecot does not answer: ${running.output()}${written}`, { cause });
    });
  }

  async stop(): Promise<void> {
    await this.#running?.end();
  }

  /** Logged in, as any mail program. */
  async client(user: string): Promise<ImapFlow> {
    const client = new ImapFlow({
      host: "127.0.0.1",
      port: this.ports.imap,
      secure: false,
      doSTARTTLS: false,
      auth: { user, pass: imapPassword },
      logger: false,
      disableAutoIdle: true,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** Puts mails into a folder, which is made where it is not there. */
  async deliver(user: string, mails: readonly Buffer[], mailFolder = "INBOX"): Promise<void> {
    const client = await this.client(user);
    if (mailFolder !== "INBOX") await client.mailboxCreate(mailFolder);
    for (const mail of mails) await client.append(mailFolder, mail);
    await client.logout();
  }

  /** The flags of every mail in a folder. */
  async flags(user: string, mailFolder: string): Promise<readonly (readonly string[])[]> {
    const client = await this.client(user);
    const found: string[][] = [];
    const { exists } = await client.mailboxOpen(mailFolder, { readOnly: true });
    if (exists > 0)
      for await (const { flags } of client.fetch("1:*", { flags: true }))
        found.push([...(flags ?? [])].filter((flag) => flag !== "\\Recent"));
    await client.logout();
    return found;
  }

  /** Of all mails in a folder: some may lie there twice, where a client was lost while the server moved them for it. */
  async messageIds(user: string, mailFolder: string): Promise<ReadonlySet<string>> {
    const client = await this.client(user);
    const found = new Set<string>();
    const { exists } = await client.mailboxOpen(mailFolder, { readOnly: true });
    if (exists > 0)
      for await (const { envelope } of client.fetch("1:*", { envelope: true }))
        found.add(envelope?.messageId ?? "");
    await client.logout();
    return found;
  }

  #configure(oauthKey: Buffer): void {
    const folder = this.#folder;
    const keys = newKey();
    const certificate = makeCertificate({ subject: "localhost", key: keys, dnsNames: ["localhost"] });
    const own = ["run", "state", "mail", "keys/default/HS256"];
    for (const path of own) mkdirSync(join(folder, path), { recursive: true });
    for (const path of ["run", "state", "mail"]) chownSync(join(folder, path), 65_534, 65_534);
    chmodSync(folder, 0o755);
    writeFileSync(this.ca, certificate.pem);
    writeFileSync(join(folder, "key.pem"), keys.privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(folder, "keys/default/HS256/default"), oauthKey.toString("base64"));
    for (const name of ["key.pem", "ca.pem"]) chownSync(join(folder, name), 65_534, 65_534);
    writeFileSync(
      join(folder, "oauth2.conf"),
      `introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=${folder}/keys/\nusername_attribute = sub\n`,
    );
    writeFileSync(join(folder, "dovecot.conf"), configuration(folder, this.ports));
  }
}

function configuration(folder: string, { imap, imaps }: DovecotPorts): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/state/dovecot.log
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
first_valid_gid = 1
listen = 127.0.0.1
protocols = imap
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
mail_location = maildir:${folder}/mail/%u
ssl = yes
ssl_cert = <${folder}/ca.pem
ssl_key = <${folder}/key.pem
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=${imapPassword}
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/oauth2.conf
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${folder}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${imap}
  }
  inet_listener imaps {
    port = ${imaps}
    ssl = yes
  }
}
service anvil {
  chroot =
}
service imap {
  process_limit = 200
}
`;
}
