import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { parseConfig } from "../../config/load.ts";
import { finding, writeFinding } from "../../findings/table.ts";
import { signingKeysFor } from "../signing-table.ts";
import { importOpendkim, type OpendkimImport } from "./import.ts";

const rsa2048 = rsaTestKey(2048);
const rsa1024 = rsaTestKey(1024);

async function imported(files: Readonly<Record<string, string>>): Promise<OpendkimImport> {
  return importOpendkim("/etc/opendkim.conf", {
    text: (file) => {
      const text = files[file];
      return text === undefined ? { reason: "ENOENT" } : { text };
    },
    key: async () => ({ key: rsa2048.privateKey, findings: [] }),
  });
}

/** With those two tables. */
async function tables(
  keyTable: string,
  signingTable: string,
  { kind = "refile:", more = "" }: { readonly kind?: string; readonly more?: string } = {},
): Promise<OpendkimImport> {
  return imported({
    "/etc/opendkim.conf": `KeyTable /etc/KeyTable\nSigningTable ${kind}/etc/SigningTable\n${more}`,
    "/etc/KeyTable": keyTable,
    "/etc/SigningTable": signingTable,
  });
}

function ids({ findings }: OpendkimImport): string[] {
  return findings.map(({ id }) => id.replace("opendkim.", ""));
}

async function loaded({
  config,
}: OpendkimImport): Promise<Extract<Awaited<ReturnType<typeof parseConfig>>, { ok: true }>> {
  const result = await parseConfig(stringify(config), { file: "x.yaml", hostname: "mx.example.jp" });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
}

const key = "k1 example.jp:s1:/keys/s1.private\n";
const entry = { domain: "example.jp", selector: "s1", file: "/keys/s1.private" };

describe("the set-up of a published handout, with its mistakes", () => {
  const conf = "Mode s\nKeyTable /etc/opendkim/KeyTable\nSigningTable refile:/etc/opendkim/SigningTable\n";
  const record = (owner: string, text: string): string =>
    `${owner}\tIN\tTXT\t( "v=DKIM1; k=rsa; "\n\t  "p=${text.slice(0, 200)}"\n\t  "${text.slice(200)}" )  ; ----- DKIM key selector25 for internetweek.jp\n`;
  const files = {
    "/etc/opendkim.conf": conf,
    "/etc/opendkim/KeyTable":
      "selector25._domainkey.example.com\ninternetweek.jp:selector25:/etc/opendkim/internetweek.jp/selector25.private\n",
    "/etc/opendkim/SigningTable": "*@internetweek.jp selector25._domainkey.internetweek.jp\n",
    "/etc/opendkim/internetweek.jp/selector25.txt": record("default._domainkey", rsa1024.publicText),
  };

  test("it is converted, and every mistake is named", async () => {
    const result = await imported(files);
    // The row that leads nowhere is taken for the one key with its domain and selector.
    expect(result.keys).toEqual([
      {
        domain: "internetweek.jp",
        selector: "selector25",
        file: "/etc/opendkim/internetweek.jp/selector25.private",
      },
    ]);
    expect(ids(result)).toEqual([
      "key-row-broken",
      "key-name",
      "row-dangling",
      "record-selector",
      "record-differs",
    ]);
    const { config } = await loaded(result);
    expect(signingKeysFor("internetweek.jp", config.sign.keys)).toHaveLength(1);
  });

  test("with the row of the KeyTable on one line, as it was on the host", async () => {
    const oneLine = files["/etc/opendkim/KeyTable"].replace("\n", " ");
    const result = await imported({ ...files, "/etc/opendkim/KeyTable": oneLine });
    expect(ids(result)).toEqual(["key-name", "row-dangling", "record-selector", "record-differs"]);
  });

  test("the sentences say which row, which name, which record", async () => {
    const { findings } = await imported(files);
    const sentences = findings.map((found) => writeFinding(found, "en").text).join("\n");
    expect(sentences).toContain(
      '/etc/opendkim/SigningTable:1: the row for *@internetweek.jp points to "selector25._domainkey.internetweek.jp"',
    );
    expect(sentences).toContain(
      "the record is for default._domainkey.internetweek.jp, but the key is used with selector selector25",
    );
    expect(sentences).toContain("another key (rsa 1024) than the key file (rsa 2048)");
    for (const found of findings) expect(writeFinding(found, "ja").text).toMatch(/[ぁ-んァ-ヶ]/);
  });
});

