import { parseDuration } from "../../config/quantity.ts";
import type { IdentityPolicy } from "../../config/sign-config.ts";
import { formatAuthorPattern } from "../../config/sign-schema.ts";
import { fixedClock, systemClock } from "../../core/clock.ts";
import { formatSignedField, openDkimSigning, type SignatureCanonicalization } from "../../core/dkim/sign.ts";
import { isSignableName } from "../../core/dkim/signed-names.ts";
import { isWithin } from "../../core/domain-name.ts";
import type { MessageHead } from "../../core/message/message.ts";
import { SekishoError } from "../../errors.ts";
import { Preflight } from "../../filter/preflight.ts";
import { problemText } from "../../findings/problems.ts";
import type { LoadedKey } from "../../keys/load-keys.ts";
import { type SigningStyle, signatureRequests } from "../../keys/signature-requests.ts";
import { type Author, authorOf, signingKeysFor } from "../../keys/signing-table.ts";
import { type AnyCommand, defineCommand, exitOk, type OptionValues, usageError } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { readNow } from "../input.ts";
import type { Io } from "../io.ts";
import { readConfigInUse } from "../keys-in-use.ts";
import { loadKeys, onlyKeyOfOptions, signingKeyOptions } from "../signing-key-options.ts";
import { signingStoryText } from "../text/signing-story.ts";
import { signingText } from "../text/signing-text.ts";
import { feedBody, printMessage, readWholeMessage, type WholeMessage } from "../whole-message.ts";

const styleOptions = {
  canonicalization: {
    type: "string",
    value: "HEADER/BODY",
    help: { en: "relaxed or simple for each", ja: "ヘッダーと本文の正規化（relaxed か simple）" },
  },
  expire: {
    type: "string",
    value: "14d",
    help: { en: "write x=, so that the signature is good that long", ja: "署名の有効期間（x= を書く）" },
  },
  "no-timestamp": { type: "boolean", help: { en: "leave out t=", ja: "t= を書かない" } },
  header: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: {
      en: "sign this field too when it is there; may be repeated",
      ja: "あれば署名するヘッダー（複数指定可）",
    },
  },
  oversign: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: {
      en: "sign this field so that none can be added; may be repeated",
      ja: "後から足せないように署名するヘッダー（複数指定可）",
    },
  },
  identity: {
    type: "string",
    value: "none|domain|address",
    help: { en: "what i= says", ja: "i= に書くもの" },
  },
} as const;

export const sign: AnyCommand = defineCommand({
  usage: [
    "sekisho sign [FILE|-] [OPTION...]",
    "sekisho sign [FILE|-] --domain DOMAIN --selector NAME --key FILE [OPTION...]",
  ],
  about: {
    en: "Prints the message with its DKIM-Signature on top. Without --key the keys of the configuration (sign.keys) that are for its From sign, all of them; when there is none, nothing is printed and the exit code is 1. What may break the signature on the way is told on standard error.",
    ja: "DKIM-Signature を先頭に付けたメールを出力します。--key を省くと、設定 (sign.keys) の鍵のうち From に合うものすべてで署名します。合う鍵がなければ何も出力せず、終了コードは 1 です。署名が途中で壊れるおそれがあれば、標準エラー出力に示します。",
  },
  options: {
    ...signingKeyOptions,
    ...styleOptions,
    "field-only": {
      type: "boolean",
      help: { en: "print the new fields alone", ja: "追加するヘッダーだけを出力する" },
    },
    now: { type: "string", value: "RFC3339", help: { en: "the time of signing", ja: "署名の日時" } },
    ...configOption,
  },
  maxArguments: 1,
  async run(values, [file], io) {
    const given = onlyKeyOfOptions(values, io);
    const now = readNow(values.now, io);
    const identity = readIdentity(values.identity, io);
    const config = await (given === undefined ? readConfigInUse : readConfig)(values.config, io);
    const style = readStyle(values, config.sign, io);
    const message = await readWholeMessage(file, io);
    const rows = given === undefined ? config.sign.keys : [given];
    // Only the keys of this author are read: another's that cannot be used does not matter here.
    const author = authorOrFail(message.head, io);
    const wanted = given === undefined ? signingKeysFor(author, rows) : rows;
    if (wanted.length === 0)
      throw noKey(
        author,
        config.sign.keys.flatMap(({ from }) => from.map(formatAuthorPattern)),
        io,
      );
    const keys = (await loadKeys(wanted, config, io)).map((key) => ({
      ...key,
      ...(identity && { identity }),
    }));
    warnOfAlignment(author, keys, io);
    const signing = openDkimSigning(message.head, {
      signatures: signatureRequests(author, keys, style),
      clock: now === undefined ? systemClock : fixedClock(now),
    });
    const results = await feedBody(message, signing);
    if (signing.problem !== undefined || results.length < keys.length)
      throw new SekishoError("NOT_FOUND", signingText(io.lang).unsigned[signing.problem ?? "signing-failed"]);
    const fields = results.map((field) => formatSignedField(field, message.lineEnd)).join("");
    await warnOfFragility(message, io);
    printMessage(fields, message, values["field-only"], io);
    return exitOk;
  },
});

