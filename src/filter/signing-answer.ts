import type { Disposition, RecordedSigning } from "../store/record.ts";

interface SmtpAnswer {
  readonly code: number;
  readonly enhanced: string;
  readonly text: string;
}

/** What the client is told when its message should be signed and could not be. */
export function signingReply(signing: RecordedSigning | undefined): SmtpAnswer | undefined {
  if (signing?.action !== "tempfail") return undefined;
  return { code: 451, enhanced: "4.7.5", text: "The message could not be signed, try again later" };
}

/** Why the message is put on hold, in words for the MTA's queue; undefined when it is not. */
export function heldFor(signing: RecordedSigning | undefined): string | undefined {
  if (signing?.action !== "hold") return undefined;
  switch (signing.reason) {
    case "login-mismatch":
      return "Sekisho: the login may not write as this From";
    case "login-unlisted":
      return "Sekisho: the login is not in the login file";
    default:
      return `Sekisho: ${heldReasons(signing).join("; ")}`;
  }
}

/** Both may be true, and either may be what it is held for. */
function heldReasons({ burst, fragile }: RecordedSigning): readonly string[] {
  return [
    ...(burst === undefined ? [] : ["a sudden burst of mail from this sender"]),
    ...(fragile === undefined ? [] : [`the signature would hardly survive (${fragile.join(", ")})`]),
  ];
}

/** What was done with the message as a whole, when signing had a say in it. */
export function withSigningAction(
  disposition: Disposition,
  signing: RecordedSigning | undefined,
): Disposition {
  const { action } = signing ?? {};
  if (action === undefined || (disposition.action !== "none" && disposition.action !== "header"))
    return disposition;
  const rule = action === "hold" ? "sign.held" : "sign.deferred";
  return {
    ...disposition,
    action: action === "hold" ? "hold" : "defer",
    why: [rule, ...(disposition.why ?? [])],
  };
}
