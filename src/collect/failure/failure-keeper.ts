import { randomBytes } from "node:crypto";
import type { FailureContent } from "../../config/collect-config.ts";
import type { ReadDocument } from "../../store/reports/port.ts";
import type { StateStore } from "../../store/state.ts";
import { type KeepFailuresOptions, type KeptFailures, keepFailures } from "./keep-failures.ts";
import { openRedaction } from "./redaction.ts";

/** What is to be kept of an arrival; undefined: all of it, as it came. */
export type FailureKeeper = (
  octets: Buffer,
  documents: readonly ReadDocument[],
  about: Omit<KeepFailuresOptions, "redact">,
) => Promise<KeptFailures | undefined>;

/** @param openState Asked only where something is to be redacted: the key is in it. It is closed again. */
export function createFailureKeeper(
  content: FailureContent,
  openState: () => Promise<StateStore>,
): FailureKeeper {
  switch (content) {
    case "message":
      return async () => undefined;
    case "headers":
      return keepFailures;
    case "redacted": {
      let key: Promise<Buffer> | undefined;
      return async (octets, documents, about) => {
        if (!documents.some(({ kind }) => kind === "failure")) return undefined;
        key ??= redactionKey(openState);
        // One that could not be read is asked for again.
        key.catch(() => {
          key = undefined;
        });
        return keepFailures(octets, documents, { ...about, redact: openRedaction(await key) });
      };
    }
  }
}

const kind = "failure-redaction";
const id = "key";
const keyOctets = 32;

/** The same one for ever: with another one the same address would be another word. */
async function redactionKey(openState: () => Promise<StateStore>): Promise<Buffer> {
  const state = await openState();
  try {
    return await state.tx(async (tx) => {
      const known = (await tx.get(kind, id)) as { readonly key: string } | undefined;
      if (known !== undefined) return Buffer.from(known.key, "base64");
      const key = randomBytes(keyOctets);
      await tx.put(kind, id, { key: key.toString("base64") });
      return key;
    });
  } finally {
    await state.close();
  }
}
