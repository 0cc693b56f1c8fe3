/** A line without its end, or the news that there was one too long to keep. */
export type InputLine = { readonly kind: "line"; readonly text: string } | { readonly kind: "too-long" };

const lineFeed = 0x0a;

/** Lines of a stream, in UTF-8. Of a line longer than `maxOctets` nothing is kept. */
export async function* readLines(
  input: AsyncIterable<Buffer | string>,
  maxOctets: number,
): AsyncGenerator<InputLine, void, void> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const piece of input) {
    const chunk = typeof piece === "string" ? Buffer.from(piece) : piece;
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      yield inputLine([...parts, chunk.subarray(start, end)], size + end - start, maxOctets);
      parts = [];
      size = 0;
      start = end + 1;
    }
    size += chunk.length - start;
    if (size > maxOctets) parts = [];
    else if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (size > 0) yield inputLine(parts, size, maxOctets);
}

function inputLine(parts: readonly Buffer[], size: number, maxOctets: number): InputLine {
  if (size > maxOctets) return { kind: "too-long" };
  const text =
    parts.length === 1 ? (parts[0] as Buffer).toString("utf8") : Buffer.concat(parts).toString("utf8");
  return { kind: "line", text: text.endsWith("\r") ? text.slice(0, -1) : text };
}
