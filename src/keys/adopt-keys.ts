import type { SignConfig, SigningKeyConfig } from "../config/sign-config.ts";
import { selectorDate } from "./generate-key.ts";
import { keyId, listKeys, readKey, rotatesIn, saveKey, wantedKeys } from "./rotated-keys.ts";
import { isIncoming, type KeyEvent, type RotatedKey } from "./rotation.ts";
import type { RotationContext } from "./rotation-context.ts";
import { nameOfKind, nameOfWanted } from "./rotation-plan.ts";

/** Keys of `sign.keys` whose domain rotates are the first ones in use. @param isTime Whether a row is to be tried. */
export async function adoptKeys(
  context: RotationContext,
  isTime: (row: SigningKeyConfig) => boolean,
): Promise<void> {
  const { sign, state } = context;
  for (const row of rowsToAdopt(sign, await state.tx(listKeys)))
    if (isTime(row)) await adoptRow(context, row);
}

/** Rows of `sign.keys` whose domain rotates and whose key is not known yet; of several for one key the last. */
export function rowsToAdopt(sign: SignConfig, keys: readonly RotatedKey[]): readonly SigningKeyConfig[] {
  const known = new Set(keys.map(keyId));
  const rows = new Map(sign.keys.filter(rotatesIn(sign)).map((row) => [keyId(row), row]));
  return [...rows.values()].filter((row) => !known.has(keyId(row)));
}

async function adoptRow(context: RotationContext, row: SigningKeyConfig): Promise<void> {
  const { domain, selector, file } = row;
  const written = await context.files.read(row).catch(() => undefined);
  const found = written && (await context.prover.zoneOf(domain));
  // What is wrong with the file is told where it is loaded to sign.
  if (found === undefined || "fault" in found) return;
  const now = context.now();
  const key: RotatedKey = {
    domain,
    selector,
    type: written?.type ?? "rsa",
    file,
    origin: "configuration",
    state: "active",
    since: now,
    why: "adopted",
    history: [],
    zone: found.zone,
    ...(written !== undefined && { publicKey: written.publicKey, record: written.record }),
    staleMs: 0,
    activeAt: selectorDate(selector) ?? now,
    // Other hosts may sign with a key that somebody has put there by hand.
    held: true,
    jitter: context.random(),
    nextAt: now,
  };
  await context.journal.change(async ({ tx, notes }) => {
    if ((await readKey(tx, row)) !== undefined) return;
    await saveKey(tx, key);
    notes.push({ kind: "moved", key, from: "planned" });
  });
}

/** Keys of a kind that the domain is no longer to have. */
export async function dropUnwanted(context: RotationContext): Promise<void> {
  const { sign } = context;
  await context.journal.change(async (changing) => {
    for (const [key, event] of unwantedKeys(sign, await listKeys(changing.tx)))
      await context.journal.advanceIn(changing, key, event);
  });
}

/** What is to happen to keys of a kind that their domain is no longer to have. */
export function unwantedKeys(
  sign: SignConfig,
  keys: readonly RotatedKey[],
): readonly (readonly [RotatedKey, KeyEvent])[] {
  const wanted = new Set(wantedKeys(sign, keys).map(nameOfWanted));
  const isWanted = (key: RotatedKey): boolean => wanted.has(nameOfKind(key));
  return keys.flatMap((key): (readonly [RotatedKey, KeyEvent])[] => {
    if (isWanted(key)) return [];
    if (isIncoming(key)) return [[key, { kind: "abandon" }]];
    // Mail goes on being signed by another one.
    const another = keys.some((one) => one.domain === key.domain && one.state === "active" && isWanted(one));
    return key.state === "active" && key.origin === "rotation" && another
      ? [[key, { kind: "supersede" }]]
      : [];
  });
}
