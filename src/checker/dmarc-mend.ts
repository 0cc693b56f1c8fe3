import {
  type DmarcTag,
  type IntendedRecord,
  isKnownTag,
  isValueOf,
  meantTag,
  meantValue,
  reportEntries,
} from "./dmarc-text.ts";

/** Of a record that receivers read as it was meant: names known, each once, `v` first and `p` second. */
export type MendedTags = ReadonlyMap<string, string>;

/** RFC 9989 appendix C.5.2. */
const removedTags: readonly string[] = ["pct", "rf", "ri"];

/**
 * The same record without its faults of form: what can be repaired is, what means nothing is left out, and what was
 * meant stays. A policy that cannot be read becomes none, which is what counts already.
 */
export function mendedTags({ tags }: IntendedRecord): MendedTags {
  const mended = new Map<string, string>([
    ["v", "DMARC1"],
    ["p", "none"],
  ]);
  const written = new Set<string>();
  for (const tag of [...tags.filter(({ name }) => isKnownTag(name)), ...renamed(tags)]) {
    if (tag.name === "v" || removedTags.includes(tag.name) || written.has(tag.name)) continue;
    written.add(tag.name);
    const value = mendedValue(tag);
    if (value !== undefined) mended.set(tag.name, value);
  }
  if (!mended.has("ruf")) mended.delete("fo");
  const pct = weakeningPct(tags);
  // RFC 7489 §6.6.4: without it their receivers apply the policy to all mail, which only the owner can want.
  if (pct !== undefined && ["p", "sp"].some((name) => (mended.get(name) ?? "none") !== "none"))
    mended.set("pct", pct);
  return mended;
}

/** The pct= that counts, when it is a number under 100. */
function weakeningPct(tags: readonly DmarcTag[]): string | undefined {
  const value = tags.find(({ name }) => name === "pct")?.value;
  return value !== undefined && /^\d{1,2}$/.test(value) ? value : undefined;
}

function renamed(tags: readonly DmarcTag[]): DmarcTag[] {
  return tags.flatMap(({ name, value }) => {
    const meant = meantTag(name, value);
    return meant === undefined ? [] : [{ name: meant, value }];
  });
}

function mendedValue({ name, value }: DmarcTag): string | undefined {
  if (name === "rua" || name === "ruf") return mendedList(value);
  const word = isValueOf(name, value) ? value.toLowerCase() : meantValue(name, value);
  // RFC 9989 §4.7 fo: "0" and "1" are mutually exclusive; 1 asks for what 0 does and more.
  if (name === "fo" && word !== undefined && word.includes("0") && word.includes("1"))
    return word
      .split(":")
      .map((option) => option.trim())
      .filter((option) => option !== "0")
      .join(":");
  return word;
}

/** Addresses that receivers can use, each once; those of other schemes only where there is no mailto:. */
function mendedList(value: string): string | undefined {
  const uris = reportEntries(value).flatMap(({ uri }) => uri ?? []);
  const mailto = uris.filter(({ scheme }) => scheme === "mailto");
  const texts = [...new Set((mailto.length > 0 ? mailto : uris).map(({ uri }) => uri))];
  return texts.length === 0 ? undefined : texts.join(",");
}

/** The same with a tag changed, or left out where there is no value. */
export function withTag(tags: MendedTags, name: string, value: string | undefined): MendedTags {
  const changed = new Map(tags);
  if (value === undefined) changed.delete(name);
  else changed.set(name, value);
  return changed;
}

/** As a text to publish; each character is one octet. */
export function formatTags(tags: MendedTags): string {
  const text = [...tags].map(([name, value]) => `${name}=${value}`).join("; ");
  return Buffer.from(text, "utf8").toString("latin1");
}