test("a key of OpenDKIM's own user is to be copied, and not taken away from it", async () => {
  const conf = "Domain example.jp,example.com\nSelector s1\nKeyFile /keys/s1.private\n";
  const [file, folder] = ["/keys/s1.private", "/keys"];
  const result = await importOpendkim("/etc/opendkim.conf", {
    text: (name) => (name === "/etc/opendkim.conf" ? { text: conf } : { reason: "ENOENT" }),
    key: async () => ({
      key: rsa2048.privateKey,
      findings: [
        finding("key.file-group", file, { file, gid: 8 }),
        finding("key.file-owner", file, { file, uid: 112, expected: 0 }),
        finding("key.folder-owner", file, { file, folder, uid: 112, expected: 0 }),
      ],
    }),
  });
  expect(result.findings.map(({ id, severity }) => [id, severity])).toEqual([
    ["key.file-group", "info"],
    ["opendkim.key-owner", "error"],
  ]);
  const command = "install -D -m 0600 -o sekisho /keys/s1.private /etc/sekisho/keys/example.jp/s1.pem";
  for (const lang of ["en", "ja"] as const) {
    const [, owner] = result.findings.map((one) => writeFinding(one, lang));
    expect(owner?.fix).toContain(command);
    expect(`${owner?.text} ${owner?.fix}`).not.toContain("chown");
  }
});

