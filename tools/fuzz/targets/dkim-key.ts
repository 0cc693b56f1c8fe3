import { parseDkimKey } from "../../../src/core/dkim/key.ts";
import { publicKeyOf } from "../../../src/core/dkim/key-material.ts";
import type { FuzzTarget } from "../target.ts";

const rsa =
  "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
const pkcs1 =
  "MIGJAoGBALVI635dLK4cJJAH3Lx6upo3X/Lm1tQz3mezcWTA3BUBnyIsdnRf57aD5BtNmhPrYYDlWlzw3UgnKisIxktkk5+iMQMlFtAS10JB8L3YadXNJY+JBcbeSi5TgJe4WFzNgW95FWDAuSTRXSWZfA/8xjflbTLDx0euFZOM7C4T0GwLAgMBAAE=";

/** The text of a key record, and the key in it; input that is not text of a record is tried as the octets of a key. */
export const target: FuzzTarget = {
  name: "dkim-key",
  seeds: [
    `v=DKIM1; k=rsa; p=${rsa}`,
    `v=DKIM1; p=${pkcs1}`,
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    `k=rsa; t=y:s; s=email:*; h=sha1 : sha256; n=a=20note; p=${rsa.replace(/(.{30})/g, "$1 ")};`,
    "v=DKIM1; p=",
    "v=spf1 include:example.net -all",
  ].map((text) => Buffer.from(text, "latin1")),
  run(input) {
    const text = input.toString("latin1");
    const record = parseDkimKey(text);
    if (record === undefined) {
      publicKeyOf("rsa", input.toString("base64"));
      publicKeyOf("ed25519", input.toString("base64"));
      return;
    }
    const again = parseDkimKey(`v=DKIM1; k=${record.keyType}; p=${record.publicKey}`);
    if (again?.publicKey !== record.publicKey) throw new Error("another key when written again");
    for (const type of ["rsa", "ed25519"] as const) {
      const key = publicKeyOf(type, record.publicKey);
      if (key !== undefined && key.key.asymmetricKeyType !== type)
        throw new Error(`a ${type} key is no such key`);
      if (type === "rsa" && key !== undefined && key.bits !== key.key.asymmetricKeyDetails?.modulusLength)
        throw new Error("the bits are not those of the modulus");
    }
  },
};
