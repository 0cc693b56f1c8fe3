import { type AuthenticationInput, openAuthentication } from "../core/authenticate.ts";
import { MessageReader } from "../core/message/message-reader.ts";
import type { AuthResults } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";

/** Authenticates a message that comes in chunks, cut anywhere. Rejects only when the source does. */
export async function verifyMessage(
  source: AsyncIterable<Buffer | string>,
  input: AuthenticationInput,
): Promise<AuthResults> {
  let verification: Verification<AuthResults> | undefined;
  const reader = new MessageReader({
    head: (head) => {
      verification = openAuthentication(head, input);
    },
    body: (chunk) => verification?.body(chunk),
  });
  for await (const chunk of source) {
    reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    // What has no signature to check needs no reading to the end.
    if (verification?.needsBody === false) break;
  }
  if (verification === undefined) reader.end();
  if (verification === undefined) throw new Error("no head");
  return verification.finish();
}
