import type { Clock } from "../clock.ts";
import type { BodyDigest } from "../dkim/body-hash.ts";
import { headerHashInput, withoutValueRange } from "../dkim/canonical-header.ts";
import { checkSignature, type SignatureCheck } from "../dkim/check-signature.ts";
import { SignedMaterial } from "../dkim/signed-material.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import type { Field, MessageHead } from "../message/message.ts";
import type { ArcProblem, ArcResult, ArcSet, DkimProblem } from "../results.ts";
import type { Verification } from "../verification.ts";
import { type ArcChain, type ChainSet, readChain } from "./chain.ts";
import { readClaims } from "./claims.ts";
import type { CanonicalForm, MessageSignature } from "./message-signature.ts";
import { SealedOctets } from "./sealed-octets.ts";

export interface ArcOptions {
  /** RSA keys with fewer bits are not accepted; 1024 when absent, and never less (RFC 8301 §3.2). */
  readonly minRsaBits?: number;
}

export interface ArcContext {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** Time by `clock.monotonic()` after which key queries fail. */
  readonly deadline?: number;
  readonly options?: ArcOptions;
}

const lowestRsaBits = 1024;
/**
 * Sets, from the newest, whose keys are asked for at once. Those of older ones only when the newer seals hold, so that
 * a forged chain of fifty sets does not make a hundred queries (RFC 8617 §9.2).
 */
const earlySets = 4;

/**
 * Validates the Authenticated Received Chain of a message: RFC 8617 §5.2. Every failure is permanent, those of the DNS
 * included (§5.2.1). The body is hashed while it comes in; signatures are checked by `finish`.
 *
 * Beyond the RFC: chains over 256 KiB and those in a head that is `truncated` fail. A message signature that covers
 * only part of the body (`l=`) does not verify. RSA with SHA-1 and short keys never count (RFC 8301).
 */
export function openArcVerification(head: MessageHead, context: ArcContext): Verification<ArcResult> {
  const material = new SignedMaterial(head, context);
  const { hashes } = material;
  const arc = startArc(material, context);
  return {
    needsBody: !hashes.empty,
    body: (chunk) => hashes.update(chunk),
    finish: () => {
      hashes.end();
      return arc.finish();
    },
  };
}

/** ARC validation under way; see `openArcVerification`. Whoever made the material feeds the body and ends it. */
export interface PendingArc {
  /** Never rejects. Call once, after the body hashes have ended. */
  finish(): Promise<ArcResult>;
}

/** Starts the validation over material that others of the message share. */
export function startArc(
  material: SignedMaterial,
  { clock, options }: Pick<ArcContext, "clock" | "options">,
): PendingArc {
  const chain = readChain(material.head);
  if (chain === undefined) return { finish: async () => noChain };
  if (chain.problem !== undefined) {
    const failed = formResult(chain, { problem: chain.problem });
    return { finish: async () => failed };
  }
  const validation = new Validation(chain, material, clock, options);
  return { finish: async () => formResult(chain, await validation.run()) };
}

const noChain: ArcResult = { method: "arc", result: "none", instances: 0, sealers: [], sets: [] };

type Outcome =
  | { readonly problem: ArcProblem }
  | { readonly problem?: undefined; readonly oldestPass: number };

function formResult({ instances, sets }: ArcChain, outcome: Outcome): ArcResult {
  const newestFirst = sets.toReversed().filter(({ seal }) => seal !== undefined);
  return {
    method: "arc",
    result: outcome.problem === undefined ? "pass" : "fail",
    instances,
    sealers: newestFirst.map(({ seal }) => seal?.domain ?? ""),
    ...(outcome.problem === undefined && { oldestPass: outcome.oldestPass }),
    sets: newestFirst.map(describeSet),
    ...(outcome.problem !== undefined && { problem: outcome.problem }),
  };
}

function describeSet({ instance, seal, messageSignature, chainValidation, payload }: ChainSet): ArcSet {
  return {
    instance,
    domain: seal?.domain ?? "",
    selector: seal?.selector ?? "",
    ...(chainValidation !== undefined && { chainValidation }),
    signsFrom: messageSignature?.signedFields.includes("from") ?? false,
    ...readClaims(payload),
  };
}

/** RFC 8617 §5.2 steps 4 to 7 for a chain of good structure. */
class Validation {
  /** The oldest first. */
  readonly #sets: readonly ChainSet[];
  readonly #material: SignedMaterial;
  readonly #clock: Clock;
  readonly #minRsaBits: number;
  readonly #digests = new Map<CanonicalForm, () => BodyDigest>();

