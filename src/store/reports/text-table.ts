/** Texts by number, from 0, in the order in which they first came. */
export class TextTable {
  readonly #kept: (text: string) => string;
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** @param kept What is kept of a text that is new. */
  constructor(kept: (text: string) => string) {
    this.#kept = kept;
  }

  /** All of them. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  /** The number of a text, which it gets now if it has none. */
  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.length;
    const own = this.#kept(text);
    this.#texts.push(own);
    this.#numbers.set(own, number);
    return number;
  }

  text(number: number): string {
    return this.#texts[number] as string;
  }

  /** The texts in an order that does not depend on when they came, and by their numbers the place of each in it. */
  inOrder(): { readonly texts: readonly string[]; readonly places: readonly number[] } {
    const texts = this.#texts.toSorted();
    const places: number[] = this.#texts.map(() => 0);
    for (const [place, text] of texts.entries()) places[this.#numbers.get(text) as number] = place;
    return { texts, places };
  }
}

/**
 * A copy. A text that was cut out of a document may be a view of it, and so keep all of the document in memory.
 */
export function ownText(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
