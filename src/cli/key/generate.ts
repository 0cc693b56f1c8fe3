import { join, resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { readSecret } from "../../config/secret.ts";
import { SekishoError } from "../../errors.ts";
import {
  datedSelector,
  type GeneratedType,
  generatedBits,
  generatePrivateKey,
  writePrivateKey,
} from "../../keys/generate-key.ts";
import { type KeyService, type PublicRecord, publicRecord } from "../../keys/public-record.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import { refuseBeside } from "../idle-options.ts";
import { fileUnwritable, readNow } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { actAsOwner } from "../keys-in-use.ts";
import { wrap } from "../layout.ts";
import { readDomainOption, readPassphraseOption, readSelectorOption } from "../signing-key-options.ts";
import { signingText } from "../text/signing-text.ts";
import { type KeyValues, readService, readType } from "./options.ts";
import { inForm, jsonRecord, readForm, recordLines } from "./record-lines.ts";

/** `sekisho key generate`: a new private key in a file of its own, and what to publish for it. */
export async function generateKey(values: KeyValues, config: Config, io: Io): Promise<ExitCode> {
  const text = signingText(io.lang);
  if (values.domain === undefined) throw usageError(text.usage.domainMissing);
  // The date of --now is that of the selector, and --key says the whole path.
  refuseBeside(values, ["now"], "selector", io);
  refuseBeside(values, ["dir"], "key", io);
  const domain = readDomainOption(values.domain, io);
  const type = readType(values.type, io);
  const bits = readBits(values.bits, type, io);
  const service = readService(values.service, io);
  const form = readForm(values.form, io);
  const reference = readPassphraseOption(values.passphrase, io);
  const now = readNow(values.now, io) ?? Date.now();
  const selector =
    values.selector === undefined ? datedSelector(type, now) : readSelectorOption(values.selector, io);
  const folder = values.dir ?? join(config.dataDir, "keys");
  // Whole, as it is copied into the configuration.
  const file = resolve(values.key ?? join(folder, domain, `${selector}.pem`));
  const privateKey = await generatePrivateKey(type, bits);
  const record = publicRecord({ domain, selector, privateKey, service });
  if (record === undefined) throw new Error("the new key record does not read back");
  try {
    const passphrase = reference === undefined ? undefined : await readSecret(reference);
    // What is in the folder of the program is for the program; elsewhere it is up to whoever calls.
    if (values.dir === undefined && values.key === undefined) actAsOwner(config, io);
    await writePrivateKey(file, privateKey, passphrase);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new SekishoError("FILE_UNREADABLE", text.keyExists(file), { cause: error });
    throw error instanceof SekishoError ? error : fileUnwritable(file, error, io);
  }
  const row = { domain, selector, file, ...(reference !== undefined && { passphrase: reference }) };
  if (values.json) io.out(formatJson({ ...row, ...jsonRecord(record) }, io.isTty));
  else if (form !== undefined) io.out(inForm(record, form));
  else for (const line of generatedLines(row, record, service, io)) io.out(line);
  return exitOk;
}

function generatedLines(
  row: { readonly domain: string; readonly selector: string; readonly file: string },
  record: PublicRecord,
  service: KeyService,
  io: Io,
): string[] {
  const { generated } = signingText(io.lang);
  const entry = Object.entries(row).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const { file, ...others } = row;
  const options = Object.entries({ key: file, ...others }).map(
    ([name, value]) => `--${name} ${inShell(value)}`,
  );
  const verify = ["", generated.verify, "", `  sekisho key verify ${options.join(" ")}`];
  const add = ["", generated.addKey, "", "  sign:", "    keys:", `      - { ${entry.join(", ")} }`];
  return [
    ...wrap(generated.file(row.file), io.columns),
    "",
    ...wrap(generated.publish, io.columns),
    "",
    ...recordLines(record, io),
    // A key for reports is no key of the milter.
    ...(service === "email" ? [...verify, ...add] : []),
  ];
}

/** A word for the shell. */
function inShell(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function readBits(value: string | undefined, type: GeneratedType, io: Io): number {
  if (value === undefined) return 2048;
  const { usage } = signingText(io.lang);
  if (type !== "rsa") throw usageError(usage.bitsOfRsaOnly(type));
  if (generatedBits.includes(Number(value))) return Number(value);
  throw usageError(usage.badBits(value));
}
