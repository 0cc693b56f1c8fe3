import { keyRecordName } from "../core/dkim/key-query.ts";
import { splitText } from "./public-record.ts";
import type { RecordChange } from "./publish.ts";
import type { Observation, RotatedKey } from "./rotation.ts";

/** What is to be done in DNS for a step of a key. */
export function changeOf(
  key: RotatedKey,
  action: RecordChange["action"],
  observation?: Observation,
): RecordChange {
  const { domain, selector, zone, record = "", type } = key;
  // RFC 6376 §3.6.1: an empty p= means that the key has been revoked.
  const revoked = `v=DKIM1; k=${type}; p=`;
  const before = observation?.served ?? key.served ?? (record === "" ? undefined : splitText(record));
  return {
    action,
    domain,
    selector,
    zone,
    name: keyRecordName(key),
    text: action === "publish" ? record : revoked,
    ...(action !== "publish" && before !== undefined && { before }),
  };
}