function authorOrFail(head: MessageHead, io: Io): Author {
  // Of such a header nobody knows whether the From is the only one.
  if (head.truncated === true)
    throw new SekishoError("NOT_FOUND", signingText(io.lang).unsigned["header-too-long"]);
  const found = authorOf(head);
  if (found.kind === "author") return found.author;
  throw new SekishoError("NOT_FOUND", problemText(io.lang).dmarc[found.problem]);
}

function noKey(author: Author, domains: readonly string[], io: Io): SekishoError {
  return new SekishoError("NOT_FOUND", signingText(io.lang).noKeyFor(author.domain, [...new Set(domains)]));
}

function warnOfAlignment({ domain: from }: Author, keys: readonly LoadedKey[], io: Io): void {
  for (const { domain } of keys)
    if (!isWithin(from, domain) && !isWithin(domain, from))
      io.err(`sekisho: ${signingText(io.lang).notAligned(from, domain)}`);
}

async function warnOfFragility(message: WholeMessage, io: Io): Promise<void> {
  // How it will be handed over nobody knows yet: with every extension that it needs.
  const preflight = new Preflight({ smtputf8: true, eightBit: true });
  const problems = await feedBody(message, {
    needsBody: true,
    body: (chunk) => preflight.body(chunk),
    finish: async () => preflight.problems(message.head),
  });
  const { fragile } = signingStoryText(io.lang);
  for (const problem of problems) io.err(`sekisho: ${signingText(io.lang).mayBreak(fragile[problem])}`);
}

function readStyle(
  values: OptionValues<typeof styleOptions>,
  configured: SigningStyle,
  io: Io,
): SigningStyle {
  const { usage } = signingText(io.lang);
  for (const option of ["header", "oversign"] as const)
    for (const name of values[option])
      if (!isSignableName(name)) throw usageError(usage.badFieldName(`--${option}`, name));
  const expireMs = values.expire === undefined ? configured.expireMs : parseDuration(values.expire);
  if (values.expire !== undefined && (expireMs === undefined || expireMs < 1000))
    throw usageError(usage.badDuration("--expire", values.expire));
  return {
    canonicalization: readCanonicalization(values.canonicalization, io) ?? configured.canonicalization,
    timestamp: configured.timestamp && !values["no-timestamp"],
    ...(expireMs !== undefined && { expireMs }),
    extraHeaders: [...configured.extraHeaders, ...values.header],
    oversignHeaders: [...configured.oversignHeaders, ...values.oversign],
  };
}

/** @throws SekishoError with code USAGE. */
export function readCanonicalization(
  value: string | undefined,
  io: Io,
): SignatureCanonicalization | undefined {
  if (value === undefined) return undefined;
  const [header, body, more] = value.toLowerCase().split("/");
  if (more === undefined && isForm(header) && isForm(body)) return { header, body };
  throw usageError(signingText(io.lang).usage.badCanonicalization(value));
}

function isForm(text: string | undefined): text is SignatureCanonicalization["header"] {
  return text === "relaxed" || text === "simple";
}

function readIdentity(value: string | undefined, io: Io): IdentityPolicy | undefined {
  if (value === undefined || value === "none" || value === "domain" || value === "address") return value;
  throw usageError(signingText(io.lang).usage.badIdentity(value));
}
