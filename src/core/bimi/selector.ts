import { parseDkimSignature } from "../dkim/signature.ts";
import { type Field, fieldsNamed, type MessageHead, rawValue } from "../message/message.ts";
import { parseTagList, type TagList } from "../message/taglist.ts";
import type { BimiResult, DkimResult } from "../results.ts";

/** The selector to ask for. */
export interface ChosenSelector {
  /** Lower case. */
  readonly selector: string;
  /** Why a BIMI-Selector field was passed over. */
  readonly ignored?: NonNullable<BimiResult["selectorIgnored"]>;
}

const defaultSelector = "default";
const maxSelector = 200;

/**
 * The selector that the message names: BIMI draft §5.1. A field that is not covered by a passing signature which DMARC
 * relied on is passed over (§5.5), and so are several, which no reader could choose between.
 * @param alignedDkim Domains of the signatures that gave the DMARC pass.
 */
export function chooseSelector(
  head: MessageHead,
  dkim: readonly DkimResult[],
  alignedDkim: readonly string[],
): ChosenSelector {
  const [field, ...others] = fieldsNamed(head, "bimi-selector");
  if (field === undefined) return { selector: defaultSelector };
  if (others.length > 0) return { selector: defaultSelector, ignored: "several" };
  const selector = parseSelectorField(rawValue(head, field));
  if (selector === undefined) return { selector: defaultSelector, ignored: "syntax" };
  return isSigned(head, dkim, alignedDkim)
    ? { selector }
    : { selector: defaultSelector, ignored: "unsigned" };
}

/**
 * Reads the value of a BIMI-Selector field: BIMI draft §5.1. Tag names may be in any letter case, as header fields of
 * BIMI are "case insensitive"; the version must be exactly BIMI1.
 * @returns The selector in lower case; undefined when the field must be ignored.
 */
export function parseSelectorField(value: string): string | undefined {
  const list = parseTagList(value);
  const named = lowerNames(list);
  const [version] = named.tags;
  if (list.problem !== undefined || version?.name !== "v" || version.value !== "BIMI1") return undefined;
  const selectors = named.tags.filter(({ name }) => name === "s");
  const [selector] = selectors;
  if (selector === undefined || selectors.length > 1) return undefined;
  return isSelector(selector.value) ? selector.value.toLowerCase() : undefined;
}

function lowerNames({ tags }: TagList): TagList {
  return { tags: tags.map((tag) => ({ ...tag, name: tag.name.toLowerCase() })) };
}

/** §4.4: sub-domain *( "." sub-domain ), RFC 5321 §4.1.2. */
function isSelector(text: string): boolean {
  return (
    text.length <= maxSelector &&
    text
      .split(".")
      .every((label) => /^[A-Za-z0-9-]{1,63}$/.test(label) && !label.startsWith("-") && !label.endsWith("-"))
  );
}

function isSigned(head: MessageHead, dkim: readonly DkimResult[], alignedDkim: readonly string[]): boolean {
  return dkim.some(({ result, domain, fieldIndex }) => {
    const field = head.fields[fieldIndex];
    return (
      result === "pass" && alignedDkim.includes(domain) && field !== undefined && signsSelector(head, field)
    );
  });
}

function signsSelector(head: MessageHead, field: Field): boolean {
  const signature = parseDkimSignature(rawValue(head, field));
  return signature.problem === undefined && signature.signedFields.includes("bimi-selector");
}
