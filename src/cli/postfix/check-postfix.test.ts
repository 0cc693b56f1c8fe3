import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import type { MilterSocketConfig } from "../../config/config.ts";
import { writeFinding } from "../../findings/table.ts";
import { checkPostfix, type OurSide, type PostfixSettings } from "./check-postfix.ts";
import { endpointMeant, parseEndpoint, relate } from "./endpoint.ts";
import { parseMainCf } from "./main-cf.ts";
import { parseMasterCf } from "./master-cf.ts";
import { readPostfix } from "./read-postfix.ts";

const inet = "inet:127.0.0.1:8891";

function socket(listen: string, changes: Partial<MilterSocketConfig> = {}): MilterSocketConfig {
  return { listen, role: "verify", onFailure: "accept", mode: 0o660, ...changes };
}

function ours(changes: Partial<OurSide> = {}): OurSide {
  return { sockets: [socket(inet)], timeBudgetMs: 25_000, hostname: "mx.example.jp", ...changes };
}

function settings(
  main: string,
  master?: string,
  tables: Readonly<Record<string, string>> = {},
): PostfixSettings {
  return {
    source: "main.cf",
    main: parseMainCf(main),
    services: master === undefined ? undefined : parseMasterCf(master),
    readTable: (path) => tables[path],
  };
}

const folder = fileURLToPath(new URL("../../../test/vectors/postfix/", import.meta.url));
const unix = "unix:/run/sekisho/milter.sock";

test.each([
  { name: "good", side: ours({ sockets: [socket(inet, { role: "both" })] }), is: [] },
  {
    name: "leftover",
    side: ours(),
    is: [
      "postfix.default-action-reject",
      "postfix.main-cf-syntax",
      "postfix.leftover-filter",
      "postfix.leftover-filter",
      "postfix.protocol-old",
      "postfix.content-timeout-short",
      "postfix.command-timeout-short",
      "postfix.header-checks-results",
      "postfix.myhostname-not-qualified",
      "postfix.filter-before",
      "postfix.connect-timeout-long",
      "postfix.header-checks-unread",
      "postfix.internal-mail-filtered",
      "postfix.daemon-name",
    ],
  },
  {
    name: "chroot",
    side: ours({ sockets: [socket(unix)] }),
    is: ["postfix.socket-chroot", "postfix.socket-relative", "postfix.non-smtpd-needless"],
  },
  {
    name: "chroot",
    side: ours({ sockets: [socket("unix:/var/spool/postfix/run/sekisho/milter.sock", { role: "both" })] }),
    is: [],
  },
  {
    name: "overrides",
    side: ours({ sockets: [socket(inet, { role: "both" })] }),
    is: [
      "postfix.master-override",
      "postfix.master-milters-off",
      "postfix.reinjection-filtered",
      "postfix.milter-maps",
      "postfix.daemon-name",
    ],
  },
  {
    name: "odd",
    side: ours(),
    is: [
      "postfix.endpoint-syntax",
      "postfix.endpoint-syntax",
      "postfix.milters-off",
      "postfix.milter-missing",
    ],
  },
])("test/vectors/postfix/$name", async ({ name, side, is }) => {
  const found = checkPostfix(await readPostfix(folder + name, testIo("en")), side);
  expect(found.map(({ id }) => id)).toEqual(is);
});

const mine = `smtpd_milters = ${inet}\nmilter_default_action = accept\n`;
const without = ["postfix.non-smtpd-needless"];

