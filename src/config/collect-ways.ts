import { z } from "zod";
import {
  type AfterFile,
  type AfterMail,
  type FolderConfig,
  type LmtpConfig,
  type MailboxConfig,
  type MailboxLogin,
  mailboxTlsModes,
} from "./collect-config.ts";
import { isLoopbackHost, parseListen } from "./listen.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./quantity.ts";
import { isMailbox } from "./rotate-schema.ts";
import { isSecretReference } from "./secret.ts";
import { read, text } from "./written-value.ts";

const day = 86_400_000;
const ports = { implicit: 993, starttls: 143, off: 143 } as const;

const poll = read("bad-duration", parseDuration).refine((ms) => ms >= 1000 && ms <= day, {
  error: "out-of-range" satisfies ProblemCode,
  params: { minimum: "1s", maximum: "1d" },
});

const maxSize = read("bad-size", parseSize).refine((octets) => octets >= 10_000 && octets <= 268_435_456, {
  error: "out-of-range" satisfies ProblemCode,
  params: { minimum: "10KB", maximum: "256MiB" },
});

/** `leave`, `move FOLDER` or `flag WORD WORD`. */
function parseAfterMail(written: string): AfterMail | undefined {
  if (written === "leave") return { kind: "leave" };
  const [, action, rest = ""] = /^(move|flag) +(\S.*)$/s.exec(written) ?? [];
  if (action === "move") return isFolderName(rest) ? { kind: "move", folder: rest.trimEnd() } : undefined;
  if (action !== "flag") return undefined;
  const flags = rest.trim().split(/ +/);
  return flags.every(isFlag) ? { kind: "flag", flags } : undefined;
}

