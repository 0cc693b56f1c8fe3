import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { MailboxConfig } from "./collect-config.ts";
import type { Config } from "./config.ts";
import { codeOf } from "./file-fault.ts";
import { type ConfigProblem, configProblem } from "./problem.ts";
import { secretFile } from "./secret.ts";

type CollectingConfig = Pick<Config, "collect" | "store">;

/** A file that the collection of reports needs. */
export interface CollectFile {
  /** Of the key that names it. */
  readonly path: string;
  readonly file: string;
  /** `secret`: in its first line. `key`: in the whole of it. */
  readonly use: "certificates" | "secret" | "key" | "program";
}

/** The files that `collect.mailbox` and `store` name; a program is looked for as the system does. */
export async function collectFiles({ collect, store }: CollectingConfig): Promise<readonly CollectFile[]> {
  const { mailboxes } = collect;
  const files = mailboxes.map(async (mailbox, index) => {
    const path = mailboxes.length === 1 ? "collect.mailbox" : `collect.mailbox[${index}]`;
    return filesOf(mailbox, path);
  });
  const place = store === undefined ? undefined : secretFile(store);
  return [
    ...(await Promise.all(files)).flat(),
    ...(place === undefined ? [] : [{ path: "store", file: place, use: "secret" } as const]),
  ];
}

async function filesOf({ ca, login }: MailboxConfig, path: string): Promise<readonly CollectFile[]> {
  const certificates: CollectFile[] =
    ca === undefined ? [] : [{ path: `${path}.ca`, file: ca, use: "certificates" }];
  if (login.kind === "token") {
    const file = await findProgram(login.command[0] ?? "");
    return [...certificates, { path: `${path}.token_command`, file, use: "program" }];
  }
  const file = secretFile(login.password);
  return file === undefined
    ? certificates
    : [...certificates, { path: `${path}.password`, file, use: "secret" }];
}

/** The file of a program, as the system looks for it; the name where there is none. */
export async function findProgram(name: string): Promise<string> {
  if (isAbsolute(name) || name.includes("/")) return name;
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, name);
    if ((await programFault(file)) === undefined) return file;
  }
  return name;
}

/** What is wrong with these files: errors, and warnings of secrets that everybody can read. */
export async function collectFileProblems(
  files: readonly CollectFile[],
): Promise<{ readonly errors: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] }> {
  const errors: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  for (const { path, file, use } of files) {
    const reason = await faults[use](file);
    if (reason !== undefined) errors.push(configProblem(codes[use], path, { file, reason }));
    else if ((use === "secret" || use === "key") && (await isOpen(file)))
      warnings.push(configProblem("open-secret", path, { file }));
  }
  return { errors, warnings };
}

const codes = {
  certificates: "bad-ca",
  secret: "bad-secret-file",
  key: "bad-secret-file",
  program: "bad-token-command",
} as const;

const faults: Readonly<Record<CollectFile["use"], (file: string) => Promise<string | undefined>>> = {
  certificates: certificatesFault,
  secret: secretFault,
  key: keyFault,
  program: programFault,
};

const maxOctets = 10_000_000;

async function certificatesFault(file: string): Promise<string | undefined> {
  const octets = await read(file);
  if (typeof octets === "string") return octets;
  if (!octets.includes("-----BEGIN ")) return "no certificate in it";
  try {
    return new X509Certificate(octets).subject === undefined ? "no certificate in it" : undefined;
  } catch {
    return "a certificate in it is damaged";
  }
}

async function secretFault(file: string): Promise<string | undefined> {
  const octets = await read(file);
  if (typeof octets === "string") return octets;
  return /^\r?(?:\n|$)/.test(octets.toString("utf8")) ? "its first line is empty" : undefined;
}

async function keyFault(file: string): Promise<string | undefined> {
  const octets = await read(file);
  if (typeof octets === "string") return octets;
  return octets.length === 0 ? "empty" : undefined;
}

/** @returns The octets, or why there are none. */
async function read(file: string): Promise<Buffer | string> {
  try {
    const octets = await readFile(file);
    return octets.length > maxOctets ? `> ${maxOctets} octets` : octets;
  } catch (error) {
    return codeOf(error);
  }
}

async function programFault(file: string): Promise<string | undefined> {
  try {
    if (!(await stat(file)).isFile()) return "not executable";
    await access(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return code === "EACCES" ? "not executable" : code;
  }
}

async function isOpen(file: string): Promise<boolean> {
  const about = await stat(file).catch(() => undefined);
  return about !== undefined && (about.mode & 0o007) !== 0;
}