test.each([
  { name: "nothing at all", main: "", is: ["postfix.milter-missing"] },
  { name: "all is well", main: mine, is: [] },
  { name: "localhost is 127.0.0.1", main: mine.replace("127.0.0.1", "localhost"), is: [] },
  { name: "another port", main: mine.replace("8891", "8892"), is: ["postfix.milter-missing"] },
  {
    name: "another address",
    main: mine.replace("127.0.0.1", "192.0.2.1"),
    is: ["postfix.milter-missing", "postfix.leftover-filter"],
  },
  {
    name: "twice",
    main: `smtpd_milters = ${inet}, ${inet}\nmilter_default_action = accept`,
    is: ["postfix.milter-twice"],
  },
  {
    name: "a filter before",
    main: `${mine}smtpd_milters = unix:/x/y.sock ${inet}`,
    is: ["postfix.filter-before"],
  },
  { name: "a filter behind", main: `${mine}smtpd_milters = ${inet} unix:/x/y.sock`, is: [] },
  {
    name: "OpenDMARC behind",
    main: `${mine}smtpd_milters = ${inet} unix:/run/opendmarc.sock`,
    is: ["postfix.leftover-filter"],
  },
  { name: "local mail to a verifier", main: `${mine}non_smtpd_milters = ${inet}`, is: without },
  { name: "no action set", main: `smtpd_milters = ${inet}`, is: ["postfix.default-action-defers"] },
  {
    name: "shutdown",
    main: `${mine}milter_default_action = shutdown`,
    is: ["postfix.default-action-defers"],
  },
  {
    name: "quarantine",
    main: `${mine}milter_default_action = quarantine`,
    is: ["postfix.default-action-quarantine"],
  },
  { name: "reject", main: `${mine}milter_default_action = reject`, is: ["postfix.default-action-reject"] },
  {
    name: "no such action",
    main: `${mine}milter_default_action = perhaps`,
    is: ["postfix.default-action-unknown"],
  },
  { name: "an action of its own", main: `smtpd_milters = { ${inet}, default_action=accept }`, is: [] },
  { name: "protocol 6", main: `${mine}milter_protocol = 6`, is: [] },
  { name: "protocol 4", main: `${mine}milter_protocol = 4`, is: ["postfix.protocol-old"] },
  {
    name: "25 s for the content",
    main: `${mine}milter_content_timeout = 25s`,
    is: ["postfix.content-timeout-short"],
  },
  { name: "26 s for the content", main: `${mine}milter_content_timeout = 26s`, is: [] },
  {
    name: "9 s for a command",
    main: `${mine}milter_command_timeout = 9s`,
    is: ["postfix.command-timeout-short"],
  },
  { name: "10 s for a command", main: `${mine}milter_command_timeout = 10s`, is: [] },
  { name: "60 s to connect", main: `${mine}milter_connect_timeout = 60s`, is: [] },
  {
    name: "61 s to connect",
    main: `${mine}milter_connect_timeout = 61s`,
    is: ["postfix.connect-timeout-long"],
  },
  { name: "no time", main: `${mine}milter_connect_timeout = long`, is: ["postfix.timeout-unreadable"] },
  { name: "no_milters", main: `${mine}receive_override_options = no_milters`, is: ["postfix.milters-off"] },
  { name: "by client", main: `${mine}smtpd_milter_maps = cidr:/x`, is: ["postfix.milter-maps"] },
  { name: "myhostname is ours", main: `${mine}myhostname = MX.example.jp`, is: [] },
  {
    name: "myhostname is another",
    main: `${mine}myhostname = mail.example.jp`,
    is: ["postfix.hostname-differs"],
  },
  { name: "myhostname is short", main: `${mine}myhostname = mx`, is: ["postfix.myhostname-not-qualified"] },
  { name: "checks of another table", main: `${mine}milter_header_checks = pcre:/t/other`, is: [] },
  {
    name: "checks of results",
    main: `${mine}milter_header_checks = pcre:/t/results`,
    is: ["postfix.header-checks-results"],
  },
  {
    name: "checks nobody can read",
    main: `${mine}milter_header_checks = pcre:/t/none`,
    is: ["postfix.header-checks-unread"],
  },
  {
    name: "a daemon name",
    main: `${mine}milter_macro_daemon_name = ORIGINATING`,
    is: ["postfix.daemon-name"],
  },
  { name: "the usual daemon name", main: `${mine}milter_macro_daemon_name = $myhostname`, is: [] },
  {
    name: "bounces",
    main: `${mine}internal_mail_filter_classes = bounce`,
    is: ["postfix.internal-mail-filtered"],
  },
])("main.cf, $name: $is", ({ main, is }) => {
  const tables = {
    "/t/other": "/^X-Spam/ IGNORE\n# Authentication-Results",
    "/t/results": "/^authentication-results:/ IGNORE",
  };
  const found = checkPostfix(settings(main, undefined, tables), ours());
  expect(found.map(({ id }) => id)).toEqual(is);
});

test.each([
  { onFailure: "tempfail", action: "accept", is: ["postfix.default-action-accepts"] },
  { onFailure: "tempfail", action: "tempfail", is: [] },
  { onFailure: "accept", action: "tempfail", is: ["postfix.default-action-defers"] },
  { onFailure: "reject", action: "accept", is: ["postfix.default-action-accepts"] },
] as const)("on_failure $onFailure, milter_default_action $action: $is", ({ onFailure, action, is }) => {
  const side = ours({ sockets: [socket(inet, { onFailure })] });
  const found = checkPostfix(settings(`${mine}milter_default_action = ${action}`), side);
  expect(found.map(({ id }) => id)).toEqual(is);
});

test.each([
  ["en", `Write { ${inet}, default_action=tempfail } in place of ${inet}`],
  ["ja", `${inet} を { ${inet}, default_action=tempfail } に書き換える`],
] as const)("a default action of one socket is written wherever that stands (%s)", (lang, fix) => {
  const side = ours({ sockets: [socket(inet, { role: "sign", onFailure: "tempfail" })] });
  const main = `smtpd_milters = unix:/run/clamav/milter.sock\nnon_smtpd_milters = ${inet}\nmilter_default_action = accept\n`;
  const found = checkPostfix(settings(main), side).filter(
    ({ id }) => id === "postfix.default-action-accepts",
  );
  expect(found.map((one) => writeFinding(one, lang).fix)).toEqual([fix]);
});

