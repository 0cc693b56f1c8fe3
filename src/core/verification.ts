/**
 * One message on its way through an evaluation (verify, and later sign): opened with its head, fed the body in chunks
 * that may be cut anywhere, finished once. Memory does not grow with the body.
 */
export interface Verification<Results> {
  /** False when nothing will look at the body: the caller may skip it (milter SKIP). */
  readonly needsBody: boolean;
  /** Body octets as they were on the wire, CRLF line ends. The chunk is not kept. */
  body(chunk: Buffer): void;
  /** Never rejects. Call once, after the last chunk. */
  finish(): Promise<Results>;
}
