import type { Clock } from "../clock.ts";
import { type BodyDigest, BodyHashes } from "../dkim/body-hash.ts";
import { canonicalizeFields, FieldPicker, fieldOctets } from "../dkim/canonical-header.ts";
import { type FieldLayout, layOutTags, type SignatureTagText, withSignature } from "../dkim/field-layout.ts";
import { makeSignature, signatureLength } from "../dkim/make-signature.ts";
import {
  headProblem,
  type SignatureCanonicalization,
  type SignedField,
  type SigningProblem,
  signatureInput,
  toSignedField,
} from "../dkim/sign.ts";
import { defaultFields, type FieldSelection, signedNames } from "../dkim/signed-names.ts";
import type { SigningKey } from "../dkim/signing-key.ts";
import type { MessageHead } from "../message/message.ts";
import { rawValue } from "../message/message.ts";
import { tagValue } from "../message/taglist.ts";
import type { ArcWord } from "../results.ts";
import type { Verification } from "../verification.ts";
import { type ArcChain, readChain } from "./chain.ts";
import { leadingInstance, maxInstance, readPosition } from "./instance.ts";
import { parseArcTags } from "./tags.ts";

/** What this hop found out about the message: RFC 8617 §5.1. */
export interface HopResults {
  /** authserv-id and results, as an Authentication-Results field holds them; one octet a character, folds allowed. */
  readonly payload: string;
  /** The state of the chain as the message came in (§5.2). */
  readonly chain: ArcWord;
  /** The header as it leaves, where it was changed after the sealing was opened (§5.1 step 1). */
  readonly head?: MessageHead;
}

export interface ArcSealingContext {
  readonly key: SigningKey;
  readonly clock: Clock;
  /** Asked by `finish`, when all else is known. A rejection leaves the message unsealed. */
  readonly results: () => HopResults | Promise<HopResults>;
  /** Of the message signature; `defaultSealedFields` when absent. */
  readonly fields?: FieldSelection;
  /** Of the message signature; relaxed/relaxed when absent. */
  readonly canonicalization?: SignatureCanonicalization;
  /** "folded" when absent. */
  readonly layout?: FieldLayout;
}

/** Why a message gets no set. */
export type SealingRefusal =
  | SigningProblem
  /** RFC 8617 §5.1 step 2: the newest seal says cv=fail. */
  | "sealed-as-failed"
  /** §4.2.1: it would be the fifty-first. */
  | "too-many-sets"
  /** `results` rejected, or the key failed. */
  | "no-results"
  | "signing-failed";

export type ArcSealing =
  | {
      readonly kind: "sealed";
      readonly instance: number;
      readonly chainValidation: ArcWord;
      /** ARC-Seal, ARC-Message-Signature, ARC-Authentication-Results: to stand on top of the header in this order. */
      readonly fields: readonly SignedField[];
    }
  | { readonly kind: "unsealed"; readonly reason: SealingRefusal };

/** DKIM's, and with them the signatures that are there (RFC 8617 §4.1.2 SHOULD). Never ARC fields or results (MUST NOT). */
export const defaultSealedFields: FieldSelection = {
  oversigned: defaultFields.oversigned,
  whenPresent: [...defaultFields.whenPresent, "DKIM-Signature"],
};

const relaxed: SignatureCanonicalization = { header: "relaxed", body: "relaxed" };

/**
 * Seals a message: RFC 8617 §5.1. The body is hashed while it comes in, as it leaves; the rest waits for `results`.
 *
 * A chain whose structure is broken is sealed with cv=fail, whatever `results` says, and the seal is then over the own
 * set only (§5.1.2).
 */
export function openArcSealing(head: MessageHead, context: ArcSealingContext): Verification<ArcSealing> {
  const { canonicalization = relaxed } = context;
  const hashes = new BodyHashes();
  const digest = hashes.ask(canonicalization.body);
  return {
    needsBody: true,
    body: (chunk) => hashes.update(chunk),
    finish: async () => {
      hashes.end();
      let results: HopResults;
      try {
        results = await context.results();
      } catch {
        return unsealed("no-results");
      }
      return seal(results.head ?? head, results, digest(), context);
    },
  };
}

function unsealed(reason: SealingRefusal): ArcSealing {
  return { kind: "unsealed", reason };
}

async function seal(
  head: MessageHead,
  { payload, chain: found }: HopResults,
  digest: BodyDigest,
  context: ArcSealingContext,
): Promise<ArcSealing> {
  const picker = new FieldPicker(head);
  const problem = headProblem(head, picker);
  if (problem !== undefined) return unsealed(problem);
  const chain = readChain(head);
  if (chain?.problem === "sealed-as-failed" || chain?.problem === "too-many-sets")
    return unsealed(chain.problem);
  // §5.1 step 3.
  const instance = chain === undefined ? 1 : highestInstance(head) + 1;
  if (instance > maxInstance) return unsealed("too-many-sets");
  const names = signedNames(withoutArc(context.fields ?? defaultSealedFields), picker);
  if (names === undefined) return unsealed("too-many-fields");
  const place = { instance, now: Math.floor(context.clock.now() / 1000) };
  const chainValidation = chainState(chain, found);
  const results = resultsField(instance, payload);
  const message = await messageSignature(place, names, picker, digest, context);
  if (message === undefined) return unsealed("signing-failed");
  const older = chainValidation === "pass" ? chainOctets(head, chain) : Buffer.alloc(0);
  const own = canonicalizeFields([fieldOctets(`${results}\r\n`), fieldOctets(`${message}\r\n`)], "relaxed");
  const sealed = await sealField(place, chainValidation, Buffer.concat([older, own]), context);
  if (sealed === undefined) return unsealed("signing-failed");
  return {
    kind: "sealed",
    instance,
    chainValidation,
    fields: [sealed, message, results].map(toSignedField),
  };
}

