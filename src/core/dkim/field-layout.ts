/** One tag of a signature field that is being written. */
export interface SignatureTagText {
  readonly name: string;
  /** For `b` the number of characters that it will have, as blanks or anything else: what stands there is left out. */
  readonly value: string;
  /** Whether the value may be folded after its colons (`h=`). */
  readonly foldsAtColons?: boolean;
}

/**
 * Folded: in the order given, every line under 78 columns. Sorted: in the order of their names and folded between tags
 * only, the layout whose signatures are the same for every signer, as test suites want them.
 */
export type FieldLayout = "folded" | "sorted";

/** A field without the value of `b=`: what is signed, cut where the value goes. CRLF folds, no CRLF at the end. */
export interface UnsignedField {
  readonly before: string;
  readonly after: string;
}

const maxColumns = 77;
const fold = "\r\n ";

/** Lays out `Name: tag=value; ...`: RFC 6376 §3.2, §3.5. A word that is longer than a line stands on one of its own. */
export function layOutTags(
  fieldName: string,
  tags: readonly SignatureTagText[],
  layout: FieldLayout = "folded",
): UnsignedField {
  const ordered = layout === "sorted" ? tags.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : tags;
  const writer = new FieldWriter(`${fieldName}:`);
  let before = "";
  for (const [index, tag] of ordered.entries()) {
    const end = index === ordered.length - 1 ? "" : ";";
    if (tag.name === "b") {
      writer.word("b=", layout === "sorted" ? tag.value.length : 8);
      before = writer.text;
      writer.glue(end, layout === "sorted" ? tag.value.length : 0);
    } else if (tag.foldsAtColons === true && layout === "folded") writeNames(tag, end, writer);
    else writer.word(`${tag.name}=${tag.value}${end}`);
  }
  return { before, after: writer.text.slice(before.length) };
}

function writeNames({ name, value }: SignatureTagText, end: string, writer: FieldWriter): void {
  const [first = "", ...rest] = `${value}${end}`.split(/(?<=:)/);
  writer.word(`${name}=${first}`);
  for (const piece of rest) writer.piece(piece);
}

class FieldWriter {
  text: string;
  #column: number;

  constructor(start: string) {
    this.text = start;
    this.#column = start.length;
  }

  /** After a blank or, where it does not fit with so many characters behind it, on the next line. */
  word(word: string, behind = 0): void {
    if (this.#column + 1 + word.length + behind > maxColumns) this.#fold(word);
    else this.glue(` ${word}`);
  }

  /** Right behind what is there, or on the next line. */
  piece(piece: string): void {
    if (this.#column + piece.length > maxColumns) this.#fold(piece);
    else this.glue(piece);
  }

  /** @param columns That go to something that is put in later. */
  glue(text: string, columns = 0): void {
    this.text += text;
    this.#column += text.length + columns;
  }

  #fold(text: string): void {
    this.text += fold + text;
    this.#column = 1 + text.length;
  }
}

/** The whole field; the signature is broken up into lines under 78 columns unless the layout is "sorted". */
export function withSignature(
  { before, after }: UnsignedField,
  signature: string,
  layout: FieldLayout = "folded",
): string {
  if (layout === "sorted") return before + signature + after;
  const column = before.length - (before.lastIndexOf("\n") + 1);
  const pieces = [signature.slice(0, maxColumns - column)];
  for (let at = maxColumns - column; at < signature.length; at += maxColumns - 1)
    pieces.push(signature.slice(at, at + maxColumns - 1));
  return before + pieces.join(fold) + after;
}
