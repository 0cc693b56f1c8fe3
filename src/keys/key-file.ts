import type { KeyObject } from "node:crypto";
import { constants, open } from "node:fs/promises";
import { readSecret } from "../config/secret.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import { reasonOf } from "./fault-reason.ts";
import { checkKeySafety, type KeyOwner } from "./file-safety.ts";
import { type PemProblem, readPem } from "./pem.ts";

export interface KeyFileOptions {
  /** `file:PATH` or `env:NAME`. */
  readonly passphrase?: string;
  /** Whose the file may be besides root's; the user of this process when absent. */
  readonly owner?: KeyOwner;
  /** To look at a key and not to use it: also one that others can read or replace. */
  readonly lookOnly?: boolean;
}

export interface KeyFileReading {
  /** Absent when one of the findings is an error, but for what `lookOnly` passes over. */
  readonly key?: KeyObject;
  readonly findings: readonly Finding[];
}

const maxFileOctets = 64 * 1024;
const goodRsaBits = 2048;
const lowestRsaBits = 1024;

/** Reads a private key, RSA or Ed25519, and refuses one that others can read or replace. Never rejects. */
export async function readKeyFile(file: string, options: KeyFileOptions = {}): Promise<KeyFileReading> {
  try {
    // A pipe is opened at once, too: nobody may ever write to it.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size > maxFileOctets)
        return failed(finding("key.file-no-key", file, { file }));
      const owner = options.owner ?? { uid: process.getuid?.() ?? 0 };
      const unsafe = await checkKeySafety(file, stats, owner);
      if (options.lookOnly !== true && unsafe.some(isError)) return { findings: unsafe };
      const read = await readKeyText(file, await handle.readFile("utf8"), options.passphrase);
      return { ...read, findings: [...unsafe, ...read.findings] };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return failed(finding("key.file-unreadable", file, { file, reason: reasonOf(error) }));
  }
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}

function failed(found: Finding): KeyFileReading {
  return { findings: [found] };
}

async function readKeyText(
  file: string,
  pem: string,
  reference: string | undefined,
): Promise<KeyFileReading> {
  let passphrase: string | undefined;
  try {
    passphrase = reference === undefined ? undefined : await readSecret(reference);
  } catch {
    return failed(finding("key.passphrase-unreadable", file, { file, reference: reference ?? "" }));
  }
  const read = readPem(pem, passphrase);
  return read.kind === "key" ? checkKey(file, read.key) : failed(pemFinding(file, read.problem));
}

function pemFinding(file: string, problem: PemProblem): Finding {
  switch (problem) {
    case "no-private-key":
      return finding("key.file-no-key", file, { file });
    case "passphrase-missing":
      return finding("key.passphrase-missing", file, { file });
    case "passphrase-wrong":
      return finding("key.passphrase-wrong", file, { file });
  }
}

function checkKey(file: string, key: KeyObject): KeyFileReading {
  const { asymmetricKeyType: type = "" } = key;
  if (type === "ed25519") return { key, findings: [] };
  if (type !== "rsa") return failed(finding("key.type", file, { file, type }));
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  // RFC 8301 §3.2.
  if (bits < lowestRsaBits) return failed(finding("key.bits-refused", file, { file, bits }));
  return { key, findings: bits < goodRsaBits ? [finding("key.bits-low", file, { file, bits })] : [] };
}
