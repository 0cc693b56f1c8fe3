import { stringify } from "yaml";
import { parseConfig } from "../../../src/config/load.ts";
import { writeFinding } from "../../../src/findings/table.ts";
import { importOpendkim } from "../../../src/keys/opendkim/import.ts";
import { signingKeysFor } from "../../../src/keys/signing-table.ts";
import type { FuzzTarget } from "../target.ts";

const conf = "KeyTable /etc/KeyTable\nSigningTable refile:/etc/SigningTable\n";
const separator = "\n----\n";

/** An opendkim.conf, a KeyTable, a SigningTable and a key record, one behind the other. */
export const target: FuzzTarget = {
  name: "opendkim-tables",
  seeds: [
    [
      conf,
      "k1 example.jp:s1:/keys/s1.private\n",
      "*@example.jp k1\n",
      's1._domainkey IN TXT ( "v=DKIM1; p=AA" )',
    ],
    [
      `${conf}MultipleSignatures yes`,
      "k1 %:s1:/k/%\nk2 a.jp:s:/k\n",
      "a@b.jp k1:@%\n*@*.a.jp k2\n% k1\n",
      "",
    ],
    [
      "KeyTable /etc/KeyTable\nSigningTable /etc/SigningTable",
      "s._domainkey.a.jp a.jp:t:/k",
      ".a.jp s._domainkey.a.jp",
      "",
    ],
    [
      "Domain a.jp,b.jp\nSelector s\nKeyFile /keys/s1.private\nSubDomains y\nInternalHosts 127.0.0.1,!::1,x",
      "",
      "",
      "@",
    ],
    [
      "Include /etc/opendkim.conf\nSocket inet:1@::1\nSignHeaders *,+x,-y\nCanonicalization simple",
      "",
      "",
      "",
    ],
    [
      "KeyTable csl:k1=a.jp:s:/k, k2 b.jp:s:./k\nSigningTable csl:a.jp=k1,*=k2\nSignatureTTL 3600",
      "",
      "",
      "",
    ],
  ].map((parts) => Buffer.from(parts.join(separator), "latin1")),
  async run(input) {
    const [opendkim = "", keyTable = "", signingTable = "", record = ""] = input
      .toString("latin1")
      .split(separator);
    const files: Readonly<Record<string, string>> = {
      "/etc/opendkim.conf": opendkim,
      "/etc/KeyTable": keyTable,
      "/etc/SigningTable": signingTable,
      "/keys/s1.txt": record,
    };
    const { config, keys, findings } = await importOpendkim("/etc/opendkim.conf", {
      text: (file) => (files[file] === undefined ? { reason: "ENOENT" } : { text: files[file] }),
      key: async () => ({ findings: [] }),
    });
    for (const found of findings)
      for (const lang of ["en", "ja"] as const)
        if (writeFinding(found, lang).text === "") throw new Error(`${found.id} says nothing`);
    const loaded = await parseConfig(stringify(config), { file: "x", hostname: "mx.example.jp" });
    if (!loaded.ok) throw new Error(`what was made does not load: ${JSON.stringify(loaded.errors)}`);
    if (loaded.config.sign.keys.length !== keys.length) throw new Error("keys were lost");
    // The list of domains is closed, whatever the tables say.
    if (
      signingKeysFor("stranger.example", loaded.config.sign.keys).length > 0 &&
      !opendkim.includes("stranger")
    )
      if (!keyTable.includes("stranger") && !signingTable.includes("stranger"))
        throw new Error("a stranger's mail would be signed");
  },
};
