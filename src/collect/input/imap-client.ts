import { readFile } from "node:fs/promises";
import { ImapFlow } from "imapflow";
import type { MailboxConfig } from "../../config/collect-config.ts";
import { readSecret } from "../../config/secret.ts";
import { reasonOf } from "../reason-of.ts";
import { readAccessToken } from "./access-token.ts";

/** The longest line lists the UIDs of all mails of a folder. */
const maxLine = 16 * 1024 * 1024;
/** What stands around a mail in an answer. */
const slack = 64 * 1024;
const withinMs = 30_000;
/** A line that is dead is noticed within about twice this. */
const silenceMs = 240_000;

/** The login was refused: trying again soon may lock the account. */
export class LoginRefused extends Error {}

/**
 * Connects and logs in.
 * @param begun Gets the client before there is a connection, to be able to break it off.
 * @throws LoginRefused; Error with what the server or the system said.
 */
export async function connectMailbox(
  mailbox: MailboxConfig,
  begun: (client: ImapFlow) => void,
): Promise<ImapFlow> {
  const { host, port, tls, user, ca } = mailbox;
  const client = new ImapFlow({
    host,
    port,
    secure: tls === "implicit",
    // Required, not only wished for; imapflow takes both together for a mistake.
    ...(tls !== "implicit" && { doSTARTTLS: tls === "starttls" }),
    ...(ca !== undefined && { tls: { ca: await readFile(ca) } }),
    auth: { user, ...(await credentials(mailbox)) },
    logger: false,
    clientInfo: { name: "sekisho" },
    disableCompression: true,
    disableAutoIdle: true,
    maxIdleTime: silenceMs,
    socketTimeout: silenceMs + 60_000,
    connectionTimeout: withinMs,
    greetingTimeout: withinMs,
    maxLineLength: maxLine,
    maxLiteralSize: mailbox.maxSize + slack,
    maxResponseSize: maxLine + 2 * (mailbox.maxSize + slack),
  });
  // What goes wrong rejects the command under way; an event that nobody hears would end the process.
  client.on("error", () => {});
  begun(client);
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.close();
    const reason = reasonOf(error);
    throw isRefusal(error) ? new LoginRefused(reason, { cause: error }) : new Error(reason, { cause: error });
  }
}

async function credentials({
  login,
}: MailboxConfig): Promise<{ readonly pass: string } | { readonly accessToken: string }> {
  return login.kind === "password"
    ? { pass: await readSecret(login.password) }
    : { accessToken: await readAccessToken(login.command) };
}

function isRefusal(error: unknown): boolean {
  return (error as { readonly authenticationFailed?: unknown }).authenticationFailed === true;
}