test("a socket that signs is missed in non_smtpd_milters", () => {
  const side = ours({ sockets: [socket(inet, { role: "both" })] });
  expect(checkPostfix(settings(mine), side).map(({ id }) => id)).toEqual(["postfix.non-smtpd-missing"]);
});

const other = "inet:127.0.0.1:8892";
const listed = "inet:127.0.0.1:8895";
const scanner = "unix:/run/clamav/milter.sock";

/** What is written to be done about each finding. */
function toDo(
  main: string,
  sockets: readonly MilterSocketConfig[],
  listSockets: readonly string[] = [],
): string[] {
  return checkPostfix(settings(main), ours({ sockets, listSockets }))
    .filter(({ id }) => id === "postfix.milter-missing" || id === "postfix.non-smtpd-missing")
    .map((one) => writeFinding(one, "en").fix ?? "");
}

test.each([
  {
    name: "of two that see everything one is enough",
    sockets: [socket(inet, { role: "both" }), socket(unix, { role: "both" })],
    main: "",
    is: [`smtpd_milters = ${inet}`, `non_smtpd_milters = ${inet}`],
  },
  {
    name: "a verifier and a signer",
    sockets: [socket(inet), socket(other), socket(unix, { role: "sign" })],
    main: "",
    is: [`smtpd_milters = ${inet}, ${unix}`, `non_smtpd_milters = ${unix}`],
  },
  {
    name: "a signer beside one that does everything",
    sockets: [socket(unix, { role: "sign" }), socket(inet, { role: "both" })],
    main: "",
    is: [`smtpd_milters = ${inet}`, `non_smtpd_milters = ${inet}`],
  },
  {
    name: "the socket of a list is not for the mail of everybody",
    sockets: [socket(listed, { role: "sign" }), socket(inet, { role: "both" })],
    main: "",
    is: [`smtpd_milters = ${inet}`, `non_smtpd_milters = ${inet}`],
  },
  {
    name: "filters of others stay, with their settings",
    sockets: [socket(inet, { role: "both" })],
    main: `smtpd_milters = { ${scanner}, default_action=accept }, unix:/x\nnon_smtpd_milters = unix:/y, oops`,
    is: [
      `smtpd_milters = ${inet}, { ${scanner}, default_action=accept }, unix:/x`,
      `non_smtpd_milters = ${inet}, unix:/y`,
    ],
  },
  {
    name: "what follows from smtpd_milters is told once",
    sockets: [socket(inet, { role: "both" })],
    main: `smtpd_milters = ${scanner}\nnon_smtpd_milters = $smtpd_milters`,
    is: [`smtpd_milters = ${inet}, ${scanner}`],
  },
])("what to write into main.cf: $name", ({ sockets, main, is }) => {
  expect(toDo(main, sockets, [listed])).toEqual(is);
});

test.each([
  { roles: ["both", "both"], is: ["postfix.milter-twice"] },
  { roles: ["verify", "both"], is: ["postfix.milter-twice"] },
  { roles: ["verify", "sign"], is: [] },
] as const)("two sockets of ours in one list, $roles: $is", ({ roles, is }) => {
  const [first, second] = roles;
  const both = `${inet}, ${other}`;
  const main = `smtpd_milters = ${both}\nnon_smtpd_milters = ${second === "sign" ? other : inet}\nmilter_protocol = 4\nmilter_default_action = accept`;
  const found = checkPostfix(
    settings(main),
    ours({ sockets: [socket(inet, { role: first }), socket(other, { role: second })] }),
  );
  // What is said of both in the same words is said once.
  const ids = found
    .map(({ id }) => id)
    .filter((id) => !without.includes(id) && id !== "postfix.non-smtpd-missing");
  expect(ids).toEqual([...is, "postfix.protocol-old"]);
});

test("authserv_id set: the name of Postfix does not matter", () => {
  const side = ours({ authservId: "results.example.jp" });
  expect(checkPostfix(settings(`${mine}myhostname = mx`), side)).toEqual([]);
});

