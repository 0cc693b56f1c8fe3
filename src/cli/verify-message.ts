import type { BodyRule } from "../config/policy-config.ts";
import { type AuthenticationInput, openAuthentication } from "../core/authenticate.ts";
import type { MessageHead } from "../core/message/message.ts";
import { MessageReader } from "../core/message/message-reader.ts";
import type { AuthResults } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";
import { BodyRules, type WatchedRules } from "../filter/message-rules.ts";

export interface VerifiedMessage {
  readonly results: AuthResults;
  readonly head: MessageHead;
  readonly brokenBodyRules: readonly BodyRule[];
}

interface Opened {
  readonly head: MessageHead;
  readonly verification: Verification<AuthResults>;
}

/**
 * Authenticates a message that comes in chunks, cut anywhere. Rejects only when the source does.
 * @param rules The message rules that are looked at.
 */
export async function verifyMessage(
  source: AsyncIterable<Buffer | string>,
  input: AuthenticationInput,
  rules: WatchedRules,
): Promise<VerifiedMessage> {
  let opened: Opened | undefined;
  let bodyRules: BodyRules | undefined;
  const reader = new MessageReader({
    head: (head) => {
      opened = { head, verification: openAuthentication(head, input) };
      bodyRules = new BodyRules(rules, opened.verification.needsBody);
    },
    body: (chunk) => {
      opened?.verification.body(chunk);
      bodyRules?.body(chunk);
    },
  });
  for await (const chunk of source) {
    reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    // What has no signature to check needs no reading to the end.
    if (opened?.verification.needsBody === false && bodyRules?.needsBody !== true) break;
  }
  if (opened === undefined) reader.end();
  if (opened === undefined) throw new Error("no head");
  const { head, verification } = opened;
  return { results: await verification.finish(), head, brokenBodyRules: bodyRules?.broken() ?? [] };
}
