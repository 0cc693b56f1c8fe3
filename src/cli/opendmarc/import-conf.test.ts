import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { runCli } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { parseConfig } from "../../config/load.ts";
import { displayWidth } from "../layout.ts";
import { importConf } from "./import-conf.ts";
import { readBoolean, readConf } from "./read-conf.ts";
import { fates, type ImportCode, importText } from "./text.ts";

const files: Readonly<Record<string, string>> = {
  "/etc/hosts-ok": "127.0.0.1\n192.0.2.0/24 # ours\n\n2001:db8::/32\n",
  "/etc/opendmarc/hosts": "localhost\n",
  "/base/hosts": "192.0.2.1\n",
  "/etc/hosts-mixed": "192.0.2.7\nmail.example.jp\n.example.net\nwhat is this\n",
  "/etc/sealers": "lists.example.org\n# none\nb@d\n",
  "/usr/share/psl.dat": "com\njp\nco.jp\n",
};

function imported(text: string): ReturnType<typeof importConf> {
  return importConf(text, {
    folder: "/etc/opendmarc",
    readFile: (path) => {
      const found = files[path];
      if (found === undefined) throw Object.assign(new Error("gone"), { code: "ENOENT" });
      return found;
    },
  });
}

const reject = "reject";
const table: readonly {
  readonly conf: string;
  readonly config?: object;
  readonly notes?: readonly ImportCode[];
}[] = [
  { conf: "AuthservID mx.example.jp", config: { authserv_id: "mx.example.jp" } },
  { conf: "authservid mx.example.jp # ours", config: { authserv_id: "mx.example.jp" } },
  { conf: "AuthservID HOSTNAME", notes: ["hostname-used"] },
  { conf: "AuthservID a b", notes: ["bad-value"] },
  { conf: "AuthservIDWithJobID true", notes: ["no-such-need"] },
  { conf: "AuthservIDWithJobID false" },
  { conf: "AutoRestart yes\nAutoRestartRate 10/1h", notes: ["workers-come-back", "workers-come-back"] },
  {
    conf: "Background 1\nPidFile /run/o.pid\nEnableCoredumps t",
    notes: ["service-manager", "service-manager", "service-manager"],
  },
  { conf: "ChangeRootDirectory /var/chroot", notes: ["no-chroot"] },
  { conf: "CopyFailuresTo postmaster@example.jp", notes: ["no-copies"] },
  { conf: "DNSTimeout 7", config: { dns: { timeout: "7s" } } },
  { conf: "DNSTimeout 0", config: { dns: { timeout: "60s" } }, notes: ["dns-bounded"] },
  { conf: "DNSTimeout soon", notes: ["bad-value"] },
  {
    conf: "DomainWhitelist a.example, b.example",
    config: { verify: { arc: { trusted_sealers: ["a.example", "b.example"] } } },
  },
  {
    conf: "DomainWhitelist a.example\nDomainWhitelistFile /etc/sealers",
    config: { verify: { arc: { trusted_sealers: ["a.example", "lists.example.org"] } } },
    notes: ["bad-entry"],
  },
  {
    conf: "FailureReports true\nFailureReportsSentBy a@example.jp",
    notes: ["no-reports-yet", "no-reports-yet"],
  },
  { conf: "ForensicReports false" },
  {
    conf: "HistoryFile /var/run/o.dat\nRecordAllMessages true",
    notes: ["always-recorded", "always-recorded"],
  },
  {
    conf: "HoldQuarantinedMessages true",
    config: { verify: { quarantine_action: "hold", enforce: "quarantine" } },
    notes: ["quarantine-too"],
  },
  { conf: "HoldQuarantinedMessages perhaps", notes: ["bad-value"] },
  {
    conf: "RejectFailures true\nHoldQuarantinedMessages true",
    config: { verify: { enforce: reject, dmarc: { on_temperror: "defer" }, quarantine_action: "hold" } },
    notes: ["reject-needs-reason", "quarantine-too"],
  },
  {
    conf: "HoldQuarantinedMessages true\nRejectFailures true",
    config: { verify: { enforce: reject, dmarc: { on_temperror: "defer" }, quarantine_action: "hold" } },
    notes: ["quarantine-too", "reject-needs-reason"],
  },
  { conf: "RejectFailures false" },
  { conf: "IgnoreAuthenticatedClients false", notes: ["logins-never-verified"] },
  {
    conf: "IgnoreHosts /etc/hosts-ok",
    config: { networks: { submitters: ["127.0.0.1", "192.0.2.0/24", "2001:db8::/32"] } },
    notes: ["submitters-may-sign"],
  },
  {
    conf: "IgnoreHosts hosts",
    config: { networks: { submitters: ["127.0.0.0/8", "::1"] } },
    notes: ["submitters-may-sign"],
  },
  {
    conf: "IgnoreHosts hosts\nBaseDirectory /base",
    config: { networks: { submitters: ["192.0.2.1"] } },
    notes: ["submitters-may-sign", "no-such-need"],
  },
  {
    conf: "IgnoreHosts /etc/hosts-mixed",
    config: { networks: { submitters: ["192.0.2.7"] } },
    notes: ["host-name-entry", "host-name-entry", "bad-entry", "submitters-may-sign"],
  },
  { conf: "IgnoreHosts /none", notes: ["file-unreadable"] },
  {
    conf: "IgnoreMailFrom example.org,.Example.NET, b@d",
    config: {
      verify: {
        overrides: [
          { domain: "example.org", action: "none" },
          { domain: "example.net", include_subdomains: true, action: "none" },
        ],
      },
    },
    notes: ["bad-entry", "still-recorded"],
  },
  {
    conf: "PublicSuffixList /usr/share/psl.dat",
    config: {
      verify: { dmarc: { discovery: ["psl", "treewalk"], public_suffix_list: "/usr/share/psl.dat" } },
    },
    notes: ["both-discoveries"],
  },
  {
    conf: "PublicSuffixList /usr/share/gone.dat",
    config: { verify: { dmarc: { discovery: ["psl", "treewalk"] } } },
    notes: ["own-suffix-list", "both-discoveries"],
  },
  {
    conf: "RejectMultiValueFrom true",
    config: { verify: { rules: { several_author_domains: reject } } },
    notes: ["several-domains-only"],
  },
  {
    conf: "RequiredHeaders true",
    config: {
      verify: {
        rules: {
          repeated_from: reject,
          repeated_sender: reject,
          repeated_reply_to: reject,
          repeated_to: reject,
          repeated_cc: reject,
          repeated_date: reject,
          repeated_message_id: reject,
          repeated_subject: reject,
          missing_from: reject,
          missing_date: reject,
          unreadable_from: reject,
        },
      },
    },
    notes: ["header-rules"],
  },
  socketRow("inet:8893@localhost", "inet:localhost:8893"),
  socketRow("inet:8893@[127.0.0.1]", "inet:127.0.0.1:8893"),
  socketRow("inet:8893@127.0.0.1", "inet:127.0.0.1:8893"),
  socketRow("inet6:8893@[::1]", "inet:[::1]:8893"),
  socketRow("local:/run/o/o.sock", "unix:/run/o/o.sock"),
  socketRow("unix:/run/o/o.sock", "unix:/run/o/o.sock"),
  socketRow("/run/o/o.sock", "unix:/run/o/o.sock"),
  {
    conf: "Socket inet:8893",
    config: { milter: { sockets: [{ listen: "inet:127.0.0.1:8893", role: "verify" }] } },
    notes: ["loopback-only", "same-socket"],
  },
  {
    conf: "Socket inet6:8893",
    config: { milter: { sockets: [{ listen: "inet:[::1]:8893", role: "verify" }] } },
    notes: ["loopback-only", "same-socket"],
  },
  {
    conf: "Socket inet:8893@0.0.0.0",
    config: { milter: { sockets: [{ listen: "inet:127.0.0.1:8893", role: "verify" }] } },
    notes: ["loopback-only", "same-socket"],
  },
  {
    conf: "Socket inet:8893@[192.0.2.5]",
    config: { milter: { sockets: [{ listen: "inet:127.0.0.1:8893", role: "verify" }] } },
    notes: ["loopback-only", "same-socket"],
  },
  {
    conf: "Socket inet6:8893@[::]",
    config: { milter: { sockets: [{ listen: "inet:[::1]:8893", role: "verify" }] } },
    notes: ["loopback-only", "same-socket"],
  },
  { conf: "Socket inet:8893@mail.example.jp", notes: ["bad-value"] },
  { conf: "Socket inet:milter", notes: ["bad-value"] },
  {
    conf: "UMask 002\nSocket local:/run/o.sock",
    config: { milter: { sockets: [{ listen: "unix:/run/o.sock", role: "verify", mode: "0664" }] } },
    notes: ["same-socket"],
  },
  {
    conf: "Socket local:/run/o.sock\nUMask 007",
    config: { milter: { sockets: [{ listen: "unix:/run/o.sock", role: "verify", mode: "0660" }] } },
    notes: ["same-socket"],
  },
  {
    conf: "UMask 002\nSocket inet:8893@localhost",
    config: { milter: { sockets: [{ listen: "inet:localhost:8893", role: "verify" }] } },
    notes: ["same-socket"],
  },
  { conf: "UMask 002" },
  { conf: "UMask 9", notes: ["bad-value"] },
  { conf: "SoftwareHeader true", notes: ["no-header"] },
  { conf: "SPFIgnoreResults true\nSPFSelfValidate true", notes: ["always-own-spf", "always-own-spf"] },
  { conf: "Syslog true\nSyslogFacility mail", notes: ["log-to-stderr", "log-to-stderr"] },
  { conf: "TrustedAuthservIDs HOSTNAME", notes: ["foreign-results"] },
  { conf: "UserID opendmarc", config: { user: "opendmarc" } },
  { conf: "UserID opendmarc:mail", config: { user: "opendmarc", group: "mail" } },
  { conf: "UserID :mail", notes: ["bad-value"] },
  { conf: "RejectString refused: %s", notes: ["fixed-reply"] },
  { conf: "IgnoreMailTo ruf@example.jp", notes: ["always-recorded"] },
  // Texts that begin as a "no" does
  { conf: "TrustedAuthservIDs filter.example.jp", notes: ["foreign-results"] },
  { conf: "FailureReportsSentBy noreply@example.jp", notes: ["no-reports-yet"] },
  { conf: "FailureReportsBcc failures@example.jp", notes: ["no-reports-yet"] },
  { conf: "CopyFailuresTo forensics@example.jp", notes: ["no-copies"] },
  { conf: "ReportCommand nullmailer-inject", notes: ["no-reports-yet"] },
  { conf: "SyslogFacility news", notes: ["log-to-stderr"] },
  { conf: "HistoryFile files/o.dat", notes: ["always-recorded"] },
  { conf: "Frobnicate 1", notes: ["unknown"] },
  { conf: "DNSTimeout 3\nDNSTimeout 4", config: { dns: { timeout: "4s" } } },
  { conf: "" },
];

