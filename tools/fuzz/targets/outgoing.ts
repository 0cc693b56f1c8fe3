import { createPrivateKey } from "node:crypto";
import { parseLoginMap } from "../../../src/config/login-map.ts";
import { openLateSigning } from "../../../src/core/dkim/late-signing.ts";
import { createSigningKey } from "../../../src/core/dkim/signing-key.ts";
import { parseHead } from "../../../src/core/message/message.ts";
import { EditedHead } from "../../../src/filter/edited-head.ts";
import { authorAddresses, checkLogin } from "../../../src/filter/login-guard.ts";
import { Preflight } from "../../../src/filter/preflight.ts";
import type { FuzzTarget } from "../target.ts";

/** Made for tests; the seed is 32 times the same octet. */
const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 5)]);
const made = createSigningKey({
  domain: "ours.example",
  selector: "e",
  privateKey: createPrivateKey({ key: der, format: "der", type: "pkcs8" }),
});
const clock = { now: () => 1_800_000_000_000, monotonic: () => 0 };
const ownDomains = new Set(["ours.example"]);

const seeds = [
  "From: a@ours.example\r\nDate: x\r\nSubject: y\r\n\r\nhello\r\n",
  "DKIM-Signature: v=1; a=ed25519-sha256; d=ours.example; s=e; h=from; bh=AA==; b=AA==\r\nFrom: a@ours.example\r\n\r\n",
  "From: T. A. Ro <taro@ours.example>, b@else.example\r\nTo: b\r\n\tc\r\n \r\n d\r\n\r\na\rb\nc\0\r\n",
  "$g: a@ours.example, .ours.example\ntaro: $g # x\n  *\nhanako@x: a@ours.example\n",
  `Authentication-Results: x; none\r\nFrom: a@ours.example\r\nSubject: ${"x".repeat(1200)}\r\n\r\n${"y".repeat(1200)}`,
];

/** Whatever is signed verifies over the header as it leaves; nothing throws; a file of logins has lines or faults. */
export const target: FuzzTarget = {
  name: "outgoing",
  seeds: seeds.map((text) => Buffer.from(text, "latin1")),
  async run(input) {
    if (made.kind !== "key") throw new Error(made.problem);
    const end = input.indexOf("\r\n\r\n");
    const head = parseHead(end < 0 ? input : input.subarray(0, end + 2));
    const body = end < 0 ? Buffer.alloc(0) : input.subarray(end + 4);
    const late = openLateSigning(head, { clock, bodyCanonicalization: "relaxed", ownDomains });
    const preflight = new Preflight({ smtputf8: false, eightBit: false });
    for (let at = 0; at < body.length; at += 7) {
      late.body(body.subarray(at, at + 7));
      preflight.body(body.subarray(at, at + 7));
    }
    const edited = new EditedHead(head);
    edited.delete("Authentication-Results", 1);
    edited.change("From", 1, "b@ours.example");
    preflight.problems(edited.head());
    const signed = await late.sign(edited.head(), [{ key: made.key }]);
    if (signed.kind === "signed") {
      const leaving = edited.headWith(signed.fields);
      if (leaving === undefined || !late.goodKeys(leaving, [made.key]).has(made.key))
        throw new Error("our own signature is not good");
    }
    const { logins, faults } = parseLoginMap(input.toString("utf8"));
    const lines = input.toString("utf8").split("\n").length;
    if (faults.some(({ line }) => line < 1 || line > lines)) throw new Error("a fault outside the file");
    checkLogin("taro", authorAddresses(head), logins, "own");
  },
};
