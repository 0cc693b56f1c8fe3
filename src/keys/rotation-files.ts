import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createSigningKey } from "../core/dkim/signing-key.ts";
import { writeFinding } from "../findings/table.ts";
import type { KeyOwner } from "./file-safety.ts";
import { generatePrivateKey, removeDrafts, writePrivateKey } from "./generate-key.ts";
import { type KeyFileReading, readKeyFile } from "./key-file.ts";
import { publicKeyText, publicRecord } from "./public-record.ts";
import type { RotatedKey } from "./rotation.ts";

/** A key as its file has it. */
export interface WrittenKey {
  readonly type: RotatedKey["type"];
  readonly publicKey: string;
  /** The text to publish. */
  readonly record: string;
}

/** The private keys of the rotation. What cannot be done is thrown, with a reason for the operator as its message. */
export interface KeyFiles {
  exists(file: string): boolean;
  /** Makes the key of a file; one that is there already is taken as it is. */
  write(key: RotatedKey): Promise<WrittenKey>;
  /** The key in a file of the operator's. */
  read(
    key: Pick<RotatedKey, "domain" | "selector" | "file"> & { readonly passphrase?: string },
  ): Promise<WrittenKey>;
  /** Whether a key can sign. */
  check(key: RotatedKey): Promise<void>;
  /** Deletes the file of a key, when it is there and still holds it. */
  remove(key: RotatedKey): Promise<void>;
}

/** @param owner Whose the files may be besides root's. */
export function keyFiles(owner?: KeyOwner): KeyFiles {
  const ownerOption = owner === undefined ? {} : { owner };
  const read: KeyFiles["read"] = async ({ domain, selector, file, passphrase }) => {
    const reading = await readKeyFile(file, {
      ...ownerOption,
      ...(passphrase !== undefined && { passphrase }),
    });
    if (reading.key === undefined) throw unusable(reading);
    const record = publicRecord({ domain, selector, privateKey: reading.key });
    const made = createSigningKey({ domain, selector, privateKey: reading.key });
    if (record === undefined || made.kind !== "key") throw new Error(`${file}: the key does not sign`);
    const type = reading.key.asymmetricKeyType === "ed25519" ? "ed25519" : "rsa";
    return { type, publicKey: publicKeyText(reading.key), record: record.value };
  };
  return {
    exists: existsSync,
    read,
    async write(key) {
      if (!existsSync(key.file))
        await writePrivateKey(key.file, await generatePrivateKey(key.type, key.bits));
      await removeDrafts(key.file);
      const written = await read(key);
      if (written.type !== key.type) throw new Error(`${key.file}: another kind of key`);
      return written;
    },
    async check(key) {
      const { publicKey } = await read(key);
      if (publicKey !== key.publicKey) throw new Error(`${key.file}: another key`);
    },
    async remove(key) {
      await removeDrafts(key.file);
      if (!existsSync(key.file)) return;
      const reading = await readKeyFile(key.file, { ...ownerOption, lookOnly: true });
      if (reading.key === undefined) throw unusable(reading);
      if (publicKeyText(reading.key) !== key.publicKey) throw new Error(`${key.file}: another key`);
      await rm(key.file);
    },
  };
}

function unusable({ findings }: KeyFileReading): Error {
  return new Error(findings.map((one) => writeFinding(one, "en").text).join(" "));
}
