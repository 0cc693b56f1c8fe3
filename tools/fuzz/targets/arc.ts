import { openArcVerification } from "../../../src/core/arc/verify.ts";
import { memoryResolver } from "../../../src/core/dns/memory.ts";
import { parseHead } from "../../../src/core/message/message.ts";
import type { ArcResult } from "../../../src/core/results.ts";
import { ed25519TestKey } from "../../../test/dkim-test-keys.ts";
import { sealMessage } from "../../../test/seal-message.ts";
import type { FuzzTarget } from "../target.ts";

const key = ed25519TestKey(3);
const dns = memoryResolver({
  "s1._domainkey.example.org": [{ TXT: `v=DKIM1; k=ed25519; p=${key.publicText}` }],
});
const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
const plain = "From: a@example.com\r\nTo: b\r\nSubject: c\r\n\tc\r\n\r\nHi.\r\n\r\n";
const once = sealMessage(plain, { key });
const twice = sealMessage(once, { key, canonicalization: ["simple", "simple"], fold: "\r\n\t" });

/** A whole message with a chain, or what became of it. */
export const target: FuzzTarget = {
  name: "arc",
  seeds: [
    once,
    twice,
    sealMessage(twice.replace("Subject: c", "Subject: d"), { key, instanceText: "(x)\r\n i=3 (y) " }),
    sealMessage(once, { key, cv: "fail", scope: "own" }),
    sealMessage(plain, {
      key,
      bodyLength: 5,
      results: ' mx 1; spf=pass (a(b)) reason="x" smtp.remote-ip=::1',
    }),
    sealMessage(plain, { key, sealTags: { h: "from", i: "50" }, messageTags: { c: undefined, h: "" } }),
    `ARC-Seal: i=1\r\nARC-Message-Signature: i=\r\nARC-Authentication-Results: i=51;\r\n${plain}`,
  ].map((text) => Buffer.from(text, "latin1")),
  async run(input) {
    const result = await validate(input, [input.length]);
    check(result);
    const cut = input.length === 0 ? 0 : (input[0] as number) % input.length;
    const again = await validate(input, [cut, Math.min(cut + 1, input.length), input.length]);
    if (JSON.stringify(again) !== JSON.stringify(result)) throw new Error("the result depends on the chunks");
  },
};

async function validate(message: Buffer, cuts: readonly number[]): Promise<ArcResult> {
  const head = parseHead(message);
  const empty = message.indexOf("\r\n\r\n");
  const start = empty < 0 ? message.length : empty + 4;
  const verification = openArcVerification(head, { dns, clock });
  let from = start;
  for (const cut of cuts) {
    verification.body(message.subarray(from, Math.max(from, cut)));
    from = Math.max(from, cut);
  }
  return verification.finish();
}

function check({ result, instances, sealers, sets, oldestPass, problem }: ArcResult): void {
  if ((result === "fail") !== (problem !== undefined))
    throw new Error(`${result} with the problem ${problem}`);
  if ((result === "pass") !== (oldestPass !== undefined)) throw new Error(`${result} with an oldest-pass`);
  if (result === "none" && instances + sets.length > 0) throw new Error("sets without a chain");
  if (sealers.length !== sets.length || sets.length > instances) throw new Error("sets that are not there");
  if (result !== "pass") return;
  if (sets.length !== instances || instances > 50) throw new Error("a chain that passes with a gap");
  if ((oldestPass as number) > instances || oldestPass === 1) throw new Error(`oldest-pass ${oldestPass}`);
  for (const [index, { instance, chainValidation, domain }] of sets.entries()) {
    if (instance !== instances - index) throw new Error("sets out of order");
    if (chainValidation !== (instance === 1 ? "none" : "pass")) throw new Error("cv= out of place");
    // The only key there is.
    if (domain !== "example.org") throw new Error(`sealed by ${domain}`);
  }
}
