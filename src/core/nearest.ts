const maxWord = 40;

/**
 * The name most like `word`, for a "did you mean"; undefined when none is near enough, or the word is long.
 * @param maxDistance Edits at most, and never more than a third of the word.
 */
export function nearest(
  word: string,
  names: readonly string[],
  maxDistance: number = Number.POSITIVE_INFINITY,
): string | undefined {
  if (word.length > maxWord) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, "");
  let best: string | undefined;
  // One letter is like every other.
  let bestDistance = Math.min(maxDistance, word.length - 1, Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const name of names) {
    const distance = editDistance(plain(word), plain(name));
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Edits from one word to the other: a letter more, less or another, or two neighbours swapped. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      row.push(best);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] as number;
}