/** RFC 9051 §9, `flag-keyword` and the system flags that may be set. */
function isFlag(written: string): boolean {
  return /^(?:\\(?:Seen|Flagged|Answered|Deleted|Draft)|[!$&',\-./0-9:;<=>?@A-Z[^_`a-z|}~+#]{1,100})$/.test(
    written,
  );
}

function isFolderName(written: string): boolean {
  return written.length <= 500 && !/\p{Cc}/u.test(written);
}

/** `leave`, `delete` or `move PATH`. */
function parseAfterFile(written: string): AfterFile | undefined {
  if (written === "leave" || written === "delete") return { kind: written };
  const folder = /^move +(\S.*)$/s.exec(written)?.[1];
  return folder === undefined ? undefined : { kind: "move", folder };
}

const folderName = read("bad-folder-name", (written) =>
  written !== "" && isFolderName(written) ? written : undefined,
);

const mailbox = z
  .strictObject({
    host: text,
    port: z.int().min(1).max(65_535).optional(),
    tls: z.enum(mailboxTlsModes).default("implicit"),
    ca: text.optional(),
    user: text,
    password: read("bad-secret", (written) => (isSecretReference(written) ? written : undefined)).optional(),
    token_command: z.array(text).min(1).optional(),
    folders: z.array(folderName).min(1).prefault(["INBOX"]),
    idle: z.boolean().default(true),
    poll: poll.prefault("5m"),
    after: read("bad-after-mail", parseAfterMail).prefault("leave"),
    unread_to: folderName.optional(),
    max_size: maxSize.prefault("64MB"),
    authserv_ids: z.array(text).min(1).optional(),
  })
  .refine(({ password, token_command }) => (password === undefined) !== (token_command === undefined), {
    error: "bad-mailbox-login" satisfies ProblemCode,
    path: ["user"],
  })
  .refine(({ tls, host }) => tls !== "off" || isLoopbackHost(host), {
    error: "bad-mailbox-tls" satisfies ProblemCode,
    path: ["tls"],
  });
type GivenMailbox = z.output<typeof mailbox>;

const folder = z.strictObject({
  path: text,
  poll: poll.prefault("30s"),
  after: read("bad-after-file", parseAfterFile).prefault("leave"),
  unread_to: text.optional(),
});
type GivenFolder = z.output<typeof folder>;

/** One or several. */
export const mailboxesSchema: z.ZodType<readonly MailboxConfig[], unknown> = z
  .union([mailbox, z.array(mailbox)])
  .transform((given) => (Array.isArray(given) ? given : [given]).map(toMailbox));

/** One or several. */
export const foldersSchema: z.ZodType<readonly FolderConfig[], unknown> = z
  .union([folder, z.array(folder)])
  .transform((given) => (Array.isArray(given) ? given : [given]).map(toFolder));

/** Only this machine may hand mail over: nobody logs in. */
function parseLmtpListen(written: string): Pick<LmtpConfig, "listen" | "address"> | undefined {
  const address = parseListen(written);
  if (address === undefined || (address.kind === "inet" && !isLoopbackHost(address.host))) return undefined;
  return { listen: written, address };
}

export const lmtpSchema: z.ZodType<LmtpConfig, unknown> = z
  .strictObject({
    listen: read("bad-lmtp-listen", parseLmtpListen),
    mode: read("bad-mode", (written) =>
      /^0?[0-7]{3}$/.test(written) ? Number.parseInt(written, 8) : undefined,
    ).prefault("0660"),
    group: text.optional(),
    protocol: z.enum(["lmtp", "smtp"]).default("lmtp"),
    recipients: z
      .array(read("bad-mailbox", (written) => (isMailbox(written) ? written.toLowerCase() : undefined)))
      .min(1),
    max_size: maxSize.prefault("64MB"),
  })
  .transform(({ listen, group, max_size: size, ...rest }) => ({
    ...rest,
    ...listen,
    ...(group !== undefined && { group }),
    maxSize: size,
  }));

function toMailbox(given: GivenMailbox): MailboxConfig {
  const { host, tls, ca, user, folders, idle, after, unread_to: unreadTo, authserv_ids: ids } = given;
  return {
    host,
    port: given.port ?? ports[tls],
    tls,
    ...(ca !== undefined && { ca }),
    user,
    login: toLogin(given),
    folders: [...new Set(folders)],
    idle,
    pollMs: given.poll,
    after,
    ...(unreadTo !== undefined && { unreadTo }),
    maxSize: given.max_size,
    ...(ids !== undefined && { authservIds: ids.map((id) => id.toLowerCase()) }),
  };
}

function toLogin({ password, token_command: command = [] }: GivenMailbox): MailboxLogin {
  return password === undefined ? { kind: "token", command } : { kind: "password", password };
}

function toFolder({ path, poll: pollMs, after, unread_to: unreadTo }: GivenFolder): FolderConfig {
  return { path, pollMs, after, ...(unreadTo !== undefined && { unreadTo }) };
}

/** As it stands in a file. */
export function mailboxForm(mailbox: MailboxConfig): object {
  const { login } = mailbox;
  return {
    host: mailbox.host,
    port: mailbox.port,
    tls: mailbox.tls,
    ca: mailbox.ca,
    user: mailbox.user,
    password: login.kind === "password" ? login.password : undefined,
    token_command: login.kind === "token" ? login.command : undefined,
    folders: mailbox.folders,
    idle: mailbox.idle,
    poll: formatDuration(mailbox.pollMs),
    after: afterForm(mailbox.after),
    unread_to: mailbox.unreadTo,
    max_size: formatSize(mailbox.maxSize),
    authserv_ids: mailbox.authservIds,
  };
}

export function folderForm({ path, pollMs, after, unreadTo }: FolderConfig): object {
  return { path, poll: formatDuration(pollMs), after: afterForm(after), unread_to: unreadTo };
}

export function lmtpForm({ listen, mode, group, protocol, recipients, maxSize }: LmtpConfig): object {
  return {
    listen,
    mode: mode.toString(8).padStart(4, "0"),
    group,
    protocol,
    recipients,
    max_size: formatSize(maxSize),
  };
}

function afterForm(after: AfterMail | AfterFile): string {
  switch (after.kind) {
    case "move":
      return `move ${after.folder}`;
    case "flag":
      return `flag ${after.flags.join(" ")}`;
    case "leave":
    case "delete":
      return after.kind;
  }
}
