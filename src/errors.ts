/** What the operator has to mend. Stable: scripts may switch on it. */
export type SekishoErrorCode =
  | "USAGE"
  | "CONFIG_INVALID"
  | "CONFIG_UNREADABLE"
  | "FILE_UNREADABLE"
  | "ZONE_INVALID"
  | "LISTEN_FAILED"
  | "STORE_UNAVAILABLE"
  | "NOT_FOUND"
  | "NOT_RUNNING";

/** The operator has to act. What an RFC calls fail, temperror or permerror is a value, never this. */
export class SekishoError extends Error {
  override readonly name = "SekishoError";
  readonly code: SekishoErrorCode;

  constructor(code: SekishoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
