import { parseDkimSignature } from "../../../src/core/dkim/signature.ts";
import { openDkimVerification } from "../../../src/core/dkim/verify.ts";
import { memoryResolver } from "../../../src/core/dns/memory.ts";
import { parseHead } from "../../../src/core/message/message.ts";
import { parseTagList, trimSpace } from "../../../src/core/message/taglist.ts";
import type { FuzzTarget } from "../target.ts";

const key =
  "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
const dns = memoryResolver({
  "s1._domainkey.example.com": [{ TXT: key }],
  "s2._domainkey.example.com": [{ TXT: "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }],
});
const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
const words = new Set(["pass", "fail", "policy", "neutral", "temperror", "permerror"]);

/** The value of a DKIM-Signature field, read and then verified over a fixed message. */
export const target: FuzzTarget = {
  name: "dkim-signature",
  seeds: [
    " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; h=from:to; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=; b=AAAA",
    "v=1;a=ed25519-sha256;c=simple;d=example.com;s=s2;\r\n\th=From : Subject\r\n :from;bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\r\n b=dzdV yOfA\r\n KCdL ;",
    " v=1; a=rsa-sha256; q=dns/txt:x; i=joe=2B@a.example.com; t=1117574938; x=1118006938; l=123; d=example.com; s=s1; h=from; z=From:a|To:b; bh=AAAA; b=BBBB",
    " v=1; a=rsa-sha1; d=b\u00c3\u00bccher.example; s=a.b; h=from; bh=uoq1oCgLlTqpdDX/iUbLy7J1Wic=; b=",
    "v=2; v=1; d=; =; ;;",
    " v=1; a=rsa-sha256; d=example.com; s=s1; l=0; h=from::to; bh=!; b=====",
  ].map((text) => Buffer.from(text, "latin1")),
  async run(input) {
    const value = input.toString("latin1");
    checkParsed(value);
    const field = Buffer.concat([
      Buffer.from("DKIM-Signature:"),
      input,
      Buffer.from("\r\nFrom: a\r\n\tb\r\nTo: c\r\n"),
    ]);
    const verification = openDkimVerification(parseHead(field), { dns, clock });
    verification.body(Buffer.from("Hi.\r\n"));
    for (const result of await verification.finish()) {
      if (!words.has(result.result)) throw new Error(`the result is ${result.result}`);
      if (result.result === "pass") throw new Error("a pass without a private key");
      if (result.problem === undefined) throw new Error("no problem and no pass");
      if (/\p{Cc}/u.test(result.domain + result.selector + result.identity + result.algorithm))
        throw new Error("a control character in a result");
    }
  },
};

function checkParsed(value: string): void {
  const list = parseTagList(value);
  for (const tag of list.tags) {
    if (trimSpace(value.slice(tag.start, tag.end)) !== tag.value)
      throw new Error("offsets do not lead to the value");
    if (tag.value.includes(";")) throw new Error("a semicolon in a value");
  }
  const signature = parseDkimSignature(value);
  if (signature.problem !== undefined) return;
  if (list.problem !== undefined) throw new Error("a signature out of a broken list");
  if (!signature.signedFields.includes("from")) throw new Error("From is not signed");
  if (!`.${signature.identity.domain}`.endsWith(`.${signature.domain}`)) throw new Error("i= is outside d=");
}
