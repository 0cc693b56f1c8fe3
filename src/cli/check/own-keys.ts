import { createPublicKey } from "node:crypto";
import { stat } from "node:fs/promises";
import type { OwnKey } from "../../checker/context.ts";
import type { Config } from "../../config/config.ts";
import { selectorDate } from "../../keys/generate-key.ts";
import { type LoadedKey, loadSigningKeys } from "../../keys/load-keys.ts";

/** The keys of `sign.keys` and `seal` by their public halves. Keys that cannot be read are a matter of `key verify`. */
export async function loadOwnKeys({ sign, seal }: Pick<Config, "sign" | "seal">): Promise<readonly OwnKey[]> {
  const { keys } = await loadSigningKeys(sign);
  return Promise.all(keys.map((loaded) => ownKey(loaded, seal)));
}

async function ownKey({ domain, selector, file, key }: LoadedKey, seal: Config["seal"]): Promise<OwnKey> {
  const madeAt = selectorDate(selector) ?? (await writtenAt(file));
  const seals =
    seal !== undefined &&
    seal.domain === domain &&
    (seal.selector === undefined || seal.selector === selector);
  const publicKey = createPublicKey(key.privateKey);
  return { domain, selector, file, publicKey, seals, ...(madeAt === undefined ? {} : { madeAt }) };
}

/** Nobody writes to a key file after it is made; in ms. */
async function writtenAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch {
    return undefined;
  }
}
