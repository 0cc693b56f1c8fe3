import type { SealingRefusal } from "../../core/arc/sealing.ts";
import type { SigningProblem } from "../../core/dkim/sign.ts";
import type { SigningKeyProblem } from "../../core/dkim/signing-key.ts";
import type { Lang } from "../lang.ts";
import { signingEn } from "./signing-en.ts";
import { signingJa } from "./signing-ja.ts";

/** What `sign`, `seal`, `key` and `config import-opendkim` say. Findings have tables of their own. */
export interface SigningText {
  readonly usage: {
    readonly keyNeedsAll: string;
    readonly badCanonicalization: (value: string) => string;
    readonly badDuration: (option: string, value: string) => string;
    readonly badPassphrase: string;
    readonly badIdentity: (value: string) => string;
    readonly badFieldName: (option: string, value: string) => string;
    readonly badDomain: (value: string) => string;
    readonly badSelector: (value: string) => string;
    readonly badType: (value: string) => string;
    readonly badBits: (value: string) => string;
    readonly bitsOfRsaOnly: (type: string) => string;
    readonly badService: (value: string) => string;
    readonly badForm: (value: string) => string;
    readonly domainMissing: string;
    readonly noResultsOption: (option: string) => string;
  };
  readonly key: Readonly<Record<SigningKeyProblem, string>>;
  readonly unsigned: Readonly<Record<SigningProblem | "signing-failed", string>>;
  readonly unsealed: Readonly<Record<Exclude<SealingRefusal, SigningProblem>, string>>;
  readonly noKeyFor: (author: string, domains: readonly string[]) => string;
  readonly noSealKey: string;
  readonly noOwnResults: (authservId: string) => string;
  readonly notAligned: (from: string, domain: string) => string;
  readonly mayBreak: (what: string) => string;
  readonly noKeys: string;
  readonly noSuchKey: string;
  readonly keyExists: (file: string) => string;
  readonly generated: {
    readonly file: (file: string) => string;
    readonly publish: string;
    readonly verify: string;
    readonly addKey: string;
  };
  readonly record: {
    readonly zoneEntry: string;
    readonly zoneLine: string;
    readonly webForm: string;
    readonly name: string;
    readonly type: string;
    readonly value: string;
  };
  readonly agrees: (name: string, file: string) => string;
  readonly list: {
    readonly key: string;
    readonly bits: string;
    readonly date: string;
    readonly from: string;
    readonly file: string;
    readonly unusable: string;
    readonly nobody: string;
    readonly subdomains: (domain: string) => string;
    readonly anyDomain: string;
  };
  readonly imported: {
    readonly title: (file: string) => string;
    readonly nothing: string;
  };
}

const texts: Readonly<Record<Lang, SigningText>> = { en: signingEn, ja: signingJa };

export function signingText(lang: Lang): SigningText {
  return texts[lang];
}
