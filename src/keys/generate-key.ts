import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "../store/make-folder.ts";

export { selectorDate } from "../core/dkim/selector-date.ts";

export type GeneratedType = "rsa" | "ed25519";

/** Makes a private key, off the event loop. @param bits Of RSA: 2048 to 4096. */
export function generatePrivateKey(type: GeneratedType, bits = 2048): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _: KeyObject, privateKey: KeyObject): void =>
      error === null ? resolve(privateKey) : reject(error);
    if (type === "rsa") generateKeyPair("rsa", { modulusLength: bits }, done);
    else generateKeyPair("ed25519", {}, done);
  });
}

/** RFC 8301 §3.2: 2048 bits and more, and no more than verifiers have to know. */
export const generatedBits: readonly number[] = [2048, 3072, 4096];

/** A name that says how old the key is: `s20261031`, `e20261031` for Ed25519. In UTC. */
export function datedSelector(type: GeneratedType, nowMs: number): string {
  return `${type === "rsa" ? "s" : "e"}${new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/**
 * Writes a private key as PKCS#8, readable for its owner only, folders that are missing likewise. The file is there as a
 * whole and on the disk, or not at all; an existing one is never written to.
 * @throws The error of the file system; EEXIST when there is such a file.
 */
export async function writePrivateKey(file: string, key: KeyObject, passphrase?: string): Promise<void> {
  const pem = key.export({
    format: "pem",
    type: "pkcs8",
    ...(passphrase !== undefined && { cipher: "aes-256-cbc", passphrase }),
  });
  const folder = dirname(file);
  const changed = foldersToChange(folder);
  makeFolder(folder, 0o700);
  const draft = join(folder, `${draftStart(file)}${randomBytes(6).toString("hex")}`);
  try {
    await writeToDisk(draft, pem);
    // Unlike rename(2), link(2) replaces nothing.
    await link(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  for (const one of changed) await syncFolder(one);
}

/** A folder, and above it all that get a new entry when it is made. */
function foldersToChange(folder: string): readonly string[] {
  const above = dirname(folder);
  return existsSync(folder) || above === folder ? [folder] : [folder, ...foldersToChange(above)];
}

function draftStart(file: string): string {
  return `.${basename(file)}.`;
}

/** Removes what `writePrivateKey` has left of a file when it was killed: each may hold the key. */
export async function removeDrafts(file: string): Promise<void> {
  const folder = dirname(file);
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names)
    if (name.startsWith(draftStart(file))) await rm(join(folder, name), { force: true });
}

async function writeToDisk(file: string, text: string | Buffer): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
