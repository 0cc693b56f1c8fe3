import { type Field, type MessageHead, rawValue } from "../message/message.ts";
import { type TagList, tagValue } from "../message/taglist.ts";
import type { ArcProblem, ArcWord } from "../results.ts";
import { leadingInstance, maxInstance, readPosition } from "./instance.ts";
import { type MessageSignature, readMessageSignature } from "./message-signature.ts";
import { readChainValidation, readSeal, type SealSignature } from "./seal.ts";
import { parseArcTags } from "./tags.ts";

/** All ARC fields of a message together; a chain that is longer would only cost time. */
const maxChainOctets = 256 * 1024;

/** The three fields of one instance, read. RFC 8617 §4.2. */
export interface ChainSet {
  readonly instance: number;
  /** ARC-Authentication-Results, and what stands in it behind the instance. */
  readonly results: Field;
  readonly payload: string;
  /** ARC-Message-Signature; its tags are undefined when they break the syntax. */
  readonly messageField: Field;
  readonly messageSignature: MessageSignature | undefined;
  /** ARC-Seal; likewise. */
  readonly sealField: Field;
  readonly seal: SealSignature | undefined;
  /** `cv=`; undefined when it is none of the three words. */
  readonly chainValidation: ArcWord | undefined;
}

/** What RFC 8617 §5.2 steps 1 to 3 come to. */
export interface ArcChain {
  /** Instances that at least one field names. */
  readonly instances: number;
  /** Whole sets, the oldest first; when there is no problem those of every instance from 1 on. */
  readonly sets: readonly ChainSet[];
  /** The chain fails for this, whatever its signatures say. */
  readonly problem?: ArcProblem;
}

const noChain: ArcChain = { instances: 0, sets: [] };

/**
 * Collects the ARC sets of a message and looks at their structure: RFC 8617 §5.2 steps 1 to 3.
 * @returns undefined without any ARC field: there is no chain then.
 */
export function readChain(head: MessageHead): ArcChain | undefined {
  const fields = head.fields.filter((field) => fieldKinds.has(field.lowerName));
  if (fields.length === 0) return undefined;
  if (head.truncated === true || isTooLong(fields)) return { ...noChain, problem: "too-many-sets" };
  const collected = collectSets(head, fields);
  // §5.2 step 1: more than fifty sets.
  if (collected.highest > maxInstance) return { ...noChain, problem: "too-many-sets" };
  const sets = wholeSets(collected);
  const problem = structureProblem(collected, sets);
  return { instances: collected.byInstance.size, sets, ...(problem !== undefined && { problem }) };
}

type FieldKind = "results" | "messages" | "seals";
const fieldKinds: ReadonlyMap<string, FieldKind> = new Map([
  ["arc-authentication-results", "results"],
  ["arc-message-signature", "messages"],
  ["arc-seal", "seals"],
]);

function isTooLong(fields: readonly Field[]): boolean {
  // §4.2.1: one field of each kind for an instance; more are too many sets, or a set that is not whole.
  if (fields.length > 3 * maxInstance) return true;
  return fields.reduce((sum, { start, end }) => sum + end - start, 0) > maxChainOctets;
}

interface CollectedField {
  readonly field: Field;
  /** Of a seal or message signature. */
  readonly tags: TagList;
  /** Of results. */
  readonly payload: string;
}

type CollectedSet = { readonly [kind in FieldKind]: CollectedField[] };

interface Collected {
  readonly byInstance: ReadonlyMap<number, CollectedSet>;
  readonly highest: number;
  /** A field names no instance that can be read. */
  readonly stray: boolean;
}

function collectSets(head: MessageHead, fields: readonly Field[]): Collected {
  const byInstance = new Map<number, CollectedSet>();
  let highest = 0;
  let stray = false;
  for (const field of fields) {
    const kind = fieldKinds.get(field.lowerName) as FieldKind;
    const { instance, ...one } = readField(head, field, kind);
    if (instance === undefined) {
      stray = true;
      continue;
    }
    highest = Math.max(highest, instance);
    const set = byInstance.get(instance) ?? { results: [], messages: [], seals: [] };
    byInstance.set(instance, set);
    set[kind].push(one);
  }
  return { byInstance, highest, stray };
}

function readField(
  head: MessageHead,
  field: Field,
  kind: FieldKind,
): CollectedField & { readonly instance: number | undefined } {
  const value = rawValue(head, field);
  if (kind !== "results") {
    const tags = parseArcTags(value);
    return { field, tags, payload: "", instance: readPosition(tagValue(tags, "i") ?? "") };
  }
  // §4.1.1: here the instance comes first, and a semicolon after it.
  const leading = leadingInstance(value);
  const instance = leading === undefined ? undefined : readPosition(leading.position);
  const payload = leading === undefined ? "" : value.slice(leading.end + 1);
  return { field, tags: { tags: [] }, payload, instance };
}

function wholeSets({ byInstance }: Collected): ChainSet[] {
  const sets: ChainSet[] = [];
  for (const [instance, set] of [...byInstance].sort(([a], [b]) => a - b)) {
    const [results, message, seal] = [set.results[0], set.messages[0], set.seals[0]];
    if (results === undefined || message === undefined || seal === undefined || !isWhole(set)) continue;
    sets.push({
      instance,
      results: results.field,
      payload: results.payload,
      messageField: message.field,
      messageSignature: readMessageSignature(message.tags),
      sealField: seal.field,
      seal: readSeal(seal.tags),
      chainValidation: readChainValidation(seal.tags),
    });
  }
  return sets;
}

function isWhole({ results, messages, seals }: CollectedSet): boolean {
  return results.length === 1 && messages.length === 1 && seals.length === 1;
}

function structureProblem(
  { byInstance, highest, stray }: Collected,
  sets: readonly ChainSet[],
): ArcProblem | undefined {
  // §5.2 step 2: the newest seal says so itself.
  const seals = byInstance.get(highest)?.seals ?? [];
  if (seals.some(({ tags }) => readChainValidation(tags) === "fail")) return "sealed-as-failed";
  if (stray) return "syntax";
  // Step 3 A and B: one field of each kind for each instance from 1 to N.
  if (sets.length !== byInstance.size || sets.length !== highest) return "incomplete-set";
  // Step 3 C.
  const good = sets.every(({ instance, chainValidation }) =>
    instance === 1 ? chainValidation === "none" : chainValidation === "pass",
  );
  if (!good) return "chain-value";
  // A seal that cannot be read cannot be validated (step 6), nor can the newest message signature (step 4).
  const readable =
    sets.every(({ seal }) => seal !== undefined) && sets.at(-1)?.messageSignature !== undefined;
  return readable ? undefined : "syntax";
}
