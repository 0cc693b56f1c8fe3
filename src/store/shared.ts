import { readSecret } from "../config/secret.ts";
import type { PostgresEngine } from "./reports/postgres-engine.ts";
import {
  openSourceNames,
  openSourceNamesToRead,
  type SourceNameReader,
  type SourceNameStore,
} from "./source-names.ts";
import { openState, openStateToRead } from "./sqlite-state.ts";
import type { StateStore } from "./state.ts";

/** What machines with the same `store` know together, such as the operator's labels: in that database, else in `data_dir`. */
interface Place {
  readonly store?: string;
  readonly dataDir: string;
}

/** @throws SekishoError STORE_UNAVAILABLE, or CONFIG_INVALID when `store` refers to a secret that cannot be read. */
export async function openSharedState({ store, dataDir }: Place): Promise<StateStore> {
  if (store === undefined) return openState(dataDir);
  const { postgresState } = await import("./postgres-state.ts");
  return postgresState(await openEngine(store));
}

/** @returns undefined when there is none. @throws As `openSharedState`. */
export async function openSharedStateToRead(place: Place): Promise<StateStore | undefined> {
  return place.store === undefined ? openStateToRead(place.dataDir) : openSharedState(place);
}

/** @throws As `openSharedState`. */
export async function openSharedNames({ store, dataDir }: Place): Promise<SourceNameStore> {
  if (store === undefined) return openSourceNames(dataDir);
  const { postgresSourceNames } = await import("./postgres-source-names.ts");
  return postgresSourceNames(await openEngine(store));
}

/** Without names where there are none yet. @throws As `openSharedState`. */
export async function openSharedNamesToRead(place: Place): Promise<SourceNameReader> {
  return place.store === undefined ? openSourceNamesToRead(place.dataDir) : openSharedNames(place);
}

async function openEngine(store: string): Promise<PostgresEngine> {
  // Only who uses it waits for its loading.
  const { openPostgresEngine } = await import("./reports/postgres-engine.ts");
  return openPostgresEngine({ url: await readSecret(store) });
}
