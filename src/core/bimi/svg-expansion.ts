import type { XmlElement } from "./xml.ts";

/**
 * How many elements a picture comes to when every `use` is drawn, counted up to `limit`; `limit` for one that contains
 * itself. A few dozen `use` elements that double one another are enough to bring a drawing program down.
 */
export function expandedSize(elements: readonly XmlElement[], limit: number): number {
  const byId = new Map<string, number>();
  for (const [index, { attributes }] of elements.entries()) {
    const id = attributes.get("id") ?? attributes.get("xml:id");
    if (id !== undefined && !byId.has(id)) byId.set(id, index);
  }
  // `limit` while an element is being counted: meeting it again is a circle.
  const sizes = new Map<number, number>();
  const sizeOf = (index: number): number => {
    const known = sizes.get(index);
    if (known !== undefined) return known;
    sizes.set(index, limit);
    let size = 0;
    const end = elements[index]?.end ?? index;
    for (let i = index; i < end && size < limit; i++) {
      const target = usedId(elements[i]);
      const at = target === undefined ? undefined : byId.get(target);
      size += 1 + (at === undefined ? 0 : sizeOf(at));
    }
    sizes.set(index, Math.min(size, limit));
    return Math.min(size, limit);
  };
  return elements.length === 0 ? 0 : sizeOf(0);
}

function usedId(element: XmlElement | undefined): string | undefined {
  if (element?.name !== "use") return undefined;
  const reference = element.attributes.get("xlink:href") ?? element.attributes.get("href");
  return reference?.startsWith("#") ? reference.slice(1) : undefined;
}