describe("SigningTable", () => {
  test.each([
    ["*@example.jp k1", [entry], []],
    ["taro@example.jp k1", [{ ...entry, from: ["taro@example.jp"] }], []],
    ["*@example.jp k1\n*@*.example.jp k1", [{ ...entry, include_subdomains: true }], []],
    ["*@*.example.jp k1", [{ ...entry, include_subdomains: true }], ["row-subdomains"]],
    ["*.example.jp k1", [{ ...entry, include_subdomains: true }], ["row-subdomains"]],
    ["*@*example.jp k1", [{ ...entry, include_subdomains: true }], ["row-loose"]],
    ["*example.jp k1", [{ ...entry, include_subdomains: true }], ["row-loose"]],
    // Held against whole addresses, these never fit.
    ["example.jp k1", [entry], ["row-never"]],
    [".example.jp k1", [{ ...entry, include_subdomains: true }], ["row-never"]],
    ["* k1", [{ ...entry, from: [] }], ["row-wildcard", "key-unused"]],
    ["*@* k1", [{ ...entry, from: [] }], ["row-wildcard", "key-unused"]],
    ["% k1", [{ ...entry, from: [] }], ["row-wildcard", "key-unused"]],
    ["a*@example.jp k1", [{ ...entry, from: [] }], ["row-pattern", "key-unused"]],
    ["taro@*.example.jp k1", [{ ...entry, from: [] }], ["row-pattern", "key-unused"]],
    ["*@localhost k1", [{ ...entry, from: [] }], ["row-pattern", "key-unused"]],
    ["*@example.jp", [{ ...entry, from: [] }], ["row", "key-unused"]],
    ["*@example.jp k1 # all\n# *@example.com k1\n\n", [entry], []],
    ["*@lab.example.jp k1", [{ ...entry, from: ["lab.example.jp"] }], []],
    ["*@example.com k1", [{ ...entry, from: ["example.com"], third_party: true }], ["row-alignment"]],
    ["*@example.jp k2", [{ ...entry, from: [] }], ["row-dangling", "key-unused"]],
    ["*@example.jp s1._domainkey.example.jp", [entry], ["row-dangling"]],
    // First match only.
    [
      "*@example.jp k1\ntaro@example.jp k2",
      [entry, { ...entry, selector: "s2", from: [] }],
      ["row-shadowed", "key-unused"],
    ],
    [
      "taro@example.jp k2\n*@example.jp k1",
      [{ ...entry, selector: "s2", from: ["taro@example.jp"] }, entry],
      [],
    ],
    ["*@example.jp k1\n*@example.jp k1", [entry], []],
    // Identities.
    ["*@example.jp k1:@%", [{ ...entry, identity: "domain" }], []],
    ["*@example.jp k1:@example.jp", [entry], []],
    [
      "taro@example.jp k1:taro@example.jp",
      [{ ...entry, from: ["taro@example.jp"], identity: "address" }],
      [],
    ],
    ["*@example.jp k1:postmaster@example.jp", [entry], ["row-identity"]],
  ])("refile %j", async (rows, keys, found) => {
    const withSecond = rows.includes("k2\n") || rows.endsWith("taro@example.jp k2");
    const second = withSecond ? "k2 example.jp:s2:/keys/s1.private\n" : "";
    const result = await tables(key + second, rows);
    expect(result.keys).toEqual(keys);
    expect(ids(result)).toEqual(found);
    await loaded(result);
  });

  test.each([
    ["example.jp k1", [entry], []],
    ["example.jp k1\n.example.jp k1", [{ ...entry, include_subdomains: true }], []],
    [".example.jp k1", [{ ...entry, include_subdomains: true }], ["row-subdomains"]],
    ["taro@example.jp k1", [{ ...entry, from: ["taro@example.jp"] }], []],
    // A letter like any other without refile.
    ["*@example.jp k1", [entry], ["row-never"]],
    ["taro@.example.jp k1", [{ ...entry, from: [] }], ["row-pattern", "key-unused"]],
    ["taro@* k1", [{ ...entry, from: [] }], ["row-wildcard", "key-unused"]],
    ["* k1", [{ ...entry, from: [] }], ["row-wildcard", "key-unused"]],
  ])("flat file %j", async (rows, keys, found) => {
    const result = await tables(key, rows, { kind: "file:" });
    expect(result.keys).toEqual(keys);
    expect(ids(result)).toEqual(found);
    await loaded(result);
  });

  test("of a flat file the most exact entry goes first, wherever it stands", async () => {
    const two = `${key}k2 example.jp:s2:/keys/s2.private\n`;
    const result = await tables(two, "example.jp k1\ntaro@example.jp k2", { kind: "" });
    expect(ids(result)).toEqual([]);
    const { config } = await loaded(result);
    const selectors = (localPart: string): string[] =>
      signingKeysFor({ domain: "example.jp", localPart }, config.sign.keys).map(({ selector }) => selector);
    expect([selectors("taro"), selectors("hanako")]).toEqual([["s2"], ["s1"]]);
  });

  test("with MultipleSignatures all that fit sign", async () => {
    const two = `${key}k2 example.jp:s2:/keys/s2.private\nk3 example.jp:s3:/keys/s3.private\n`;
    const rows = "*@example.jp k1\n*@example.jp k2\ntaro@example.jp k3";
    const result = await tables(two, rows, { more: "MultipleSignatures yes\n" });
    expect(ids(result)).toEqual([]);
    const { config } = await loaded(result);
    const selectors = (localPart: string): string[] =>
      signingKeysFor({ domain: "example.jp", localPart }, config.sign.keys)
        .map(({ selector }) => selector)
        .toSorted();
    expect([selectors("taro"), selectors("hanako")]).toEqual([
      ["s1", "s2", "s3"],
      ["s1", "s2"],
    ]);
  });
});

