import type { Config } from "../../config/config.ts";
import type { RotateConfig } from "../../config/rotate-config.ts";
import type { SigningKeyConfig } from "../../config/sign-config.ts";
import { formatAuthorPattern } from "../../config/sign-schema.ts";
import { keyRecordName } from "../../core/dkim/key-query.ts";
import { selectorDate } from "../../keys/generate-key.ts";
import { readKeyFile } from "../../keys/key-file.ts";
import { keyId, rotatedDomains, rowsInUse } from "../../keys/rotated-keys.ts";
import type { RotatedKey } from "../../keys/rotation.ts";
import { describeKey } from "../../keys/verify-key.ts";
import { type ExitCode, exitFindings, exitOk } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { readRotatedKeys } from "../keys-in-use.ts";
import { labelled, printable, wrap } from "../layout.ts";
import { keyOwner } from "../signing-key-options.ts";
import { signingText } from "../text/signing-text.ts";
import type { KeyValues } from "./options.ts";
import { noKeysYet } from "./rotation-command-text.ts";
import { rotationJson, rotationRows } from "./rotation-lines.ts";

/** `sekisho key list`: all keys, those that rotate with how far they have come. */
export async function listKeys(values: KeyValues, config: Config, io: Io): Promise<ExitCode> {
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
  else for (const line of allLines(listed, config, io)) io.out(line);
  return listed.some(isWrong) ? exitFindings : exitOk;
}

function allLines(listed: readonly ListedKey[], { sign }: Config, io: Io): string[] {
  const lines = listed.flatMap((row, index) => listLines(row, index, sign.rotate, io));
  const has = new Set(listed.filter(({ rotated }) => rotated?.state !== "gone").map(({ domain }) => domain));
  const without = rotatedDomains(sign).flatMap(({ domain }) => (has.has(domain) ? [] : [domain]));
  if (without.length === 0) return listed.length === 0 ? [signingText(io.lang).noKeys] : lines;
  return [...lines, ...(lines.length === 0 ? [] : [""]), ...wrap(noKeysYet(without, io.lang), io.columns)];
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
    io.style.strong(printable(keyRecordName(row))),
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
