import { statSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { SigningKeyConfig } from "../config/sign-config.ts";
import { becomeUser, giveDataDir, type Identity, identityOf, userName } from "../daemon/identity.ts";
import { daemonText } from "../daemon/text.ts";
import { listKeys, rotatesIn, rowsInUse } from "../keys/rotated-keys.ts";
import { isIncoming, type RotatedKey } from "../keys/rotation.ts";
import { openStateToRead } from "../store/sqlite-state.ts";
import { readConfig } from "./config-option.ts";
import type { Io } from "./io.ts";

/** Keys of the rotation, as the store of `data_dir` has them; none where nothing rotates. */
export async function readRotatedKeys({ sign, dataDir }: Config): Promise<readonly RotatedKey[]> {
  if (sign.rotate === undefined) return [];
  const state = openStateToRead(dataDir);
  if (state === undefined) return [];
  try {
    return (await state.tx(listKeys)).filter(rotatesIn(sign));
  } finally {
    await state.close();
  }
}

/**
 * The configuration with the keys that sign now in `sign.keys`, whoever made them.
 * @throws SekishoError as `readConfig`; STORE_UNAVAILABLE.
 */
export async function readConfigInUse(file: string | undefined, io: Io): Promise<Config> {
  const config = await readConfig(file, io);
  return withKeys(config, rowsInUse(config.sign, await readRotatedKeys(config)));
}

/** The same with the keys on their way into use: their records are to be looked at, too. */
export async function readConfigWithAllKeys(file: string | undefined, io: Io): Promise<Config> {
  const config = await readConfig(file, io);
  const keys = await readRotatedKeys(config);
  const asActive = keys.map(
    (key): RotatedKey => (isIncoming(key) && key.publicKey !== undefined ? { ...key, state: "active" } : key),
  );
  return withKeys(config, rowsInUse(config.sign, asActive));
}

function withKeys(config: Config, keys: readonly SigningKeyConfig[]): Config {
  return { ...config, sign: { ...config.sign, keys } };
}

/**
 * Root becomes the user of the running program, so that whatever is written can be read by it. The data folder is made ready
 * as at a start, which may be yet to come.
 * @throws SekishoError as `programUser`, and STORE_UNAVAILABLE; what the system says of the folder.
 */
export function actAsOwner(config: Config, io: Io): void {
  const identity = programUser(config, io);
  if (identity === undefined) return;
  giveDataDir(config.dataDir, identity, daemonText(io.lang));
  becomeUser(identity);
}

/**
 * Whom the program runs as when root asks: the user of the configuration, else, as under systemd, the owner of the data
 * folder. Undefined for root itself, and for anybody else, who runs it as himself.
 * @throws SekishoError when there is no such user, or when we are neither root nor that user.
 */
export function programUser(config: Config, io: Io): Identity | undefined {
  const uid = process.getuid?.() ?? -1;
  return identityOf(config, { uid }, daemonText(io.lang)) ?? ownerOf(config.dataDir, uid);
}

function ownerOf(folder: string, own: number): Identity | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (own !== 0 || stats === undefined || stats.uid === 0) return undefined;
  return { user: userName(stats.uid), uid: stats.uid, gid: stats.gid };
}