/** §5.2 step 3 C, §5.1.3: "none" for the first set only, and a broken chain cannot be taken up again. */
function chainState(chain: ArcChain | undefined, found: ArcWord): ArcWord {
  if (chain === undefined) return "none";
  return chain.problem === undefined && found === "pass" ? "pass" : "fail";
}

/** RFC 8617 §4.1.2: neither ARC fields nor Authentication-Results. */
function withoutArc({ oversigned, whenPresent, exactly }: FieldSelection): FieldSelection {
  const allowed = (name: string): boolean => !/^(?:arc-|authentication-results$)/i.test(name);
  return {
    oversigned: oversigned.filter(allowed),
    whenPresent: whenPresent.filter(allowed),
    ...(exactly !== undefined && { exactly: exactly.filter(allowed) }),
  };
}

function highestInstance(head: MessageHead): number {
  let highest = 0;
  for (const field of head.fields) {
    const { lowerName } = field;
    if (!lowerName.startsWith("arc-")) continue;
    const isResults = lowerName === "arc-authentication-results";
    if (!isResults && lowerName !== "arc-seal" && lowerName !== "arc-message-signature") continue;
    const value = rawValue(head, field);
    const position = isResults ? leadingInstance(value)?.position : tagValue(parseArcTags(value), "i");
    highest = Math.max(highest, readPosition(position ?? "") ?? 0);
  }
  return highest;
}

/** RFC 8617 §4.1.1. Lines of the payload become folds, so that it stays one field whatever it holds. */
function resultsField(instance: number, payload: string): string {
  const lines = payload.split(/[\r\n]+/).map((line) => line.trim());
  const text = lines.filter((line) => line !== "").join("\r\n    ");
  return `ARC-Authentication-Results: i=${instance}; ${text}`;
}

interface Place {
  readonly instance: number;
  /** Seconds. */
  readonly now: number;
}

async function messageSignature(
  { instance, now }: Place,
  names: readonly string[],
  picker: FieldPicker,
  digest: BodyDigest,
  { key, layout, canonicalization = relaxed }: ArcSealingContext,
): Promise<string | undefined> {
  const tags: SignatureTagText[] = [
    { name: "i", value: String(instance) },
    { name: "a", value: key.algorithm },
    { name: "c", value: `${canonicalization.header}/${canonicalization.body}` },
    { name: "d", value: key.domain },
    { name: "s", value: key.selector },
    { name: "t", value: String(now) },
    { name: "h", value: names.join(":"), foldsAtColons: true },
    { name: "bh", value: digest.hash.toString("base64") },
    { name: "b", value: " ".repeat(signatureLength(key)) },
  ];
  const field = layOutTags("ARC-Message-Signature", tags, layout);
  const octets = canonicalizeFields(
    picker.pick(names.map((name) => name.toLowerCase())),
    canonicalization.header,
  );
  const input = signatureInput(octets, field.before + field.after, canonicalization.header);
  const signature = await makeSignature(key, input);
  return signature === undefined ? undefined : withSignature(field, signature, layout);
}

/** RFC 8617 §5.1.1: the sets from the first on, each as results, message signature and seal. */
function chainOctets(head: MessageHead, chain: ArcChain | undefined): Buffer {
  const fields = (chain?.sets ?? []).flatMap(({ results, messageField, sealField }) => [
    results,
    messageField,
    sealField,
  ]);
  return canonicalizeFields(
    fields.map((field) => ({ ...field, octets: head.octets })),
    "relaxed",
  );
}

async function sealField(
  { instance, now }: Place,
  chainValidation: ArcWord,
  octets: Buffer,
  { key, layout }: ArcSealingContext,
): Promise<string | undefined> {
  const tags: SignatureTagText[] = [
    { name: "i", value: String(instance) },
    { name: "a", value: key.algorithm },
    { name: "cv", value: chainValidation },
    { name: "d", value: key.domain },
    { name: "s", value: key.selector },
    { name: "t", value: String(now) },
    { name: "b", value: " ".repeat(signatureLength(key)) },
  ];
  const field = layOutTags("ARC-Seal", tags, layout);
  // §4.1.3: relaxed only.
  const signature = await makeSignature(key, signatureInput(octets, field.before + field.after, "relaxed"));
  return signature === undefined ? undefined : withSignature(field, signature, layout);
}
