import type { SekishoError } from "../errors.ts";
import { StoreError, type StorePlace, type StoreTrouble } from "../store/store-error.ts";
import type { Lang } from "./lang.ts";
import { type StoreText, storeText } from "./text/store-text.ts";

/**
 * What has gone wrong with a store, in the operator's language and with the words of its engine behind; undefined where the error
 * is none of a store, and its message is in his language already.
 */
export function storeFailure(error: SekishoError, lang: Lang): string | undefined {
  return error instanceof StoreError ? sentence(error, storeText(lang)) : undefined;
}

/** The same of a store of `sekisho serve`, which tries again by itself. */
export function storeTrouble(trouble: StoreTrouble, lang: Lang): string {
  const text = storeText(lang);
  return sentence(trouble, { ...text, faults: { ...text.faults, ...text.faultsOfServe } });
}

function sentence({ place, failure }: StoreTrouble, text: StoreText): string {
  const what = nameOf(place, text);
  switch (failure.fault) {
    case "newer-schema":
      return text.newer(what, String(failure.version));
    case "no-dump":
      return text.noDump;
    case "dump-failed":
      return text.dumpFailed(failure.said);
    case "damaged-raw":
      return text.damagedRaw(what, failure.digest, failure.said);
    case "damaged-documents":
      return text.damagedDocuments(what, failure.digest, failure.said);
    case "damaged-report":
      return text.damagedReport(what, failure.report, failure.said);
    case "damaged-details":
      return text.damagedDetails(what, failure.report, failure.said);
    default:
      return text.unusable(what, text.faults[failure.fault], failure.said);
  }
}

function nameOf(place: StorePlace, text: StoreText): string {
  switch (place.kind) {
    case "file":
      return text.file(place.path);
    case "postgresql":
      return text.postgres;
    case "records":
      return text.records;
  }
}
