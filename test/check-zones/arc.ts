import type { ZoneCase } from "../check-zones.ts";
import { rsaTestKey, type TestKey } from "../dkim-test-keys.ts";
import { sealMessage } from "../seal-message.ts";

const rsa = rsaTestKey(2048);
const pem = (key: TestKey): string => key.privateKey.export({ format: "pem", type: "pkcs8" }) as string;
const config = `hostname: mx.example.jp
data_dir: "{dir}/data"
sign:
  keys:
    - { domain: example.jp, selector: seal, file: "{dir}/seal.pem" }
seal: { domain: example.jp }
`;
const mail = `example.jp. MX 10 mx.example.jp.
example.jp. TXT "v=spf1 mx -all"
mx.example.jp. A 192.0.2.1
_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"`;
const zone = (...lines: readonly string[]): string => [mail, ...lines, ""].join("\n");
const record = (text: string): string => {
  const strings = text.match(/.{1,250}/g) ?? [];
  return `seal._domainkey.example.jp. TXT ${strings.map((one) => `"${one}"`).join(" ")}`;
};
const keyText = (key: TestKey): string => `v=DKIM1; k=rsa; p=${key.publicText}`;
const withKey = (key: TestKey): Pick<ZoneCase, "files" | "args"> => ({
  files: { "seal.pem": pem(key), "config.yaml": config },
  args: ["--config", "{dir}/config.yaml"],
});

const message = "From: Taro <taro@example.jp>\r\nTo: b@example.com\r\nSubject: Hi\r\n\r\nHi\r\n";
const tags = { d: "example.jp", s: "seal" };
const sealed = sealMessage(message, { key: rsa, messageTags: tags, sealTags: tags });

export const arcCases: readonly ZoneCase[] = [
  ...(
    [
      ["missing", []],
      ["several", [record(keyText(rsa)), 'seal._domainkey.example.jp. TXT "x"']],
      ["unreadable", [record("v=DKIM1; p=AAAA")]],
      ["revoked", [record("v=DKIM1; p=")]],
      ["mismatch", [record(keyText(rsaTestKey(4096)))]],
    ] as const
  ).map(
    ([fault, lines]): ZoneCase => ({
      id: "arc.key",
      about: fault,
      zone: zone(...lines),
      ...withKey(rsa),
      silent: "change",
      params: { fault },
    }),
  ),
  {
    id: "arc.key",
    about: "short",
    zone: zone(record(keyText(rsaTestKey(1024)))),
    files: {
      "seal.pem": pem(rsaTestKey(1024)),
      "config.yaml": config,
      "good.pem": pem(rsa),
      "good.yaml": config.replace("seal.pem", "good.pem"),
    },
    args: ["--config", "{dir}/config.yaml"],
    silentArgs: ["--config", "{dir}/good.yaml"],
    silent: zone(record(keyText(rsa))),
    params: { fault: "short", bits: 1024 },
  },
  ...(
    [
      ["message-signature", sealed.replace("Hi\r\n", "Ho\r\n")],
      ["seal", sealed.replace("spf=pass", "spf=fail")],
      ["incomplete-set", sealed.replace("ARC-Seal:", "X-ARC-Seal:")],
      ["chain-value", sealMessage(message, { key: rsa, messageTags: tags, sealTags: tags, cv: "pass" })],
    ] as const
  ).map(
    ([problem, broken]): ZoneCase => ({
      id: "arc.chain",
      about: problem,
      zone: zone(record(keyText(rsa))),
      files: { "broken.eml": broken, "good.eml": sealed },
      args: ["--from-message", "{dir}/broken.eml"],
      silentArgs: ["--from-message", "{dir}/good.eml"],
      silent: zone(record(keyText(rsa))),
      params: { problem },
    }),
  ),
];
