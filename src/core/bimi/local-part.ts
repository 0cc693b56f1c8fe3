const maxLabel = 63;
const maxLocalPart = 320;

/**
 * The selector that a local part stands for: BIMI draft §4.5 step 3. In lower case, as selectors know no case.
 * @returns undefined when it cannot be a selector.
 */
export function localPartSelector(localPart: string): string | undefined {
  if (localPart.length > maxLocalPart) return undefined;
  const plus = localPart.indexOf("+");
  const base = plus < 0 ? localPart : localPart.slice(0, plus);
  const selector = withoutOuterDashes(base.replaceAll(/[_.]+/g, "-")).toLowerCase();
  return selector.length <= maxLabel && /^[a-z0-9-]+$/.test(selector) ? selector : undefined;
}

function withoutOuterDashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === "-") start += 1;
  while (end > start && text[end - 1] === "-") end -= 1;
  return text.slice(start, end);
}

/** §4.5 step 4: no prefix at all lets every local part in. */
export function matchesPrefix(selector: string, prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || prefixes.some((prefix) => selector.startsWith(prefix));
}
