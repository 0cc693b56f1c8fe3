import type { FragileProblem, RecordedSigning, SigningFailure, UnsignedReason } from "../../store/record.ts";
import type { Lang } from "../lang.ts";
import { signingStoryEn } from "./signing-story-en.ts";
import { signingStoryJa } from "./signing-story-ja.ts";

/** What `explain` says about signing. */
export interface SigningStoryText {
  readonly heading: string;
  readonly labels: Readonly<
    Record<"signed" | "unsigned" | "failed" | "from" | "login" | "fragile" | "burst", string>
  >;
  readonly reason: Readonly<Record<UnsignedReason | SigningFailure, string>>;
  readonly fragile: Readonly<Record<FragileProblem, string>>;
  readonly burst: (count: number, messages: number, per: string) => string;
  readonly action: Readonly<Record<NonNullable<RecordedSigning["action"]>, string>>;
}

const texts: Readonly<Record<Lang, SigningStoryText>> = { en: signingStoryEn, ja: signingStoryJa };

export function signingStoryText(lang: Lang): SigningStoryText {
  return texts[lang];
}
