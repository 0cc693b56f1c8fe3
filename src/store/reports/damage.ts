import { StoreError, type StorePlace, wordsOf } from "../store-error.ts";

/** Errors of what is kept in a database that is well, and cannot be read: a row that was changed or cut off. */
export class Damage {
  readonly #place: StorePlace;

  constructor(place: StorePlace) {
    this.#place = place;
  }

  /** @param report Its key. */
  report(report: string, cause: unknown): StoreError {
    const said = wordsOf(cause);
    const message = `report ${report} is damaged: ${said}; sekisho report reparse reads it again where its mail or file is kept`;
    return this.#error({ fault: "damaged-report", report, said }, message, cause);
  }

  raw(digest: string, cause: unknown): StoreError {
    const said = wordsOf(cause);
    const message = `the mail or file ${digest} is damaged: ${said}; only a backup has it whole`;
    return this.#error({ fault: "damaged-raw", digest, said }, message, cause);
  }

  /** Of what was read from a mail or file. */
  documents(digest: string, cause: unknown): StoreError {
    const said = wordsOf(cause);
    const message = `what was read from the mail or file ${digest} is damaged: ${said}; only a backup has it whole`;
    return this.#error({ fault: "damaged-documents", digest, said }, message, cause);
  }

  /** @param report The key of the report that the records are of. */
  details(report: string, cause: unknown): StoreError {
    const said = wordsOf(cause);
    const message = `records of report ${report} are damaged: ${said}; sekisho report reparse reads them again where the mail or file is kept`;
    return this.#error({ fault: "damaged-details", report, said }, message, cause);
  }

  #error(failure: StoreError["failure"], message: string, cause: unknown): StoreError {
    const where = this.#place.kind === "file" ? this.#place.path : "PostgreSQL";
    return new StoreError({ place: this.#place, failure, message: `${where}: ${message}` }, { cause });
  }
}

/** What is read of the database. @throws What `damaged` makes of an error. */
export function unlessDamaged<T>(read: () => T, damaged: (error: unknown) => StoreError): T {
  try {
    return read();
  } catch (error) {
    throw damaged(error);
  }
}

/** An object that stands as JSON in a database. @throws Whatever the text is. */
export function storedObject(text: unknown): object {
  const value = JSON.parse(String(text)) as unknown;
  if (typeof value !== "object" || value === null) throw new SyntaxError("no object of JSON");
  return value;
}
