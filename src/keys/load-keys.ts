import type { SignConfig, SigningKeyConfig } from "../config/sign-config.ts";
import { createSigningKey, type SigningKey } from "../core/dkim/signing-key.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { KeyOwner } from "./file-safety.ts";
import { type KeyFileReading, readKeyFile } from "./key-file.ts";

/** A row of `sign.keys` with its key, ready to sign. */
export interface LoadedKey extends SigningKeyConfig {
  readonly key: SigningKey;
}

export interface LoadedKeys {
  /** Those that can be used. */
  readonly keys: readonly LoadedKey[];
  /** With severity "error" for each row that is missing in `keys`. */
  readonly findings: readonly Finding[];
}

/** Reads and tries out every key of the configuration; a file that stands there twice is read once. Never rejects. */
export async function loadSigningKeys(
  { keys }: Pick<SignConfig, "keys">,
  owner?: KeyOwner,
): Promise<LoadedKeys> {
  const files = new Map<string, Promise<KeyFileReading>>();
  const findings = new Set<Finding>();
  const loaded: LoadedKey[] = [];
  for (const row of keys) {
    const name = `${row.file}\n${row.passphrase ?? ""}`;
    const reading =
      files.get(name) ??
      readKeyFile(row.file, {
        ...(row.passphrase !== undefined && { passphrase: row.passphrase }),
        ...(owner !== undefined && { owner }),
      });
    files.set(name, reading);
    const outcome = loadRow(row, await reading);
    for (const found of outcome.findings) findings.add(found);
    if (outcome.key !== undefined) loaded.push(outcome.key);
  }
  return { keys: loaded, findings: [...findings] };
}

function loadRow(
  row: SigningKeyConfig,
  reading: KeyFileReading,
): { readonly key?: LoadedKey; readonly findings: readonly Finding[] } {
  if (reading.key === undefined) return { findings: reading.findings };
  const made = createSigningKey({ domain: row.domain, selector: row.selector, privateKey: reading.key });
  if (made.kind === "key") return { key: { ...row, key: made.key }, findings: reading.findings };
  return { findings: [...reading.findings, finding("key.broken", row.file, { file: row.file })] };
}
