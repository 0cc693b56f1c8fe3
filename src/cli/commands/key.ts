import { join, resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import type { RotateConfig } from "../../config/rotate-config.ts";
import { readSecret } from "../../config/secret.ts";
import type { SigningKeyConfig } from "../../config/sign-config.ts";
import { formatAuthorPattern } from "../../config/sign-schema.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { SekishoError } from "../../errors.ts";
import type { Finding } from "../../findings/finding.ts";
import { writeFinding } from "../../findings/table.ts";
import {
  datedSelector,
  type GeneratedType,
  generatedBits,
  generatePrivateKey,
  selectorDate,
  writePrivateKey,
} from "../../keys/generate-key.ts";
import { readKeyFile } from "../../keys/key-file.ts";
import { type LoadedKey, loadSigningKeys } from "../../keys/load-keys.ts";
import { type KeyService, type PublicRecord, publicRecord } from "../../keys/public-record.ts";
import { keyId, rowsInUse } from "../../keys/rotated-keys.ts";
import type { RotatedKey } from "../../keys/rotation.ts";
import { ageFinding, describeKey, verifyKey } from "../../keys/verify-key.ts";
import {
  type AnyCommand,
  defineCommand,
  type ExitCode,
  exitFindings,
  exitOk,
  type OptionValues,
  usageError,
} from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { dnsOptions, openDns } from "../dns-options.ts";
import { countFindings, formatFindings, isSerious } from "../finding-lines.ts";
import { fileUnreadable, readNow } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { publishKeys, type RotationCall, retireKey, rotateKeys } from "../key/rotation-commands.ts";
import { rotationJson, rotationRows } from "../key/rotation-lines.ts";
import { readConfigWithAllKeys, readRotatedKeys } from "../keys-in-use.ts";
import { labelled, printable, wrap } from "../layout.ts";
import {
  chosenRows,
  keyOwner,
  readDomainOption,
  readPassphraseOption,
  readSelectorOption,
  signingKeyOptions,
} from "../signing-key-options.ts";
import { signingText } from "../text/signing-text.ts";

const actions = ["generate", "list", "dns", "verify", "rotate", "publish", "retire"] as const;

const options = {
  ...signingKeyOptions,
  type: {
    type: "string",
    value: "rsa|ed25519",
    help: { en: "kind of the new key (rsa when left out)", ja: "作る鍵の種類（省略時は rsa）" },
  },
  bits: {
    type: "string",
    value: "2048|3072|4096",
    help: { en: "size of the new RSA key", ja: "作る RSA 鍵の長さ" },
  },
  service: {
    type: "string",
    value: "email|tlsrpt",
    help: {
      en: "what the record allows the key for; tlsrpt is for TLS reports",
      ja: "レコードに書く用途。tlsrpt は TLS レポート用",
    },
  },
  dir: {
    type: "string",
    value: "FOLDER",
    help: {
      en: "where new keys go, as FOLDER/DOMAIN/SELECTOR.pem; keys in data_dir when left out",
      ja: "鍵の保存先（フォルダ/ドメイン/セレクタ.pem）。省略時は data_dir の keys",
    },
  },
  form: {
    type: "string",
    value: "zone|line|value",
    help: { en: "print the record in this form only", ja: "レコードをこの形式だけで出力する" },
  },
  compromised: {
    type: "boolean",
    help: {
      en: "retire: others may have the key; it is revoked without waiting for mail on its way",
      ja: "retire で使う。鍵が漏れたおそれがあるとき、配送中のメールを待たずに失効させる",
    },
  },
  now: { type: "string", value: "RFC3339", help: { en: "the present time", ja: "現在の日時" } },
  json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
  ...configOption,
  ...dnsOptions,
} as const;
type Values = OptionValues<typeof options>;

const rotationActions: ReadonlySet<string> = new Set(["rotate", "publish", "retire"]);

export const key: AnyCommand = defineCommand({
  usage: [
    "sekisho key generate --domain DOMAIN [--type ed25519] [OPTION...]",
    "sekisho key dns [--domain DOMAIN] [--selector NAME] [OPTION...]",
    "sekisho key verify [--domain DOMAIN] [--selector NAME] [OPTION...]",
    "sekisho key list [--json]",
    "sekisho key rotate|publish [DOMAIN] [--type rsa|ed25519]",
    "sekisho key retire [DOMAIN] --selector NAME [--compromised]",
  ],
  about: {
    en: "generate writes a new private key, never over another, and prints its record. dns prints the records of keys that there are. verify looks whether key file, configuration and DNS agree. list shows all keys, those that rotate with their states. Without --key these act on the keys in use. rotate makes new keys of a domain now, publish tries changes in DNS that wait again or prints them, retire takes a key back as far as that is safe (see rotation.md).",
    ja: "generate は新しい秘密鍵を作り（上書きはしません）、公開するレコードを表示します。dns はすでにある鍵のレコードを表示します。verify は鍵ファイル、設定、DNS が一致しているかを調べます。list はすべての鍵の一覧で、交代する鍵はその状態も示します。--key を省くと使用中の鍵が対象です。rotate はドメインの新しい鍵をすぐに用意し、publish は待っている DNS の変更をもう一度試すか表示し、retire は安全な範囲で鍵を取り下げます（rotation.ja.md を参照）。",
  },
  options,
  maxArguments: 2,
  async run(values, [action, domain], io) {
    if (action === undefined) throw usageError(io.text.usage.missingAction("key", actions));
    if (domain !== undefined && !rotationActions.has(action))
      throw usageError(io.text.usage.tooManyArguments(domain));
    const config =
      action === "dns" || action === "verify"
        ? await readConfigWithAllKeys(values.config, io)
        : await readConfig(values.config, io);
    switch (action) {
      case "generate":
        return generate(values, config, io);
      case "dns":
        return printRecords(values, config, io);
      case "verify":
        return verify(values, config, io);
      case "list":
        return list(values, config, io);
      case "rotate":
        return rotation(rotateKeys, domain, values, config, io);
      case "publish":
        return rotation(publishKeys, domain, values, config, io);
      case "retire":
        return rotation(retireKey, domain, values, config, io);
      default:
        throw usageError(io.text.usage.unknownAction("key", action, actions));
    }
  },
});

// ---------------------------------------------------------------- generate

async function generate(values: Values, config: Config, io: Io): Promise<ExitCode> {
  const text = signingText(io.lang);
  if (values.domain === undefined) throw usageError(text.usage.domainMissing);
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
    await writePrivateKey(file, privateKey, passphrase);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new SekishoError("FILE_UNREADABLE", text.keyExists(file), { cause: error });
    throw error instanceof SekishoError ? error : fileUnreadable(file, error, io);
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
  const add = ["", ...wrap(generated.addKey(row.domain, row.selector), io.columns)];
  return [
    ...wrap(generated.file(row.file), io.columns),
    "",
    ...wrap(generated.publish, io.columns),
    "",
    ...recordLines(record, io),
    // A key for reports is no key of the milter.
    ...(service === "email" ? [...add, "", "  sign:", "    keys:", `      - { ${entry.join(", ")} }`] : []),
  ];
}

function readType(value: string | undefined, io: Io): GeneratedType {
  if (value === undefined || value === "rsa") return "rsa";
  if (value === "ed25519") return value;
  throw usageError(signingText(io.lang).usage.badType(value));
}

function readBits(value: string | undefined, type: GeneratedType, io: Io): number {
  if (value === undefined) return 2048;
  if (type === "rsa" && generatedBits.includes(Number(value))) return Number(value);
  throw usageError(signingText(io.lang).usage.badBits(value));
}

function readService(value: string | undefined, io: Io): KeyService {
  if (value === undefined || value === "email") return "email";
  if (value === "tlsrpt") return value;
  throw usageError(signingText(io.lang).usage.badService(value));
}

// ---------------------------------------------------------------- dns

type Form = "zone" | "line" | "value";

function readForm(value: string | undefined, io: Io): Form | undefined {
  if (value === undefined || value === "zone" || value === "line" || value === "value") return value;
  throw usageError(signingText(io.lang).usage.badForm(value));
}

function inForm({ zoneEntry, zoneLine, value }: PublicRecord, form: Form): string {
  return { zone: zoneEntry, line: zoneLine, value }[form];
}

async function printRecords(values: Values, config: Config, io: Io): Promise<ExitCode> {
  const service = readService(values.service, io);
  const form = readForm(values.form, io);
  const keys = await loadAll(distinct(chosenRows(values, config, io)), config, io);
  const records = keys.map(({ domain, selector, key: { privateKey } }) => {
    const record = publicRecord({ domain, selector, privateKey, service });
    if (record === undefined) throw new Error("the key record does not read back");
    return record;
  });
  if (values.json) io.out(formatJson(records.map(jsonRecord), io.isTty));
  else
    for (const [index, record] of records.entries()) {
      if (index > 0 && form === undefined) io.out("");
      for (const line of form === undefined ? recordLines(record, io) : [inForm(record, form)]) io.out(line);
    }
  return exitOk;
}

function jsonRecord({ name, value, zoneEntry, zoneLine }: PublicRecord): object {
  return { name, type: "TXT", value, zone: zoneEntry, line: zoneLine };
}

/** Not wrapped: the lines are there to be copied. */
function recordLines({ name, value, zoneEntry, zoneLine }: PublicRecord, io: Io): string[] {
  const { record } = signingText(io.lang);
  return [
    io.style.strong(record.zoneEntry),
    ...zoneEntry.split("\n"),
    "",
    io.style.strong(record.zoneLine),
    zoneLine,
    "",
    io.style.strong(record.webForm),
    ...labelled(
      [
        [record.name, name],
        [record.type, "TXT"],
        [record.value, value],
      ],
      Number.MAX_SAFE_INTEGER,
    ),
  ];
}

/** One row for each key, however many rules it has. */
function distinct(rows: readonly SigningKeyConfig[]): readonly SigningKeyConfig[] {
  return rows.filter(
    (row, index) =>
      rows.findIndex(({ domain, selector }) => domain === row.domain && selector === row.selector) === index,
  );
}

/** @throws SekishoError with code FILE_UNREADABLE when one cannot be used. */
async function loadAll(
  rows: readonly SigningKeyConfig[],
  config: Config,
  io: Io,
): Promise<readonly LoadedKey[]> {
  const { keys, findings } = await loadSigningKeys({ keys: rows }, keyOwner(config, io));
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return keys;
  const sentences = errors.map((one) => {
    const { text, fix } = writeFinding(one, io.lang);
    return fix === undefined ? text : `${text} ${fix}`;
  });
  throw new SekishoError("FILE_UNREADABLE", sentences.join("\n"));
}

// ---------------------------------------------------------------- verify

async function verify(values: Values, config: Config, io: Io): Promise<ExitCode> {
  const service = readService(values.service, io);
  const rows = chosenRows(values, config, io);
  const now = readNow(values.now, io) ?? Date.now();
  const dns = openDns(values, config.dns, io);
  try {
    const outcomes = await Promise.all(
      distinct(rows).map((row) => verifyRow(row, rows, { config, dns: dns.resolver, service, now, io })),
    );
    const findings = outcomes.flatMap(({ findings: found }) => found);
    const written = findings.map((found) => writeFinding(found, io.lang));
    if (values.json) io.out(formatJson({ keys: outcomes.map(jsonOutcome), findings: written }, io.isTty));
    else {
      const { agrees } = signingText(io.lang);
      for (const { row, findings: found } of outcomes)
        if (!found.some(isSerious))
          for (const line of wrap(agrees(recordName(row), row.file), io.columns)) io.out(line);
      if (written.length > 0) io.out("");
      for (const line of formatFindings(written, io)) io.out(line);
      if (written.length > 0) io.out(countFindings(written, io));
    }
    return findings.some(isSerious) ? exitFindings : exitOk;
  } finally {
    dns.close();
  }
}

interface RowOutcome {
  readonly row: SigningKeyConfig;
  readonly findings: readonly Finding[];
}

function recordName({ selector, domain }: SigningKeyConfig): string {
  return `${selector}._domainkey.${domain}`;
}

function jsonOutcome({ row, findings }: RowOutcome): object {
  const { domain, selector, file } = row;
  return { domain, selector, file, name: recordName(row), agrees: !findings.some(isSerious) };
}

async function verifyRow(
  row: SigningKeyConfig,
  rows: readonly SigningKeyConfig[],
  setup: {
    readonly config: Config;
    readonly dns: DnsResolver;
    readonly service: KeyService;
    readonly now: number;
    readonly io: Io;
  },
): Promise<RowOutcome> {
  const { domain, selector, file } = row;
  const { keys, findings } = await loadSigningKeys({ keys: [row] }, keyOwner(setup.config, setup.io));
  const [loaded] = keys;
  if (loaded === undefined) return { row, findings };
  const ofDomain = rows.filter((other) => other.domain === domain);
  const published = await verifyKey(
    {
      domain,
      selector,
      file,
      privateKey: loaded.key.privateKey,
      service: setup.service,
      signsSubdomainIdentity: ofDomain.some((other) => other.selector === selector && namesSubdomains(other)),
      otherSelectors: setup.config.sign.keys.flatMap((other) =>
        other.domain === domain ? [other.selector] : [],
      ),
    },
    setup.dns,
  );
  const age = ageFinding(row, setup.now);
  return { row, findings: [...findings, ...published, ...(age === undefined ? [] : [age])] };
}

function namesSubdomains({ identity, includeSubdomains, from, domain }: SigningKeyConfig): boolean {
  return identity !== "none" && (includeSubdomains || from.some((author) => author.domain !== domain));
}

// ---------------------------------------------------------------- rotate, publish, retire

async function rotation(
  command: (call: RotationCall) => Promise<ExitCode>,
  argument: string | undefined,
  values: Values,
  config: Config,
  io: Io,
): Promise<ExitCode> {
  const named = argument ?? values.domain;
  const dns = openDns(values, config.dns, io);
  try {
    return await command({
      config,
      domain: named === undefined ? undefined : readDomainOption(named, io),
      selector: values.selector === undefined ? undefined : readSelectorOption(values.selector, io),
      type: values.type === undefined ? undefined : readType(values.type, io),
      compromised: values.compromised,
      json: values.json,
      dns: dns.resolver,
      io,
    });
  } finally {
    dns.close();
  }
}

// ---------------------------------------------------------------- list

async function list(values: Values, config: Config, io: Io): Promise<ExitCode> {
  const keys = await readRotatedKeys(config);
  const states = new Map(keys.map((one) => [keyId(one), one]));
  const ours = keys.filter(({ origin }) => origin === "rotation").map((one) => rowOfRotated(one, config));
  const rows = [...config.sign.keys, ...ours];
  const owner = keyOwner(config, io);
  const listed = await Promise.all(
    rows.map(async (row): Promise<ListedKey> => {
      const { key: privateKey } = await readKeyFile(row.file, {
        owner,
        ...(row.passphrase !== undefined && { passphrase: row.passphrase }),
      });
      const date = selectorDate(row.selector);
      const rotated = states.get(keyId(row));
      return {
        ...row,
        ...(privateKey !== undefined && { type: describeKey(privateKey) }),
        ...(date !== undefined && { date: new Date(date).toISOString().slice(0, 10) }),
        ...(rotated !== undefined && { rotated }),
      };
    }),
  );
  const { rotate } = config.sign;
  if (values.json)
    io.out(
      formatJson(
        listed.map((row) => jsonRow(row, rotate)),
        io.isTty,
      ),
    );
  else if (listed.length === 0) io.out(signingText(io.lang).noKeys);
  else
    for (const [index, row] of listed.entries())
      for (const line of listLines(row, index, rotate, io)) io.out(line);
  return listed.some(isWrong) ? exitFindings : exitOk;
}

/** A key in use that cannot be used, or one that is held up by more than others. */
function isWrong({ type, rotated }: ListedKey): boolean {
  if (rotated === undefined || rotated.state === "active") return type === undefined;
  return rotated.trouble !== undefined && rotated.trouble.step !== "prove";
}

/** A key of the rotation as a row, whether it signs or not. */
function rowOfRotated(key: RotatedKey, { sign }: Config): SigningKeyConfig {
  const row = rowsInUse(sign, [{ ...key, state: "active" }]).find((one) => keyId(one) === keyId(key));
  const { domain, selector, file } = key;
  const nobody = { from: [], includeSubdomains: false, anyDomain: false, thirdParty: false };
  return row ?? { domain, selector, file, identity: "none", ...nobody };
}

interface ListedKey extends SigningKeyConfig {
  /** Absent when the file cannot be used. */
  readonly type?: string;
  readonly date?: string;
  /** How far it has come, where it rotates. */
  readonly rotated?: RotatedKey;
}

function jsonRow(
  { domain, selector, type, date, file, from, includeSubdomains, anyDomain, rotated }: ListedKey,
  rotate: RotateConfig | undefined,
): object {
  return {
    domain,
    selector,
    ...(type === undefined ? { usable: false } : { usable: true, type }),
    ...(date !== undefined && { date }),
    file,
    from: from.map(formatAuthorPattern),
    includeSubdomains,
    anyDomain,
    ...(rotated !== undefined && rotate !== undefined && { rotation: rotationJson(rotated, rotate) }),
  };
}

function listLines(row: ListedKey, index: number, rotate: RotateConfig | undefined, io: Io): string[] {
  const { list: text } = signingText(io.lang);
  const { rotated } = row;
  const rows: [string, string][] = [
    ...(rotated === undefined || rotate === undefined ? [] : rotationRows(rotated, rotate, io)),
    ...(rotated?.state === "gone" ? [] : [[text.bits, row.type ?? text.unusable] as [string, string]]),
    ...(row.date === undefined ? [] : [[text.date, row.date] as [string, string]]),
    [text.from, signsFor(row, io)],
    [text.file, row.file],
  ];
  return [
    ...(index === 0 ? [] : [""]),
    io.style.strong(printable(recordName(row))),
    ...labelled(
      rows.map(([label, value]) => [label, printable(value)] as const),
      io.columns,
    ),
  ];
}

function signsFor({ from, includeSubdomains, anyDomain }: SigningKeyConfig, io: Io): string {
  const { list: text } = signingText(io.lang);
  const names = from.map((author) =>
    includeSubdomains && author.localPart === undefined
      ? text.subdomains(author.domain)
      : formatAuthorPattern(author),
  );
  const all = [...names, ...(anyDomain ? [text.anyDomain] : [])];
  return all.length === 0 ? text.nobody : all.join(", ");
}