const smtpd = "inet n - n - - smtpd";
const listSocket = "inet:127.0.0.1:8895";
test.each([
  { name: "nothing of its own", master: `smtp ${smtpd}`, is: [] },
  { name: "an empty list", master: `smtp ${smtpd}\n -o smtpd_milters=`, is: ["postfix.master-override"] },
  { name: "a list with ours", master: `smtp ${smtpd}\n -o smtpd_milters=inet:localhost:8891`, is: [] },
  {
    name: "filters off",
    master: `smtps ${smtpd}\n -o receive_override_options=no_milters`,
    is: ["postfix.master-milters-off"],
  },
  { name: "back from a filter", master: `localhost:10025 ${smtpd}`, is: ["postfix.reinjection-filtered"] },
  {
    name: "back from a list, by its socket",
    master: `localhost:10025 ${smtpd} -o smtpd_milters=${listSocket}`,
    is: [],
  },
  {
    name: "everybody by the socket of a list",
    master: `10025 ${smtpd} -o smtpd_milters=${listSocket}`,
    is: ["postfix.list-socket-open"],
  },
  {
    name: "back, with filters off",
    master: `[::1]:10025 ${smtpd}\n -o receive_override_options=no_milters`,
    is: [],
  },
  { name: "back, with an empty list", master: `127.0.0.1:10025 ${smtpd}\n -o smtpd_milters=`, is: [] },
  { name: "not smtpd", master: "smtp unix - - y - - smtp\n -o smtpd_milters=", is: [] },
])("master.cf, $name: $is", ({ master, is }) => {
  const sockets = [socket(inet), socket(listSocket, { role: "sign" })];
  const found = checkPostfix(settings(mine, master), ours({ sockets, listSockets: [listSocket] }));
  expect(found.map(({ id }) => id)).toEqual(is);
});

test("main.cf hands all mail to the socket of a list", () => {
  const side = ours({ listSockets: [inet] });
  expect(checkPostfix(settings(mine), side).map(({ id }) => id)).toEqual(["postfix.list-socket-open"]);
});

test.each([
  { chroot: "y", level: "3.6", is: ["postfix.socket-chroot"] },
  { chroot: "n", level: "3.6", is: [] },
  // master(5): "-" is "n" from compatibility_level 1 on.
  { chroot: "-", level: "3.6", is: [] },
  { chroot: "-", level: "0", is: ["postfix.socket-chroot"] },
])("a unix socket, chroot column $chroot at compatibility_level $level: $is", ({ chroot, level, is }) => {
  const main = `compatibility_level = ${level}\nsmtpd_milters = ${unix}\nmilter_default_action = accept\n`;
  const found = checkPostfix(
    settings(main, `smtp inet n - ${chroot} - - smtpd`),
    ours({ sockets: [socket(unix)] }),
  );
  expect(found.map(({ id }) => id)).toEqual(is);
});

const around = { queueDirectory: "/var/spool/postfix", chroot: false };
test.each([
  ["inet:127.0.0.1:8891", "inet:127.0.0.1:8891", "same"],
  ["inet:[::1]:8891", "inet:[::1]:8891", "same"],
  ["inet:localhost:8891", "inet:[::1]:8891", "same"],
  ["inet:127.0.0.1:8891", "inet:localhost:8891", "same"],
  ["inet:127.0.0.1:8891", "inet:[::1]:8891", "other"],
  ["inet:192.0.2.1:8891", "inet:0.0.0.0:8891", "same"],
  ["inet:filter.example.jp:8891", "inet:192.0.2.1:8891", "same"],
  ["inet:192.0.2.2:8891", "inet:192.0.2.1:8891", "other"],
  ["unix:/a/b", "unix:/a/b", "same"],
  ["unix:a/b", "unix:/var/spool/postfix/a/b", "same"],
  ["unix:a/b", "unix:/a/b", "elsewhere"],
  ["unix:/a/b", "inet:127.0.0.1:8891", "other"],
])("%s and listen %s: %s", (endpoint, listen, is) => {
  const read = parseEndpoint(endpoint);
  expect(read && relate(read, listen, around).kind).toBe(is);
});

test.each([
  ["inet:8891@localhost", "inet:localhost:8891"],
  ["local:/run/x", "unix:/run/x"],
  ["/run/x", "unix:/run/x"],
  ["localhost:8891", "inet:localhost:8891"],
  ["whatever", undefined],
])("%s was meant as %s", (text, is) => {
  expect(parseEndpoint(text)).toBeUndefined();
  expect(endpointMeant(text)).toBe(is);
});

test("what changes messages after they were signed", () => {
  const main = `${mine}smtp_generic_maps = hash:/etc/postfix/generic\nsmtp_header_checks = pcre:/x\n`;
  const told = (text: string, signs: boolean): string[] =>
    checkPostfix(settings(text), ours({ signs })).map(({ id, subject }) => `${id} ${subject}`);
  expect(told(main, true)).toEqual([
    "postfix.changes-after-signing smtp_generic_maps",
    "postfix.changes-after-signing smtp_header_checks",
  ]);
  expect(told(main, false)).toEqual([]);
  expect(told(mine, true)).toEqual([]);
});