describe("KeyTable", () => {
  test.each([
    ["k1 example.jp:s1:keys", ["key-inline"]],
    ["k1 example.jp:s1:MIIEvQIBADANBg", ["key-inline"]],
    ["k1 example.jp:s1", ["key-row"]],
    ["k1", ["key-row"]],
    ["k1 example..jp:s1:/k", ["key-row"]],
    [`${key}k1 example.jp:s9:/k`, ["key-twice"]],
    ["s1._domainkey.example.jp example.jp:s2:/k", ["key-name", "row-dangling", "key-unused"]],
    ["k1 %:s1:/k/%", ["key-any-domain"]],
  ])("%j", async (rows, found) => {
    const result = await tables(rows, rows.startsWith("k1 %") ? "*@*.example.jp k1" : "*@example.jp k1");
    // A row that cannot be read is told once: that the KeyTable does not have its name would be wrong.
    expect(ids(result).filter((id) => id !== "row-subdomains")).toEqual(found);
  });

  test("two files for one selector", async () => {
    const result = await tables(
      `${key}k2 example.jp:s1:/keys/other.private\n`,
      "*@example.jp k1\ntaro@example.jp k2\n",
      { more: "MultipleSignatures yes" },
    );
    expect(ids(result)).toContain("selector-twice");
    expect(new Set(result.keys.map(({ file }) => file))).toEqual(new Set(["/keys/s1.private"]));
    await loaded(result);
  });

  test("% in domain and path becomes the domain of a row that names one", async () => {
    const result = await tables("k1 %:s1:/keys/%/s1.private", "*@example.jp k1\n*@example.com k1\n");
    expect(result.keys).toEqual([
      { domain: "example.jp", selector: "s1", file: "/keys/example.jp/s1.private" },
      { domain: "example.com", selector: "s1", file: "/keys/example.com/s1.private" },
    ]);
    expect(ids(result)).toEqual([]);
  });

  test("relative paths, BaseDirectory, and the algorithm as a fourth field", async () => {
    const result = await imported({
      "/etc/opendkim.conf": "BaseDirectory /srv/dkim\nKeyTable ./kt\nSigningTable csl:example.jp=k1",
      "/srv/dkim/kt": "k1 example.jp:s1:./s1.private:rsa-sha256",
    });
    expect(result.keys).toEqual([{ ...entry, file: "/srv/dkim/s1.private" }]);
  });
});

