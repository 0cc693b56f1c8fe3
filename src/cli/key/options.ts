import type { GeneratedType } from "../../keys/generate-key.ts";
import type { KeyService } from "../../keys/public-record.ts";
import { type OptionValues, usageError } from "../command.ts";
import type { configOption } from "../config-option.ts";
import type { dnsOptions } from "../dns-options.ts";
import type { Io } from "../io.ts";
import type { signingKeyOptions } from "../signing-key-options.ts";
import { signingText } from "../text/signing-text.ts";

/** Those that are of `sekisho key` alone, whatever it is to do. */
export const keyOptions = {
  type: {
    type: "string",
    value: "rsa|ed25519",
    help: {
      en: "generate, rotate: kind of the new key (generate: rsa when left out)",
      ja: "generate と rotate で使う。作る鍵の種類（generate では省略時 rsa）",
    },
  },
  bits: {
    type: "string",
    value: "2048|3072|4096",
    help: { en: "generate: size of the new RSA key", ja: "generate で使う。作る RSA 鍵の長さ" },
  },
  service: {
    type: "string",
    value: "email|tlsrpt",
    help: {
      en: "generate, dns, verify: what the record allows the key for; tlsrpt is for TLS reports",
      ja: "generate、dns、verify で使う。レコードに書く用途。tlsrpt は TLS レポート用",
    },
  },
  dir: {
    type: "string",
    value: "FOLDER",
    help: {
      en: "generate: where new keys go, as FOLDER/DOMAIN/SELECTOR.pem; keys in data_dir when left out",
      ja: "generate で使う。鍵の保存先（フォルダー/ドメイン/セレクタ.pem）。省略時は data_dir の keys",
    },
  },
  form: {
    type: "string",
    value: "zone|line|value",
    help: {
      en: "generate, dns: print the record in this form only",
      ja: "generate と dns で使う。レコードをこの形式だけで出力する",
    },
  },
  compromised: {
    type: "boolean",
    help: {
      en: "retire: others may have the key; it is revoked without waiting for mail on its way",
      ja: "retire で使う。鍵が漏れたおそれがあるとき、配送中のメールを待たずに失効させる",
    },
  },
  now: {
    type: "string",
    value: "RFC3339",
    help: { en: "generate, verify: the present time", ja: "generate と verify で使う。現在の日時" },
  },
  json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
} as const;
export type KeyValues = OptionValues<
  typeof signingKeyOptions & typeof keyOptions & typeof configOption & typeof dnsOptions
>;

export function readType(value: string | undefined, io: Io): GeneratedType {
  if (value === undefined || value === "rsa") return "rsa";
  if (value === "ed25519") return value;
  throw usageError(signingText(io.lang).usage.badType(value));
}

export function readService(value: string | undefined, io: Io): KeyService {
  if (value === undefined || value === "email") return "email";
  if (value === "tlsrpt") return value;
  throw usageError(signingText(io.lang).usage.badService(value));
}
