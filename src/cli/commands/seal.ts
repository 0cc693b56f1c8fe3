import type { Config } from "../../config/config.ts";
import type { SealConfig, SigningKeyConfig } from "../../config/sign-config.ts";
import { ownResults } from "../../core/arc/own-results.ts";
import { type HopResults, openArcSealing } from "../../core/arc/sealing.ts";
import { openAuthentication, type SmtpClient } from "../../core/authenticate.ts";
import { formatResultsField } from "../../core/authentication-results.ts";
import { type Clock, fixedClock, systemClock } from "../../core/clock.ts";
import { formatSignedField } from "../../core/dkim/sign.ts";
import { SekishoError } from "../../errors.ts";
import type { LoadedKey } from "../../keys/load-keys.ts";
import { type AnyCommand, defineCommand, exitOk, usageError } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { dnsOptions, openDns } from "../dns-options.ts";
import { givenOptions } from "../idle-options.ts";
import { readNow } from "../input.ts";
import type { Io } from "../io.ts";
import { readConfigInUse } from "../keys-in-use.ts";
import { loadKeys, onlyKeyOfOptions, signingKeyOptions } from "../signing-key-options.ts";
import { type SigningText, signingText } from "../text/signing-text.ts";
import { feedBody, printMessage, readWholeMessage, type WholeMessage } from "../whole-message.ts";
import { readCanonicalization } from "./sign.ts";
import { optionsOf, readAuthservId, readClient } from "./verify.ts";

/** Options that mean nothing where results are taken from the header. */
const forEvaluation: ReadonlySet<string> = new Set(["ip", "helo", "mail-from", ...Object.keys(dnsOptions)]);

export const seal: AnyCommand = defineCommand({
  usage: [
    "sekisho seal [FILE|-] [OPTION...]",
    "sekisho seal [FILE|-] --domain DOMAIN --selector NAME --key FILE [OPTION...]",
  ],
  about: {
    en: "Prints the message with an ARC set on top (RFC 8617). What the set says of the message is evaluated now, as sekisho verify does; with --trust-header it is taken from the message's own Authentication-Results fields. Where nothing may be added nothing is printed, and the exit code is 1.",
    ja: "ARC の組 (RFC 8617) を先頭に付けたメールを出力します。組に書く結果は sekisho verify と同じようにその場で検証して求めます。--trust-header を付けると、メールにある自組織の Authentication-Results から取ります。付けられないときは何も出力せず、終了コードは 1 です。",
  },
  options: {
    ...signingKeyOptions,
    "trust-header": {
      type: "boolean",
      help: {
        en: "take the results from the Authentication-Results fields with our authserv-id",
        ja: "自組織の authserv-id の Authentication-Results から結果を取る",
      },
    },
    ip: { type: "string", value: "ADDR", help: { en: "the SMTP client", ja: "接続元の IP アドレス" } },
    helo: {
      type: "string",
      value: "NAME",
      mayBeEmpty: true,
      help: { en: "with --ip: what it gave as HELO", ja: "--ip とともに使う。HELO の名前" },
    },
    "mail-from": {
      type: "string",
      value: "ADDR",
      mayBeEmpty: true,
      help: { en: "with --ip: the envelope sender", ja: "--ip とともに使う。エンベロープの送信者" },
    },
    "authserv-id": {
      type: "string",
      value: "NAME",
      help: { en: "in whose name the results are written", ja: "結果に書くホスト名（authserv-id）" },
    },
    canonicalization: {
      type: "string",
      value: "HEADER/BODY",
      help: { en: "relaxed or simple for each", ja: "ヘッダーと本文の正規化（relaxed か simple）" },
    },
    "field-only": {
      type: "boolean",
      help: { en: "print the new fields alone", ja: "追加するヘッダーだけを出力する" },
    },
    now: {
      type: "string",
      value: "RFC3339",
      help: { en: "the time of sealing and of expiry checks", ja: "封印と有効期限の確認の日時" },
    },
    ...configOption,
    ...dnsOptions,
  },
  maxArguments: 1,
  async run(values, [file], io) {
    const text = signingText(io.lang);
    if (values["trust-header"])
      for (const option of givenOptions(values))
        if (forEvaluation.has(option)) throw usageError(text.usage.noResultsOption(`--${option}`));
    const given = onlyKeyOfOptions(values, io);
    const client = readClient(values, io);
    const now = readNow(values.now, io);
    const canonicalization = readCanonicalization(values.canonicalization, io);
    const config = await (given === undefined ? readConfigInUse : readConfig)(values.config, io);
    const authservId = readAuthservId(values["authserv-id"], io) ?? config.authservId ?? config.hostname;
    const clock = now === undefined ? systemClock : fixedClock(now);
    const keys = await loadKeys(given === undefined ? sealingRows(config, text) : [given], config, io);
    const key = preferred(keys);
    if (key === undefined) throw new SekishoError("NOT_FOUND", text.noSealKey);
    const message = await readWholeMessage(file, io);
    const dns = openDns(values, config.dns, io);
    try {
      const results = values["trust-header"]
        ? statedResults(message, authservId, text)
        : await evaluate(message, { config, authservId, client, clock, dns, io });
      const sealing = openArcSealing(message.head, {
        key: key.key,
        clock,
        results: () => results,
        ...(canonicalization !== undefined && { canonicalization }),
      });
      const outcome = await feedBody(message, sealing);
      if (outcome.kind === "unsealed") {
        const reasons: Readonly<Record<string, string>> = { ...text.unsigned, ...text.unsealed };
        throw new SekishoError("NOT_FOUND", reasons[outcome.reason] ?? outcome.reason);
      }
      const fields = outcome.fields.map((field) => formatSignedField(field, message.lineEnd)).join("");
      printMessage(fields, message, values["field-only"], io);
      return exitOk;
    } finally {
      dns.close();
    }
  },
});

/** Rows of `sign.keys` that `seal` names. */
function sealingRows({ seal: wanted, sign }: Config, text: SigningText): readonly SigningKeyConfig[] {
  if (wanted === undefined) throw new SekishoError("NOT_FOUND", text.noSealKey);
  return sign.keys.filter((row) => isNamed(row, wanted));
}

function isNamed({ domain, selector }: SigningKeyConfig, wanted: SealConfig): boolean {
  return domain === wanted.domain && (wanted.selector === undefined || selector === wanted.selector);
}

/** RSA first: verifiers of ARC know it for certain. */
function preferred(keys: readonly LoadedKey[]): LoadedKey | undefined {
  return keys.find(({ key }) => key.algorithm === "rsa-sha256") ?? keys[0];
}

function statedResults({ head }: WholeMessage, authservId: string, text: SigningText): HopResults {
  const found = ownResults(head, authservId);
  if (found === undefined) throw new SekishoError("NOT_FOUND", text.noOwnResults(authservId));
  return { payload: found.payload, chain: found.chain ?? "none" };
}

async function evaluate(
  message: WholeMessage,
  setup: {
    readonly config: Config;
    readonly authservId: string;
    readonly client: SmtpClient | undefined;
    readonly clock: Clock;
    readonly dns: ReturnType<typeof openDns>;
    readonly io: Io;
  },
): Promise<HopResults> {
  const options = { ...(await optionsOf(setup.config, setup.io)), arc: "verify" as const };
  const results = await feedBody(
    message,
    openAuthentication(message.head, {
      dns: setup.dns.resolver,
      clock: setup.clock,
      options,
      ...(setup.client !== undefined && { client: setup.client }),
    }),
  );
  return { payload: formatResultsField(setup.authservId, results), chain: results.arc?.result ?? "none" };
}