describe("opendkim.conf", () => {
  test("one key for some domains", async () => {
    const result = await imported({
      "/etc/opendkim.conf":
        "Domain example.jp, example.com\nSelector 2020\nKeyFile /keys/2020.private\nSubDomains yes\nCanonicalization relaxed/simple\n",
    });
    const both = { selector: "2020", file: "/keys/2020.private", include_subdomains: true };
    expect(result.config["sign"]).toEqual({
      keys: [
        { domain: "example.jp", ...both },
        { domain: "example.com", ...both },
      ],
      canonicalization: "relaxed/simple",
    });
    expect(ids(result)).toEqual([]);
  });

  test.each([
    ["example.jp example.com", ["example.jp"], ["example.jp example.com"]],
    ["example.jp,*", ["example.jp"], ["*"]],
    ["example.jp, localhost, *.example.com", ["example.jp"], ["localhost", "*.example.com"]],
  ])("Domain %j: what cannot be read is named by itself", async (domains, carried, told) => {
    const result = await imported({
      "/etc/opendkim.conf": `Domain ${domains}\nSelector s1\nKeyFile /keys/s1.private\n`,
    });
    expect(result.keys.map(({ domain }) => domain)).toEqual(carried);
    expect(result.findings.map(({ id, params }) => [id, params])).toEqual(
      told.map((value) => ["opendkim.value", expect.objectContaining({ value, line: 1 })]),
    );
  });

  test.each([
    ["Mode v\nDomain example.jp\nSelector s1\nKeyFile /k", ["no-signing"]],
    ["Mode sv", ["no-signing"]],
    ["KeyTable csl:\nSigningTable csl:", ["no-signing"]],
    // These sign; only what they sign with cannot be read here.
    ["KeyTable dsn:mysql://h/d\nSigningTable dsn:mysql://h/d", ["data-set", "data-set"]],
    ["KeyTable ldap://h/d\nSigningTable csl:example.jp=k1", ["data-set"]],
    ["KeyTable /missing\nSigningTable csl:example.jp=k1", ["file-unreadable"]],
    ["Domain *\nSelector s1\nKeyFile /k", ["value"]],
  ])("%j: whether it signs", async (text, found) => {
    expect(ids(await imported({ "/etc/opendkim.conf": text }))).toEqual(found);
  });

  test("what has a counterpart is carried over", async () => {
    const result = await imported({
      "/etc/opendkim.conf": `
syslog yes
PidFile /run/opendkim.pid
Mode sv
Socket inet:8891@localhost
AuthservID mx.example.jp
InternalHosts refile:/etc/TrustedHosts
ExternalIgnoreList /etc/TrustedHosts
SignatureTTL 1209600
OversignHeaders From,Reply-To
SignHeaders *,+X-One,-Comments
Nameservers 192.0.2.53
DNSTimeout 10
MinimumKeyBits 2048
SignatureAlgorithm rsa-sha1
csl_unknown x
KeyTable csl:k1=example.jp:s1:/keys/s1.private
SigningTable csl:example.jp=k1, .example.jp k1
`,
      "/etc/TrustedHosts": "127.0.0.1\n::1\n192.0.2.0/24\nlocalhost\nmail.example.jp\n!192.0.2.9\n",
    });
    expect(result.config).toEqual({
      authserv_id: "mx.example.jp",
      networks: { submitters: ["127.0.0.1", "::1", "192.0.2.0/24", "127.0.0.0/8"] },
      dns: { nameservers: ["192.0.2.53"], timeout: "10s" },
      milter: { sockets: [{ listen: "inet:localhost:8891", role: "both" }] },
      verify: { dkim: { minimum_key_bits: 2048 } },
      sign: {
        keys: [{ ...entry, include_subdomains: true }],
        expire: "14d",
        extra_headers: ["X-One"],
        oversign_headers: ["Reply-To"],
      },
    });
    expect(ids(result).toSorted()).toEqual([
      "host-not-carried",
      "host-not-carried",
      "option-not-carried",
      "option-unknown",
      "options-needless",
      "sha1",
    ]);
    await loaded(result);
  });

  test("an exception in InternalHosts is told for what it is: here its host gets the right", async () => {
    const result = await imported({
      "/etc/opendkim.conf": "InternalHosts csl:192.0.2.0/24,!192.0.2.9\n",
    });
    const [text, ja] = (["en", "ja"] as const).map((lang) =>
      result.findings.map((one) => writeFinding(one, lang).text).join("\n"),
    );
    expect(text).toContain('the exception "!192.0.2.9"');
    expect(ja).toContain("「!192.0.2.9」という除外");
  });

  test.each([
    ["Socket inet:8891", "inet:127.0.0.1:8891", ["socket-open"]],
    ["Socket inet:8891@127.0.0.1", "inet:127.0.0.1:8891", []],
    ["Socket inet6:8891@[::1]", "inet:[::1]:8891", []],
    ["Socket local:/run/opendkim/opendkim.sock", "unix:/run/opendkim/opendkim.sock", []],
    ["Socket /run/opendkim.sock", "unix:/run/opendkim.sock", []],
    ["Socket inet:8891@192.0.2.1", "inet:127.0.0.1:8891", ["socket-open"]],
    ["Socket inet:8891@mail.example.jp", "inet:127.0.0.1:8891", ["socket-open"]],
    ["Socket inet6:8891@ip6-localhost", "inet:[::1]:8891", []],
    ["Socket inet:8891@localhost.localdomain", "inet:127.0.0.1:8891", []],
    ["Socket inet:99999", undefined, ["value"]],
    ["Socket smoke:signals", undefined, ["value"]],
  ])("%s", async (line, listen, found) => {
    const result = await tables(key, "*@example.jp k1", { more: line });
    const milter = result.config["milter"] as { sockets: { listen: string }[] } | undefined;
    expect(milter?.sockets[0]?.listen).toBe(listen);
    expect(ids(result)).toEqual(found);
  });

  test.each([
    ["UMask 000\nSocket local:/run/o.sock", "0666", []],
    ["Socket local:/run/o.sock\nUMask 0002", "0664", []],
    // As ours are without a word.
    ["UMask 007\nSocket local:/run/o.sock", undefined, []],
    ["UMask 000\nSocket inet:8891@localhost", undefined, []],
    ["UMask 9\nSocket local:/run/o.sock", undefined, ["value"]],
  ])("%j: the mode of the socket", async (lines, mode, found) => {
    const result = await tables(key, "*@example.jp k1", { more: lines });
    const milter = result.config["milter"] as { sockets: { mode?: string }[] };
    expect(milter.sockets[0]?.mode).toBe(mode);
    expect(ids(result)).toEqual(found);
    await loaded(result);
  });

  test.each([
    ["Mode v", ["no-signing"]],
    ["BodyLengthDB refile:/etc/x", ["option-not-carried"]],
    ["MTA ORIGINATING", ["option-not-carried"]],
    ["MacroList daemon_name|ORIGINATING", ["option-not-carried"]],
    ["SenderHeaders Sender,From", ["option-not-carried"]],
    ["SenderHeaders From", []],
    ["PeerList 192.0.2.1", ["option-not-carried"]],
    ["On-BadSignature reject", ["option-not-carried"]],
    ["OmitHeaders Subject", ["option-not-carried"]],
    ["SignHeaders From,To", ["option-not-carried"]],
    ["Canonicalization fancy", ["value"]],
    ["SignatureTTL soon", ["value"]],
    ["MultipleSignatures maybe", ["value"]],
    ["InternalHosts db:/etc/x.db", ["data-set"]],
    ["InternalHosts dsn:mysql://user:secret@3306+h/d", ["data-set"]],
    // Passwords of settings that are only told.
    ["LDAPBindPassword secret", ["option-not-carried"]],
    ["PeerList dsn:mysql://user:secret@3306+h/d", ["option-not-carried"]],
    ["POPDBFile ldap://user:secret@h/d", ["option-not-carried"]],
    ["ExternalIgnoreList dsn:mysql://user:secret@3306+h/d", ["options-needless"]],
    // Of what is built in on demand, and of former versions.
    ["VBR-Type all", ["option-not-carried"]],
    ["ATPSDomains example.org", ["option-not-carried"]],
    ["X-Header yes", ["options-needless"]],
    // Elements are divided by commas alone: of two without one the second would be lost.
    ["InternalHosts 192.0.2.1 192.0.2.2", ["value"]],
    ["Include /etc/missing.conf", ["file-unreadable"]],
    ["InternalHosts /etc/missing", ["file-unreadable"]],
    ["Canonicalisation relaxed", ["option-unknown"]],
  ])("%s", async (line, found) => {
    const result = await tables(key, "*@example.jp k1", { more: line });
    expect(ids(result)).toEqual(found);
    expect(JSON.stringify(result)).not.toContain("secret");
    await loaded(result);
  });

  test("an option that is only misspelt is recognized", async () => {
    const { findings } = await tables(key, "*@example.jp k1", { more: "Canonicalisation relaxed" });
    expect(findings.map((one) => writeFinding(one, "en").fix)).toEqual(["Did you mean Canonicalization?"]);
  });

  test("included files are read in their place, and no deeper than five", async () => {
    const result = await imported({
      "/etc/opendkim.conf":
        "Include /etc/opendkim.conf\nKeyTable csl:k1=example.jp:s1:/k\nSigningTable csl:example.jp=k1",
    });
    expect(result.keys).toEqual([{ ...entry, file: "/k" }]);
  });
});

test("whatever stands in the files, the outcome is a configuration that loads", async () => {
  const piece = fc.constantFrom(
    ..."k1|k2|%|*|@|.|:|/k|example.jp|example.com|s1|a@b|refile:|csl:|,|=|#|Mode s|Domain |Selector |KeyFile |Socket inet:1|SubDomains y|InternalHosts |SignHeaders |例え.jp".split(
      "|",
    ),
    "\n",
    "\n",
    " ",
    " ",
    "k1 example.jp:s1:/k\n",
    "k2 example.jp:s1:/other\n",
    "k2 jp:s1:/other\n",
    "taro@example.jp k2\n",
    "*@example.jp k1\n",
    "\0",
  );
  const text = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(text, text, text, async (conf, keyTable, signingTable) => {
      await loaded(await tables(keyTable, signingTable, { more: conf }));
    }),
    { numRuns: 300 },
  );
});