  constructor({ sets }: ArcChain, material: SignedMaterial, clock: Clock, options: ArcOptions | undefined) {
    this.#sets = sets;
    this.#material = material;
    this.#clock = clock;
    this.#minRsaBits = Math.max(options?.minRsaBits ?? lowestRsaBits, lowestRsaBits);
    const { hashes, keys } = material;
    // The whole body, also for an `l=`: a part of it is not enough here, and fifty lengths are not fifty hashes.
    for (const form of sets.flatMap(({ messageSignature }) => messageSignature?.forms ?? []))
      this.#digests.set(form, hashes.ask(form.bodyCanonicalization));
    for (const { messageSignature, seal } of sets.slice(-earlySets))
      for (const signer of [messageSignature, seal])
        if (signer !== undefined) void keys.lookup(signer.selector, signer.domain);
  }

  async run(): Promise<Outcome> {
    const newestFirst = this.#sets.toReversed();
    const [newest, ...older] = newestFirst;
    // §5.2 step 4.
    const problem = newest === undefined ? "syntax" : await this.#messageProblem(newest);
    if (problem !== undefined) return { problem };
    // Step 6, before step 5, which asks for more keys and changes nothing in a chain that fails.
    const sealed = new SealedOctets(this.#material.head, this.#sets);
    for (const set of newestFirst) {
      const sealProblem = await this.#sealProblem(set, sealed);
      if (sealProblem !== undefined) return { problem: sealProblem };
    }
    // Step 5: down to the first that does not verify.
    for (const set of older)
      if ((await this.#messageProblem(set)) !== undefined) return { oldestPass: set.instance + 1 };
    return { oldestPass: 0 };
  }

  async #messageProblem({
    messageField: field,
    messageSignature: signature,
  }: ChainSet): Promise<ArcProblem | undefined> {
    if (signature === undefined) return "syntax";
    // RFC 6376 §3.5 x=.
    if (signature.expiration !== undefined && this.#clock.now() > signature.expiration * 1000)
      return "message-signature";
    let problem: ArcProblem | undefined;
    for (const form of signature.forms) {
      problem = await this.#formProblem(field, signature, form);
      if (problem === undefined) break;
    }
    return problem;
  }

  async #formProblem(
    field: Field,
    signature: MessageSignature,
    form: CanonicalForm,
  ): Promise<ArcProblem | undefined> {
    const { head, picker } = this.#material;
    const { start, end } = signature.signatureTag;
    const digest = this.#digests.get(form);
    if (digest === undefined) return "message-signature";
    const body = { stated: signature.bodyHash, digest: covering(digest(), signature) };
    const headerInput = (): Buffer =>
      headerHashInput(
        picker.pick(signature.signedFields, field),
        withoutValueRange(head, field, start, end),
        form.headerCanonicalization,
      );
    return this.#verify(signature, body, headerInput, "message-signature");
  }

  async #sealProblem({ instance, seal }: ChainSet, sealed: SealedOctets): Promise<ArcProblem | undefined> {
    if (seal === undefined) return "syntax";
    return this.#verify(seal, "not-signed", () => sealed.of(instance), "seal");
  }

  async #verify(
    signature: Pick<MessageSignature, "algorithm" | "signature" | "domain" | "selector">,
    body: SignatureCheck["body"],
    headerInput: () => Buffer,
    mismatch: "message-signature" | "seal",
  ): Promise<ArcProblem | undefined> {
    // RFC 8301 §3.1: rsa-sha1 MUST NOT be used for verifying.
    if (signature.algorithm === "rsa-sha1") return mismatch;
    const keys = await this.#material.keys.lookup(signature.selector, signature.domain);
    const check: SignatureCheck = {
      // `i=` is no identity here, so that t=s of the key has nothing to say.
      signature: { ...signature, identity: { localPart: "", domain: signature.domain } },
      body,
      headerHashInput: headerInput,
      minRsaBits: this.#minRsaBits,
    };
    const { result, problem } = checkSignature(check, keys);
    return result === "pass" ? undefined : arcProblem(problem, mismatch);
  }
}

/** How `l=` compares with a digest of the whole body. */
function covering(digest: BodyDigest, { bodyLength }: MessageSignature): BodyDigest {
  if (bodyLength === undefined || bodyLength === digest.octets) return digest;
  return { ...digest, coverage: bodyLength < digest.octets ? "shorter" : "longer" };
}

function arcProblem(problem: DkimProblem | undefined, mismatch: "message-signature" | "seal"): ArcProblem {
  switch (problem) {
    case "dns-failure":
      return "dns-failure";
    case "no-key":
    case "key-revoked":
    case "key-syntax":
    case "key-not-for-email":
    case "key-hash-not-allowed":
    case "key-too-short":
      return "no-key";
    default:
      return mismatch;
  }
}
