export type Lang = "ja" | "en";
/** One text in every language that the program speaks. */
export type Translated = Readonly<Record<Lang, string>>;
