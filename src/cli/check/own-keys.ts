import { createPublicKey } from "node:crypto";
import type { OwnKey } from "../../checker/context.ts";
import type { Config } from "../../config/config.ts";
import { selectorDate } from "../../keys/generate-key.ts";
import { loadSigningKeys } from "../../keys/load-keys.ts";

/** The keys of `sign.keys` and `seal` by their public halves. Keys that cannot be read are a matter of `key verify`. */
export async function loadOwnKeys({ sign, seal }: Pick<Config, "sign" | "seal">): Promise<readonly OwnKey[]> {
  const { keys } = await loadSigningKeys(sign);
  return keys.map(({ domain, selector, file, key }) => {
    const made = selectorDate(selector);
    const seals =
      seal !== undefined &&
      seal.domain === domain &&
      (seal.selector === undefined || seal.selector === selector);
    return {
      domain,
      selector,
      file,
      publicKey: createPublicKey(key.privateKey),
      seals,
      ...(made === undefined ? {} : { madeAt: made }),
    };
  });
}
