import type { FindingText } from "../finding.ts";
import type { ParkedFindings } from "./parked.ts";

export const parkedJa: FindingText<ParkedFindings> = {
  "parked.spf": {
    text: ({ domain, found }) =>
      found === undefined
        ? `${domain} はメールを送りませんが、それを示す SPF レコードがありません。`
        : `${domain} はメールを送りませんが、SPF レコードが v=spf1 -all ではなく「${found}」です。`,
    fix: () => "本当にメールを送らないなら、v=spf1 -all を公開してください。",
  },
  "parked.dmarc": {
    text: ({ domain, policy }) =>
      policy === undefined
        ? `${domain} はメールを送りませんが、DMARC レコードがありません。誰でもこのドメインを From に使えます。`
        : `${domain} はメールを送りませんが、なりすましメールのポリシーが reject ではなく ${policy} です。`,
    fix: () =>
      "本当にメールを送っていなければ、p=reject を公開してください。影響を受けるメールはありません。",
  },
  "parked.null-mx": {
    text: ({ domain, exchanges }) =>
      exchanges.length === 0
        ? `${domain} はメールを受け取りませんが、それを示していません。null MX があれば送信側にすぐ伝わり、何日も配送を試みられることがなくなります。`
        : `${domain} はメールを使わないドメインとして調べましたが、MX レコードがあります（${exchanges.join("、")}）。`,
    fix: ({ exchanges, reports }) =>
      (reports
        ? "DMARC または TLS-RPT のレポートの宛先がこのドメイン自身です。先に rua= を別のドメインの宛先に変えてください。"
        : "") +
      (exchanges.length === 0
        ? "null MX（MX 0 .）を公開してください。"
        : "メールを受け取らないなら null MX（MX 0 .）に置き換えてください。受け取るなら --profile receiver で調べてください。"),
  },
  "parked.no-dkim": {
    text: ({ domain, name }) =>
      `${domain} はメールを送りませんが、${name} に DKIM の鍵があります。秘密鍵を持つ者は、このドメインで署名できます。`,
    fix: () => "鍵を失効させてください。",
  },
};
