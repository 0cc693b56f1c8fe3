import { SekishoError } from "../../errors.ts";
import { Refusal } from "./sql.ts";

/** SQLSTATE classes of what is in the values: data exception, integrity constraint, program limit. */
const refusedClasses: ReadonlySet<string> = new Set(["22", "23", "54"]);
/** Serialization failure, deadlock, no lock in time; connection lost; the server stops, starts or runs over. */
const passingStates = /^(?:40001|40P01|55P03|57P0[1-4]|08...|53...)$/;
const passingCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
]);

/** Whether the same may well succeed in a moment. */
export function isPassing(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === "string") return passingStates.test(code) || passingCodes.has(code);
  // What pg itself says of a connection that has ended has no code.
  return (
    typeof message === "string" &&
    /^(?:Connection terminated|timeout exceeded)|connection timeout/i.test(message)
  );
}

/** What a caller is told: a Refusal where the values are to blame, else that the store is not available. */
export function postgresFailure(error: unknown): Error {
  if (error instanceof SekishoError || error instanceof Refusal) return error;
  const { code } = error as { readonly code?: unknown };
  const reason = error instanceof Error ? error.message : String(error);
  const isState = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
  const refused = isState ? refusedClasses.has(code.slice(0, 2)) : code === undefined && !isPassing(error);
  return refused
    ? new Refusal(reason, { cause: error })
    : new SekishoError("STORE_UNAVAILABLE", `PostgreSQL: ${reason}`, { cause: error });
}
