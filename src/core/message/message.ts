/** One header field, as offsets into the octets of the head; nothing is decoded or re-encoded. */
export interface Field {
  /** The name as written, without white space before the colon. */
  readonly name: string;
  readonly lowerName: string;
  /** First octet of the name. */
  readonly start: number;
  /** First octet after the colon. */
  readonly valueStart: number;
  /** After the CRLF that ends the field. */
  readonly end: number;
}

/** The header of a message: RFC 5322 §2.2. Fields from the top. */
export interface MessageHead {
  readonly octets: Buffer;
  readonly fields: readonly Field[];
}

/** The value of a field with its folds, without the CRLF at its end; each character is one octet. */
export function rawValue(head: MessageHead, field: Field): string {
  return head.octets.toString("latin1", field.valueStart, field.end - 2);
}

/** Fields of that name (lower case), from the top. */
export function fieldsNamed(head: MessageHead, lowerName: string): Field[] {
  return head.fields.filter((field) => field.lowerName === lowerName);
}
