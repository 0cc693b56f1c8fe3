export { type TrustedSealer, trustedSealer } from "./trusted.ts";
export { type ArcContext, type ArcOptions, openArcVerification } from "./verify.ts";
