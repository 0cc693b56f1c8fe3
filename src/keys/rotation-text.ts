import type { Lang } from "../findings/lang.ts";
import type { RecordChange } from "./publish.ts";
import type { KeyReason, KeyState, KeyTrouble } from "./rotation.ts";
import type { Awaited } from "./rotation-outlook.ts";
import { rotationEn } from "./rotation-text-en.ts";
import { rotationJa } from "./rotation-text-ja.ts";

/** What is said of keys that rotate, on the command line and in mail. */
export interface RotationText {
  readonly states: Readonly<Record<KeyState, string>>;
  readonly reasons: Readonly<Record<KeyReason, string>>;
  readonly steps: Readonly<Record<KeyTrouble["step"], string>>;
  readonly awaits: Readonly<Record<Awaited, string>>;
  readonly byHand: Readonly<Record<RecordChange["action"], string>>;
  readonly mail: {
    readonly byHandSubject: (name: string) => string;
    readonly troubleSubject: (name: string) => string;
    readonly switchedSubject: (domain: string, selector: string) => string;
    readonly noPlanSubject: (domain: string) => string;
    readonly proved: string;
    readonly trouble: (step: string, reason: string, since: string, times: number) => string;
    readonly signingGoesOn: string;
    readonly switched: (domain: string, selector: string) => string;
    readonly noPlan: (domain: string, reason: string) => string;
    readonly more: string;
  };
}

export function rotationText(lang: Lang): RotationText {
  return lang === "ja" ? rotationJa : rotationEn;
}
