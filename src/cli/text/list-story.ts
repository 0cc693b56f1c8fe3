import type {
  FromKeptReason,
  FromLeftReason,
  FromRewriteReason,
  RecordedList,
  RecordedListFrom,
  TokenOutcome,
  UnsealedReason,
} from "../../store/record.ts";
import type { Lang } from "../lang.ts";
import { listStoryEn } from "./list-story-en.ts";
import { listStoryJa } from "./list-story-ja.ts";

/** What `explain` says about mail that goes in to lists and comes back, and about sealing. */
export interface ListStoryText {
  readonly heading: string;
  readonly sealHeading: string;
  readonly labels: Readonly<
    Record<
      "list" | "token" | "author" | "from" | "broken" | "remembered" | "sealed" | "unsealed" | "results",
      string
    >
  >;
  readonly remembered: string;
  readonly notRemembered: string;
  readonly by: Readonly<Record<RecordedList["by"], string>>;
  readonly token: Readonly<Record<TokenOutcome, string>>;
  readonly outcome: Readonly<Record<RecordedListFrom["outcome"], string>>;
  readonly reason: Readonly<Record<FromRewriteReason | FromKeptReason | FromLeftReason, string>>;
  readonly authorPlace: Readonly<Record<NonNullable<RecordedListFrom["author"]>, string>>;
  readonly broken: Readonly<Record<RecordedList["broken"]["action"], (count: number) => string>>;
  readonly noneBroken: string;
  readonly chain: Readonly<Record<"none" | "pass" | "fail", string>>;
  readonly results: Readonly<Record<"now" | "way-in", string>>;
  readonly unsealed: Readonly<Record<UnsealedReason, string>>;
}

const texts: Readonly<Record<Lang, ListStoryText>> = { en: listStoryEn, ja: listStoryJa };

export function listStoryText(lang: Lang): ListStoryText {
  return texts[lang];
}
