import type { SekishoError } from "../errors.ts";
import { StoreError, type StorePlace } from "../store/store-error.ts";
import type { Lang } from "./lang.ts";
import { type StoreText, storeText } from "./text/store-text.ts";

/**
 * What has gone wrong with a store, in the operator's language and with the words of its engine behind; undefined where the error
 * is none of a store, and its message is in his language already.
 */
export function storeFailure(error: SekishoError, lang: Lang): string | undefined {
  if (!(error instanceof StoreError)) return undefined;
  const { place, failure } = error;
  const text = storeText(lang);
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
