import { createHash } from "node:crypto";
import type { BimiResult } from "../results.ts";

/** A header field that tells mail readers of an indicator. */
export interface BimiField {
  readonly name: "BIMI-Location" | "BIMI-Indicator" | "BIMI-Logo-Preference";
  /** Folded with "\n", as milter wants it. */
  readonly value: string;
}

const base64Columns = 76;
/** Below the 65,535 octets that older milter libraries let through, folds counted. */
const maxIndicatorField = 60_000;

/**
 * The fields that a receiver writes for a message that passes: BIMI draft §5.2 to §5.4, §7.9 to §7.11. None for any
 * other result, or one that was made without `keepIndicator`.
 */
export function bimiFields(result: BimiResult): BimiField[] {
  const { indicator, location, avatarPreference } = result;
  if (result.result !== "pass" || indicator === undefined || location === undefined) return [];
  const encoded = foldedBase64(indicator);
  return [
    { name: "BIMI-Location", value: locationValue(result, location) },
    ...(encoded.length > maxIndicatorField ? [] : [{ name: "BIMI-Indicator", value: encoded } as const]),
    ...(avatarPreference === undefined
      ? []
      : [{ name: "BIMI-Logo-Preference", value: `avp=${avatarPreference};` } as const]),
  ];
}

/** §7.7 policy.indicator-hash: the last eight digits of SHA-256; only together with a BIMI-Indicator field. */
export function indicatorHash({ result, indicator }: BimiResult): string | undefined {
  if (result !== "pass" || indicator === undefined) return undefined;
  if (foldedLength(indicator.length) > maxIndicatorField) return undefined;
  return createHash("sha256").update(indicator).digest("hex").slice(-8);
}

/** §5.2: a= when the evidence was verified. */
function locationValue({ authority, authorityStatus }: BimiResult, location: string): string {
  const evidence = authority !== undefined && authorityStatus === "pass" ? `\n    a=${authority};` : "";
  return `v=BIMI1;\n    l=${location};${evidence}`;
}

function foldedBase64(octets: Buffer): string {
  const text = octets.toString("base64");
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += base64Columns) lines.push(text.slice(at, at + base64Columns));
  return lines.join("\n ");
}

function foldedLength(octets: number): number {
  const characters = 4 * Math.ceil(octets / 3);
  return characters + 2 * Math.max(0, Math.ceil(characters / base64Columns) - 1);
}
