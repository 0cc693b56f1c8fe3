import { generateKeyPair, type KeyObject } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

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

/** The day in a dated selector, in ms since 1970; undefined when it has none. */
export function selectorDate(selector: string): number | undefined {
  const [, year, month, day = "01"] =
    /(?:^|[^0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])?(?![0-9])/.exec(selector) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Writes a private key as PKCS#8, readable for its owner only, folders that are missing likewise. An existing file is
 * never written to.
 * @throws The error of the file system; EEXIST when there is such a file.
 */
export async function writePrivateKey(file: string, key: KeyObject, passphrase?: string): Promise<void> {
  const pem = key.export({
    format: "pem",
    type: "pkcs8",
    ...(passphrase !== undefined && { cipher: "aes-256-cbc", passphrase }),
  });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(pem);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
