import { openArcSealing } from "../../../src/core/arc/sealing.ts";
import { openArcVerification } from "../../../src/core/arc/verify.ts";
import { formatSignedField, openDkimSigning, type SignedField } from "../../../src/core/dkim/sign.ts";
import { createSigningKey, type SigningKey } from "../../../src/core/dkim/signing-key.ts";
import { openDkimVerification } from "../../../src/core/dkim/verify.ts";
import { memoryResolver } from "../../../src/core/dns/memory.ts";
import { type MessageHead, parseHead } from "../../../src/core/message/message.ts";
import type { Verification } from "../../../src/core/verification.ts";
import { ed25519TestKey } from "../../../test/dkim-test-keys.ts";
import type { FuzzTarget } from "../target.ts";

const testKey = ed25519TestKey(3);
const key = makeKey();
const dns = memoryResolver({
  "s1._domainkey.example.org": [{ TXT: `v=DKIM1; k=ed25519; p=${testKey.publicText}` }],
});
const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };

function makeKey(): SigningKey {
  const made = createSigningKey({ domain: "example.org", selector: "s1", privateKey: testKey.privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

/** Any message: what we sign and seal, we accept. */
export const target: FuzzTarget = {
  name: "sign",
  seeds: [
    "From: a@example.org\r\nTo: b\r\nSubject: c\r\n\tc\r\n\r\nHi.\r\n\r\n",
    "from :a@example.org\r\nList-;b=x: y\r\nList-Id: <l>\r\nReply-To: x\r\nReply-To: y\r\n\r\n \t\r\n\r\n",
    "Received: x\r\nFrom: a\rb\nc\r\n\r\n d\r\n\r\n\x00\xff\r\r\n",
    "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from; bh=; b=x\r\nFrom: a\r\n\r\n",
    "ARC-Seal: i=1; a=ed25519-sha256; cv=fail; d=x.org; s=s; b=AA\r\nARC-Message-Signature: i=1;\r\nARC-Authentication-Results: i=1; x; none\r\nFrom: a\r\n\r\nx",
    "ARC-Seal: i=49; cv=pass\r\nFrom: a\r\nFrom: b\r\n\r\n",
    "\r\n\r\n",
  ].map((text) => Buffer.from(text, "latin1")),
  async run(input) {
    const end = input.indexOf("\r\n\r\n");
    const header = end < 0 ? input : input.subarray(0, end + 2);
    const body = end < 0 ? Buffer.alloc(0) : input.subarray(end + 4);
    await checkSigning(header, body);
    await checkSealing(header, body);
  },
};

async function checkSigning(header: Buffer, body: Buffer): Promise<void> {
  const head = parseHead(header);
  const forms = ["relaxed", "simple"] as const;
  const signing = openDkimSigning(head, {
    signatures: forms.map((form) => ({ key, canonicalization: { header: form, body: form } })),
    clock,
  });
  const fields = await feed(signing, body, 3);
  const authors = head.fields.filter(({ lowerName }) => lowerName === "from").length;
  if ((fields.length === 0) !== (signing.problem !== undefined))
    throw new Error("unsigned without a problem");
  if (authors === 1 && signing.problem !== undefined && signing.problem.startsWith("from-"))
    throw new Error(`one From, and ${signing.problem}`);
  if (fields.length === 0) return;
  const results = await feed(
    openDkimVerification(withFields(fields, head), { dns, clock, options: { maxSignatures: 2 } }),
    body,
    7,
  );
  for (const index of fields.keys())
    if (results[index]?.result !== "pass")
      throw new Error(`our own signature: ${results[index]?.result} ${results[index]?.problem}`);
}

async function checkSealing(header: Buffer, body: Buffer): Promise<void> {
  const head = parseHead(header);
  const { result: chain } = await feed(openArcVerification(head, { dns, clock }), body, 100);
  const payload = header.toString("latin1", 0, 40);
  const sealing = await feed(
    openArcSealing(head, { key, clock, results: () => ({ payload, chain }) }),
    body,
    5,
  );
  if (sealing.kind === "unsealed") return;
  const sealed = withFields(sealing.fields, head);
  if (sealed.fields.length !== head.fields.length + 3) throw new Error("a field came apart");
  const after = await feed(openArcVerification(sealed, { dns, clock }), body, 100);
  if (sealing.chainValidation === "fail" ? after.result !== "fail" : after.result !== "pass")
    throw new Error(`cv=${sealing.chainValidation}, and then ${after.result} ${after.problem}`);
}

function withFields(fields: readonly SignedField[], { octets }: MessageHead): MessageHead {
  const added = fields.map((field) => formatSignedField(field, "\r\n")).join("");
  return parseHead(Buffer.concat([Buffer.from(added, "latin1"), octets]));
}

function feed<Results>(opened: Verification<Results>, body: Buffer, size: number): Promise<Results> {
  for (let at = 0; at < body.length; at += size) opened.body(body.subarray(at, at + size));
  return opened.finish();
}