function socketRow(written: string, listen: string): (typeof table)[number] {
  return {
    conf: `Socket ${written}`,
    config: { milter: { sockets: [{ listen, role: "verify" }] } },
    notes: ["same-socket"],
  };
}

describe("opendmarc.conf(5)", () => {
  test.each(table)("$conf", async ({ conf, config = {}, notes = [] }) => {
    const result = imported(conf);
    expect(result.config).toEqual(config);
    expect(result.notes.map(({ code }) => code)).toEqual(notes);
    const checked = await parseConfig(
      `hostname: mx.example.jp\n${Object.keys(config).length > 0 ? stringify(result.config) : ""}`,
      {
        file: "test",
      },
    );
    expect(checked.ok ? [] : checked.errors).toEqual([]);
  });

  test("every note has a fate and a sentence in both languages", () => {
    const used = new Set(table.flatMap(({ notes = [] }) => notes));
    expect([...used].toSorted()).toEqual(Object.keys(fates).toSorted());
    for (const text of Object.values(importText))
      expect(Object.keys(text.note).toSorted()).toEqual(Object.keys(fates).toSorted());
  });

  test("whatever stands in the file, what comes out is a good configuration", async () => {
    const names = [
      "Socket",
      "IgnoreHosts",
      "DNSTimeout",
      "UMask",
      "UserID",
      "IgnoreMailFrom",
      "AuthservID",
      "DomainWhitelist",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.string({ unit: "binary", maxLength: 40 })), {
          maxLength: 8,
        }),
        async (lines) => {
          const { config } = imported(lines.map(([name, value]) => `${name} ${value}`).join("\n"));
          if (Object.keys(config).length === 0) return;
          const checked = await parseConfig(`hostname: mx.example.jp\n${stringify(config)}`, {
            file: "test",
          });
          expect(checked.ok ? [] : checked.errors).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test.each([
  ["true", true],
  ["Yes", true],
  ["1", true],
  ["false", false],
  ["No", false],
  ["0", false],
  ["", undefined],
  ["on", undefined],
])("yes or no: %j", (text, is) => expect(readBoolean(text)).toBe(is));

test.each([
  { lang: "en", says: "/none cannot be read: there is no such file" },
  { lang: "ja", says: "/none を読めません: ファイルがありません" },
] as const)("$lang: what is wrong with a file is told in words", ({ lang, says }) => {
  const params = { file: "/none", reason: "ENOENT" };
  expect(importText[lang].note["file-unreadable"](params)).toBe(says);
});

test("comments, blank lines, names without values", () => {
  expect(readConf("# a\n\nName  value with blanks # note\r\nAlone\n")).toEqual([
    { line: 3, name: "Name", value: "value with blanks" },
    { line: 4, name: "Alone", value: "" },
  ]);
});

describe("sekisho config import-opendmarc", () => {
  const folder = temporaryFolder();
  const conf = join(folder, "opendmarc.conf");
  writeFileSync(join(folder, "hosts"), "192.0.2.0/24\nmail.example.jp\n");
  writeFileSync(
    conf,
    "AuthservID mx.example.jp\nRejectFailures true\nIgnoreHosts hosts\nSyslog true\nFrobnicate 1\n",
  );

  test.each([
    {
      lang: "en",
      says: [
        "# Not carried over:",
        "line 5, Frobnicate",
        "# Carried over, with a difference:",
        "# Needs no setting here:",
      ],
    },
    {
      lang: "ja",
      says: [
        "# 引き継げなかったもの:",
        "5 行目 Frobnicate",
        "# 引き継いだが、動作が異なるもの:",
        "# 設定が不要なもの:",
      ],
    },
  ])("$lang: a file to save, with what it cannot carry over as comments; exit 1", async ({ lang, says }) => {
    const { code, out, err } = await runCli(["config", "import-opendmarc", conf, "--lang", lang]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    for (const words of says) expect(out).toContain(words);
    for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    const checked = await parseConfig(out, { file: "test", hostname: "mx.example.jp" });
    expect(checked).toMatchObject({
      ok: true,
      config: {
        authservId: "mx.example.jp",
        verify: { policy: { enforce: "reject" } },
        networks: { submitters: [{ text: "192.0.2.0/24" }] },
      },
    });
  });

  test("--json", async () => {
    const { code, out } = await runCli(["config", "import-opendmarc", conf, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      config: { authserv_id: "mx.example.jp" },
      notes: [
        { line: 2, parameter: "RejectFailures", fate: "differs" },
        {},
        {},
        { fate: "other" },
        { id: "unknown", fate: "left-out" },
      ],
    });
  });

  test("a file that is carried over whole: exit 0", async () => {
    const good = join(folder, "good.conf");
    writeFileSync(good, "AuthservID mx.example.jp\n");
    const { code, out } = await runCli(["config", "import-opendmarc", good, "--lang", "en"]);
    expect(code).toBe(0);
    expect(out).toContain("# Every line was carried over.\n\nauthserv_id: mx.example.jp\n");
  });

  test.each([
    { args: [], code: 2, says: "FILE is missing" },
    { args: ["/nonexistent"], code: 3, says: "/nonexistent cannot be read: there is no such file" },
    { args: [folder], code: 3, says: "it is a directory" },
  ])("bad input: $args", async ({ args, code, says }) => {
    const outcome = await runCli(["config", "import-opendmarc", ...args, "--lang", "en"]);
    expect({ code: outcome.code, out: outcome.out }).toEqual({ code, out: "" });
    expect(outcome.err).toContain(says);
  });
});
