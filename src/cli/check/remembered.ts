import type { KnownSelector } from "../../checker/context.ts";
import type { RecordStore } from "../../store/port.ts";
import { openRecordStore } from "../../store/record-store.ts";

/** Selectors that the filter saw sign. */
export interface Remembered {
  selectors(domain: string): Promise<readonly KnownSelector[]>;
  close(): void;
}

const dayMs = 86_400_000;
const lookBackMs = 35 * dayMs;
/** Each question reads all records of that time. */
const maxDomains = 50;

/** Reads the records in `data_dir`, if there are any; without them nothing is remembered. */
export function openRemembered(dataDir: string, domains: number, now: number): Remembered {
  const store = domains > maxDomains ? undefined : openStore(dataDir);
  return {
    async selectors(domain) {
      try {
        const found = (await store?.listSelectors({ domain, since: now - lookBackMs })) ?? [];
        return found.map((selector) => ({ selector, from: "records" }));
      } catch {
        return [];
      }
    },
    close: () => void store?.close(),
  };
}

/** A check must not depend on the records: `status` tells when they cannot be read. */
function openStore(dataDir: string): RecordStore | undefined {
  try {
    return openRecordStore({ dataDir });
  } catch {
    return undefined;
  }
}
