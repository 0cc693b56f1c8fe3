import { describe, expect, test } from "vitest";
import {
  type AskedStage,
  agree,
  defaultAnswers,
  formatNegotiation,
  type MilterWants,
  protocolFor,
  stageBits,
} from "./negotiate.ts";
import type { MilterStage } from "./types.ts";

const full = { version: 6, actions: 0x1ff, protocol: 0x1fffff };
const every = new Set(Object.keys(stageBits)) as ReadonlySet<AskedStage>;
const onlyEnd: ReadonlySet<MilterStage> = new Set(["end-of-message"]);

describe("C.4 versions", () => {
  test.each([
    { mta: 2, is: 2 },
    { mta: 3, is: 3 },
    { mta: 4, is: 4 },
    { mta: 6, is: 6 },
    { mta: 7, is: 6 },
    { mta: 0xffffffff, is: 6 },
  ])("the smaller of 6 and $mta", ({ mta, is }) => {
    expect(agree({ ...full, version: mta }, {})?.version).toBe(is);
  });

  test.each([0, 1])("%i is refused, as Sendmail does", (version) => {
    expect(agree({ ...full, version }, {})).toBeUndefined();
  });
});

describe("C.4 actions", () => {
  test.each([
    { name: "all edits when nothing is said", actions: 0x1ff, wants: {}, is: 0x07f },
    {
      name: "only what is wanted",
      actions: 0x1ff,
      wants: { edits: ["insert-header", "quarantine"] },
      is: 0x021,
    },
    {
      name: "never what was not offered: both MTAs drop the filter for it",
      actions: 0x001,
      wants: {},
      is: 0x001,
    },
    { name: "0 means the mask of version 1", actions: 0, wants: {}, is: 0x00f },
    {
      name: "macro lists need their own bit",
      actions: 0x1ff,
      wants: { edits: [], macros: { connect: ["j"] } },
      is: 0x100,
    },
    {
      name: "no macro lists where they are not offered",
      actions: 0x0ff,
      wants: { edits: [], macros: { connect: ["j"] } },
      is: 0,
    },
  ] as { name: string; actions: number; wants: MilterWants; is: number }[])(
    "$name",
    ({ actions, wants, is }) => {
      expect(agree({ ...full, actions }, wants)?.actions).toBe(is);
    },
  );

  test("the edits that may be made follow from it", () => {
    expect([...(agree({ ...full, actions: 0x20 }, {})?.edits ?? [])]).toEqual(["quarantine"]);
  });
});

describe("C.4 protocol", () => {
  const cases: {
    name: string;
    offered: number;
    callbacks: ReadonlySet<AskedStage>;
    answersAt: ReadonlySet<MilterStage>;
    is: number;
  }[] = [
    {
      name: "all callbacks, one answer: NR for everything, LEADSPC",
      offered: 0x1fffff,
      callbacks: every,
      answersAt: onlyEnd,
      is: 0x1ff080,
    },
    {
      name: "no callback: all events off",
      offered: 0x1fffff,
      callbacks: new Set(),
      answersAt: onlyEnd,
      is: 0x1ff3ff,
    },
    {
      name: "an answer to the body: no NR there, but SKIP",
      offered: 0x1fffff,
      callbacks: every,
      answersAt: new Set(["end-of-message", "body"]),
      is: 0x17f480,
    },
    {
      name: "an answer to MAIL: no NR there",
      offered: 0x1fffff,
      callbacks: every,
      answersAt: new Set(["end-of-message", "mail"]),
      is: 0x1fb080,
    },
    {
      name: "version 2: only its own bits",
      offered: 0x7f,
      callbacks: new Set(["body"]),
      answersAt: onlyEnd,
      is: 0x6f,
    },
    {
      name: "version 2 with all callbacks: nothing",
      offered: 0x7f,
      callbacks: every,
      answersAt: onlyEnd,
      is: 0,
    },
    {
      name: "Sendmail's MDS bits are not asked for",
      offered: 0x301fffff,
      callbacks: every,
      answersAt: onlyEnd,
      is: 0x1ff080,
    },
  ];
  test.each(cases)("$name", ({ offered, callbacks, answersAt, is }) => {
    expect(protocolFor(offered, callbacks, answersAt).toString(16)).toBe(is.toString(16));
  });

  test("0 means the mask of version 1", () => {
    expect(agree({ ...full, protocol: 0 }, {})?.offered).toBe(0x3f);
  });

  test("an answer to the body by default only where SKIP is known", () => {
    expect(defaultAnswers(0x1fffff).has("body")).toBe(true);
    expect(defaultAnswers(0x7f).has("body")).toBe(false);
  });
});

function listsOf(wants: MilterWants, actions = 0x1ff): (number | string)[] {
  const agreement = agree({ ...full, actions }, wants);
  if (agreement === undefined) throw new Error("refused");
  const octets = formatNegotiation(agreement, 0, wants.macros).subarray(5 + 12);
  const lists: (number | string)[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = octets.indexOf(0, at + 4);
    lists.push(octets.readUInt32BE(at), octets.toString("latin1", at + 4, end));
    at = end + 1;
  }
  return lists;
}

describe("C.4, C.5 macro lists", () => {
  test("a list for end of message brings one for end of headers, as Sendmail 8.18 tests that one", () => {
    expect(listsOf({ macros: { "end-of-message": ["i", "msg_id"] } })).toEqual([
      5,
      "i {msg_id}",
      6,
      "i {msg_id}",
    ]);
    expect(listsOf({ macros: { "end-of-message": ["i"], "end-of-headers": ["j"] } })).toEqual([
      5,
      "i",
      6,
      "j",
    ]);
  });

  test("names with and without braces, stages by number, others left to the MTA", () => {
    const macros = { connect: ["j", "{client_addr}", "client_name"], recipient: ["rcpt_addr"] };
    expect(listsOf({ macros })).toEqual([0, "j {client_addr} {client_name}", 3, "{rcpt_addr}"]);
  });

  test("at most 50 a stage", () => {
    const names = Array.from({ length: 60 }, (_, i) => `m${i}`);
    const [, text] = listsOf({ macros: { mail: names } });
    expect(String(text).split(" ")).toHaveLength(50);
  });

  test("an empty list is not sent: Postfix takes it for its default", () => {
    expect(listsOf({ macros: { mail: [], helo: ["tls_version"] } })).toEqual([1, "{tls_version}"]);
  });

  test("none where SETSYMLIST is not offered", () => {
    expect(listsOf({ macros: { mail: ["i"] } }, 0x3f)).toEqual([]);
  });
});
