import { statSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { isSecretReference } from "../config/secret.ts";
import type { SigningKeyConfig } from "../config/sign-config.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { identityOf } from "../daemon/identity.ts";
import { daemonText } from "../daemon/text.ts";
import { writeKeyFinding } from "../daemon/written-key-finding.ts";
import { SekishoError } from "../errors.ts";
import type { Finding } from "../findings/finding.ts";
import type { KeyOwner } from "../keys/file-safety.ts";
import { type LoadedKey, type LoadedKeys, loadSigningKeys } from "../keys/load-keys.ts";
import { rotatedDomains } from "../keys/rotated-keys.ts";
import { type OptionValues, usageError } from "./command.ts";
import { isSerious } from "./finding-lines.ts";
import { refuseAlone } from "./idle-options.ts";
import type { Io } from "./io.ts";
import { noKeysYet } from "./key/rotation-command-text.ts";
import { signingText } from "./text/signing-text.ts";

/** How a command is told which key to use. */
export const signingKeyOptions = {
  domain: { type: "string", value: "DOMAIN", help: { en: "d= of the key", ja: "鍵のドメイン (d=)" } },
  selector: { type: "string", value: "NAME", help: { en: "s= of the key", ja: "鍵のセレクタ (s=)" } },
  key: {
    type: "string",
    value: "FILE",
    help: {
      en: "private key, in place of those of the configuration",
      ja: "設定のものに代えて使う秘密鍵のファイル",
    },
  },
  passphrase: {
    type: "string",
    value: "file:PATH|env:NAME",
    help: { en: "where the passphrase of --key is", ja: "--key のパスフレーズのありか" },
  },
} as const;

export type SigningKeyValues = OptionValues<typeof signingKeyOptions>;

/** @throws SekishoError with code USAGE. */
export function readDomainOption(text: string, io: Io): string {
  const domain = text.endsWith(".") ? undefined : toAsciiDomain(text);
  if (domain?.includes(".") === true) return domain;
  throw usageError(signingText(io.lang).usage.badDomain(text));
}

/** @throws SekishoError with code USAGE. */
export function readSelectorOption(text: string, io: Io): string {
  const selector = text.endsWith(".") ? undefined : toAsciiDomain(text);
  if (selector === undefined) throw usageError(signingText(io.lang).usage.badSelector(text));
  return selector;
}

/** @throws SekishoError with code USAGE. */
export function readPassphraseOption(text: string | undefined, io: Io): string | undefined {
  if (text !== undefined && !isSecretReference(text))
    throw usageError(signingText(io.lang).usage.badPassphrase);
  return text;
}

/**
 * The key that the options name, as a row of `sign.keys`; undefined without --key.
 * @throws SekishoError with code USAGE.
 */
export function keyOfOptions(values: SigningKeyValues, io: Io): SigningKeyConfig | undefined {
  const passphrase = readPassphraseOption(values.passphrase, io);
  const { key: file } = values;
  if (file === undefined && passphrase === undefined) return undefined;
  if (file === undefined || values.domain === undefined || values.selector === undefined)
    throw usageError(signingText(io.lang).usage.keyNeedsAll);
  const domain = readDomainOption(values.domain, io);
  return {
    domain,
    selector: readSelectorOption(values.selector, io),
    file,
    ...(passphrase !== undefined && { passphrase }),
    from: [{ domain }],
    includeSubdomains: false,
    anyDomain: false,
    thirdParty: false,
    identity: "none",
  };
}

/**
 * The same where `--domain` and `--selector` choose among no other keys.
 * @throws SekishoError with code USAGE.
 */
export function onlyKeyOfOptions(values: SigningKeyValues, io: Io): SigningKeyConfig | undefined {
  refuseAlone(values, ["selector", "domain"], "key", io);
  return keyOfOptions(values, io);
}

/**
 * The rows that the options mean: the one of --key, else those of the configuration with that domain and selector.
 * @throws SekishoError with code USAGE, or NOT_FOUND when there is none.
 */
export function chosenRows(values: SigningKeyValues, config: Config, io: Io): readonly SigningKeyConfig[] {
  const given = keyOfOptions(values, io);
  if (given !== undefined) return [given];
  const domain = values.domain === undefined ? undefined : readDomainOption(values.domain, io);
  const selector = values.selector === undefined ? undefined : readSelectorOption(values.selector, io);
  const rows = config.sign.keys.filter(
    (row) =>
      (domain === undefined || row.domain === domain) &&
      (selector === undefined || row.selector === selector),
  );
  if (rows.length > 0) return rows;
  const { noKeys, noSuchKey } = signingText(io.lang);
  if (config.sign.keys.length > 0) throw new SekishoError("NOT_FOUND", noSuchKey);
  const waiting = rotatedDomains(config.sign).map(({ domain: of }) => of);
  throw new SekishoError("NOT_FOUND", waiting.length === 0 ? noKeys : noKeysYet(waiting, io.lang));
}

/**
 * Whose key files may be besides root's: the user that the configuration names, else whoever calls; for root the owner
 * of the data folder, by whom the program is run then.
 */
export function keyOwner(config: Config, io: Io): KeyOwner {
  const uid = process.getuid?.() ?? 0;
  const runsAs = uid === 0 ? statSync(config.dataDir, { throwIfNoEntry: false })?.uid : undefined;
  return { uid: identityOf(config, { uid: 0 }, daemonText(io.lang))?.uid ?? runsAs ?? uid };
}

/**
 * Reads keys to sign with. What is only worth a warning goes to stderr.
 * @throws SekishoError with code FILE_UNREADABLE when one of them cannot be used.
 */
export async function loadKeys(
  rows: readonly SigningKeyConfig[],
  config: Config,
  io: Io,
): Promise<readonly LoadedKey[]> {
  const { keys, findings } = await loadUsableKeys(rows, config, io);
  for (const one of findings) if (isSerious(one)) io.err(`sekisho: ${sentence(one, io)}`);
  return keys;
}

/**
 * Reads keys, and says nothing of what is only worth a warning.
 * @throws SekishoError with code FILE_UNREADABLE when one of them cannot be used.
 */
export async function loadUsableKeys(
  rows: readonly SigningKeyConfig[],
  config: Config,
  io: Io,
): Promise<LoadedKeys> {
  const loaded = await loadSigningKeys({ keys: rows }, keyOwner(config, io));
  const errors = loaded.findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    throw new SekishoError("FILE_UNREADABLE", errors.map((one) => sentence(one, io)).join("\n"));
  return loaded;
}

function sentence(found: Finding, io: Io): string {
  const { text, fix } = writeKeyFinding(found, io.lang);
  if (fix === undefined) return text;
  return `${text}${io.lang === "ja" ? "" : " "}${io.text.config.fix}: ${fix}`;
}
