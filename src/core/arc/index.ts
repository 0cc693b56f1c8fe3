export { type OwnResults, ownResults } from "./own-results.ts";
export {
  type ArcSealing,
  type ArcSealingContext,
  defaultSealedFields,
  type HopResults,
  openArcSealing,
  type SealingRefusal,
} from "./sealing.ts";
export { type TrustedSealer, trustedSealer } from "./trusted.ts";
export { type ArcContext, type ArcOptions, openArcVerification } from "./verify.ts";
