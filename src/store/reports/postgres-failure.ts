import { type EngineFault, isDamagedPart, postgresPlace, StoreError, wordsOf } from "../store-error.ts";
import { Refusal } from "./sql.ts";

/** SQLSTATE classes of what is in the values: data exception, integrity constraint, program limit. */
const refusedClasses: ReadonlySet<string> = new Set(["22", "23", "54"]);
/** Serialization failure, deadlock, no lock in time; connection lost; the server stops, starts or runs over. */
const passingStates = /^(?:40001|40P01|55P03|53...)$/;
/** The server has ended the connection: one of its transactions did nothing for long; it stops. */
const endingStates = /^(?:25P03|57P0[1-4])$/;
const noConnection = /^08...$/;
const networkCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EAI_AGAIN",
]);

/** What pg itself says of a connection that has ended, or over which nothing comes, has no code. */
const endingMessage =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout ex(?:ceeded|pired))|connection timeout/i;

/** Whether the same may well succeed in a moment. */
export function isPassing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return (typeof code === "string" && passingStates.test(code)) || isLostConnection(error);
}

/** Whether the connection is good for nothing more. */
export function isLostConnection(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return isOutOfReach(error) || (typeof code === "string" && endingStates.test(code));
}

/** Whether nothing is heard from the server. */
function isOutOfReach(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === "string") return noConnection.test(code) || networkCodes.has(code);
  return typeof message === "string" && endingMessage.test(message);
}

/** What a caller is told, unless it may pass, where the values of a request are not to blame: without a connection, or of a question. */
export function blameless(error: unknown): unknown {
  return isPassing(error) ? error : unavailable(error);
}

/** What a caller is told: a Refusal where the values are to blame, else that the store is not available. */
export function postgresFailure(error: unknown): Error {
  if (isDamagedPart(error)) return new Refusal(postgresPlace, error);
  if (error instanceof StoreError || error instanceof Refusal) return error;
  const { code } = error as { readonly code?: unknown };
  const isState = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
  const refused = isState ? refusedClasses.has(code.slice(0, 2)) : code === undefined && !isPassing(error);
  return refused ? new Refusal(postgresPlace, error) : unavailable(error);
}

function unavailable(error: unknown): StoreError {
  const said = wordsOf(error);
  return new StoreError(
    { place: postgresPlace, failure: { fault: faultOf(error), said }, message: `PostgreSQL: ${said}` },
    { cause: error },
  );
}

/** SQLSTATEs, or the beginning of them. */
const faults: readonly (readonly [RegExp, EngineFault])[] = [
  [/^28/, "login-refused"],
  [/^3D000/, "no-database"],
  [/^42501/, "no-right-in-database"],
  [/^57P0/, "server-stopping"],
  [/^53100/, "disk-full"],
  // A standby, or one that its operator has made so.
  [/^25006/, "server-read-only"],
  [/^53300/, "server-full"],
  [/^XX00[12]/, "server-damaged"],
  [/^(?:40001|40P01|55P03)/, "busy"],
  // A name that leads nowhere: that does not pass by itself.
  [/^(?:ENOTFOUND|EAI_)/, "unreachable"],
];

function faultOf(error: unknown): EngineFault {
  const { code } = error as { readonly code?: unknown };
  const known = typeof code === "string" ? faults.find(([state]) => state.test(code))?.[1] : undefined;
  return known ?? (isOutOfReach(error) ? "unreachable" : "other");
}
