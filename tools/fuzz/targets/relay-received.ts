import { formatIp, parseIp } from "../../../src/core/ip.ts";
import { parseHead } from "../../../src/core/message/message.ts";
import { relayClient } from "../../../src/trust/relay-received.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  "from helo.test (rdns.test [203.0.113.9])\r\n\tby gw.example.jp (Postfix) with ESMTPS id 4F1; date",
  "from helo.test (rdns.test [IPv6:2001:db8::9] (may be forged)) by gw.example.jp (8.18.1/8.18.1) with ESMTP; date",
  "from rdns.test ([203.0.113.9]:4711 helo=helo.test) by gw.example.jp with esmtps (Exim 4.98) id 1; date",
  "from helo.test (203.0.113.9) by gw.example.jp (10.0.0.2) with Microsoft SMTP Server id 15.1; date",
  "from unknown (HELO helo.test) (user@203.0.113.9) by gw.example.jp with SMTP; date",
  "from localhost (localhost [127.0.0.1]) by gw.example.jp; d\r\nReceived: from x (y [203.0.113.9]) by gw.example.jp; d",
  "(from taro@localhost) by gw.example.jp (8.18.1/8.18.1/Submit) id 5; date",
];

/** The client in a relay's Received field: never throws, and an address it yields is written in the field. */
export const target: FuzzTarget = {
  name: "relay-received",
  seeds: seeds.map((seed) => Buffer.from(`Received: ${seed}\r\n`)),
  run(input) {
    const client = relayClient(parseHead(input), { names: ["gw.example.jp"] });
    if (client.kind !== "client") return;
    const text = input.toString("latin1").replaceAll("\\", "").toLowerCase();
    if (!text.includes("gw.example.jp")) throw new Error("an address without the relay's name");
    const written = text.match(/[0-9a-f:.]+/g) ?? [];
    const wanted = formatIp(client.ip);
    // "[IPv6:2001:db8::9]" leaves "6:2001:db8::9" of its prefix.
    const same = written
      .flatMap((word) => [word, word.replace("6:", "")])
      .some((word) => {
        const ip = parseIp(word);
        return ip !== undefined && (formatIp(ip) === wanted || formatIp(ip) === `::ffff:${wanted}`);
      });
    if (!same) throw new Error(`${wanted} is not in the field`);
  },
};
