import { SekishoError } from "../errors.ts";

/** What could not be used. */
export type StorePlace =
  | { readonly kind: "file"; readonly path: string }
  /** Of `store`. */
  | { readonly kind: "postgresql" }
  /** The records of mail, behind their thread or read by a command. */
  | { readonly kind: "records" };

/** What keeps a store from being used, as far as the error of its engine tells. */
export type EngineFault =
  | "damaged"
  | "damaged-records"
  | "busy"
  | "disk-full"
  | "read-only"
  | "no-right"
  | "cannot-open"
  /** Another file, or none, is there where the one was that is in use. */
  | "replaced"
  | "disk-failing"
  | "unreachable"
  | "login-refused"
  | "no-database"
  | "no-right-in-database"
  | "server-stopping"
  | "server-read-only"
  | "server-full"
  | "server-damaged"
  /** The thread of the records has ended, or was closed. */
  | "stopped"
  | "other";

export type StoreFailure =
  /** `said`: the engine's own words. */
  | { readonly fault: EngineFault; readonly said: string }
  | { readonly fault: "newer-schema"; readonly version: number }
  | { readonly fault: "no-dump" }
  | { readonly fault: "dump-failed"; readonly said: string }
  /** The octets of one mail or file; `digest`: its name in the store. */
  | { readonly fault: "damaged-raw"; readonly digest: string; readonly said: string }
  /** What was read of one mail or file. */
  | { readonly fault: "damaged-documents"; readonly digest: string; readonly said: string }
  /** One report; `report`: its key. */
  | { readonly fault: "damaged-report"; readonly report: string; readonly said: string }
  /** Results and comments of records. `report`: the key of theirs. */
  | { readonly fault: "damaged-details"; readonly report: string; readonly said: string };

/** All of a StoreError that goes from a thread to another one. */
export interface StoreErrorData {
  readonly place: StorePlace;
  readonly failure: StoreFailure;
  /** For logs, in English. */
  readonly message: string;
}

/** What is wrong, to be said in any language. */
export type StoreTrouble = Pick<StoreErrorData, "place" | "failure">;

/** A store, or a part of one, that cannot be used. */
export class StoreError extends SekishoError {
  readonly place: StorePlace;
  readonly failure: StoreFailure;

  constructor({ place, failure, message }: StoreErrorData, options?: ErrorOptions) {
    super("STORE_UNAVAILABLE", message, options);
    this.place = place;
    this.failure = failure;
  }
}

export function dataOf({ place, failure, message }: StoreError): StoreErrorData {
  return { place, failure, message };
}

export function troubleOf({ place, failure }: StoreTrouble): StoreTrouble {
  return { place, failure };
}

export const postgresPlace: StorePlace = { kind: "postgresql" };
export const recordsPlace: StorePlace = { kind: "records" };

export function filePlace(path: string): StorePlace {
  return { kind: "file", path };
}

/** What an error says; of several addresses that were tried each has its own, and the whole has no words. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "" || !(error instanceof AggregateError)) return error.message;
  return error.errors.map(wordsOf).join("; ");
}

/** Whether only one mail, file or report, or some records, cannot be read, and the others can. */
export function isDamagedPart(error: unknown): error is StoreError {
  return (
    error instanceof StoreError &&
    ["damaged-raw", "damaged-documents", "damaged-report", "damaged-details"].includes(error.failure.fault)
  );
}
