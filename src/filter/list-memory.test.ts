import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ListMemory, type MemoryTerms, type TokenUse, type WayIn } from "./list-memory.ts";

const hour = 3_600_000;
const terms: MemoryTerms = { keepMs: 24 * hour, batchesMs: hour };
const wayIn: WayIn = {
  at: 0,
  lists: ["staff a@lists.example", "staff b@lists.example", "lab c@lab.example"],
  messageId: "m",
  payload: "mx.example; dmarc=pass",
  chain: "none",
  sets: "",
  author: "author.example",
};
const use: TokenUse = {
  host: "staff",
  list: "a@lists.example",
  messageId: "m",
  connection: "1",
  content: "c",
  recipients: "r",
};

function remembering(one: Partial<WayIn> = {}): ListMemory {
  const memory = new ListMemory();
  expect(memory.remember("k", { ...wayIn, ...one }, 0, terms)).toBe(true);
  return memory;
}

function word(memory: ListMemory, given: Partial<TokenUse> = {}, now = 1, key = "k", at = terms): string {
  const answer = memory.redeem(key, { ...use, ...given }, now, at);
  return answer.kind === "refused" ? answer.reason : answer.again ? "again" : "known";
}

describe("a token", () => {
  test("gives the word of the way in", () => {
    expect(remembering().redeem("k", use, 1, terms)).toEqual({ kind: "known", wayIn, again: false });
  });

  test.each([
    { name: "that was never given out", key: "x", is: "unknown" },
    { name: "from a host that it was not for", given: { host: "third" }, is: "other-host" },
    { name: "on another message", given: { messageId: "n" }, is: "other-message" },
    { name: "on a message without Message-ID", given: { messageId: undefined }, is: "other-message" },
    { name: "that is too old", now: 24 * hour, is: "unknown" },
    { name: "that is almost too old", now: 24 * hour - 1, is: "known" },
    {
      name: "after a shorter lifetime came into force",
      now: hour,
      at: { ...terms, keepMs: hour },
      is: "unknown",
    },
  ])("$name", ({ key, given, now, at, is }) => {
    expect(word(remembering(), given as Partial<TokenUse>, now, key, at)).toBe(is);
  });

  test("of a message without Message-ID is bound to none, as the MTA writes one later", () => {
    const { messageId: _, ...without } = wayIn;
    const memory = new ListMemory();
    memory.remember("k", without, 0, terms);
    expect(word(memory)).toBe("known");
  });

  test("counts once for each list", () => {
    const memory = remembering();
    expect(word(memory)).toBe("known");
    expect(word(memory)).toBe("used");
    expect(word(memory, { content: "another" })).toBe("used");
    expect(word(memory, { list: "b@lists.example" })).toBe("known");
    expect(word(memory, { list: "b@lists.example" })).toBe("used");
    expect(word(memory, { host: "lab", list: "c@lab.example" })).toBe("known");
  });

  test("counts for no more lists of a host than the message went to, whatever they are called", () => {
    const memory = remembering();
    expect(["one", "two", "three", "four"].map((list) => word(memory, { list }))).toEqual([
      "known",
      "known",
      "used",
      "used",
    ]);
  });

  test("batches over one connection: the same message to other recipients", () => {
    const memory = remembering();
    const once = { ...terms, batchesMs: 0 };
    expect(word(memory, {}, 1, "k", once)).toBe("known");
    expect(word(memory, { recipients: "s" }, 1, "k", once)).toBe("again");
    expect(word(memory, { recipients: "s" }, 1, "k", once)).toBe("used");
    expect(word(memory, { recipients: "t", content: "d" }, 1, "k", once)).toBe("used");
    expect(word(memory, { recipients: "t", connection: "2" }, 1, "k", once)).toBe("used");
  });

  test("batches over other connections, within the time that the operator gives", () => {
    const memory = remembering();
    const other = { connection: "2" };
    expect(word(memory)).toBe("known");
    expect(word(memory, { ...other, recipients: "s" })).toBe("again");
    expect(word(memory, { ...other, recipients: "s" })).toBe("used");
    expect(word(memory, { ...other, recipients: "t", content: "d" })).toBe("used");
    expect(word(memory, { ...other, recipients: "t" }, hour)).toBe("again");
    expect(word(memory, { ...other, recipients: "u" }, hour + 1)).toBe("used");
  });

  test("of a key that is known already gets no other meaning", () => {
    const memory = remembering();
    expect(memory.remember("k", { ...wayIn, payload: "other" }, 1, terms)).toBe(false);
    expect(memory.redeem("k", use, 1, terms)).toMatchObject({ wayIn: { payload: wayIn.payload } });
  });
});

describe("bounds", () => {
  test("beyond so many messages the oldest is forgotten", () => {
    const memory = new ListMemory({ messages: 3, octets: 1_000_000 });
    for (const key of ["a", "b", "c", "d"]) memory.remember(key, wayIn, 0, terms);
    expect(memory.size).toBe(3);
    expect(word(memory, {}, 1, "a")).toBe("unknown");
    expect(word(memory, {}, 1, "b")).toBe("known");
  });

  test("beyond so many octets too, and what is larger than all is not kept", () => {
    const memory = new ListMemory({ messages: 1_000, octets: 10_000 });
    for (let i = 0; i < 100; i++)
      memory.remember(String(i), { ...wayIn, payload: "x".repeat(1_000) }, 0, terms);
    expect(memory.size).toBeLessThanOrEqual(4);
    expect(memory.size).toBeGreaterThan(0);
    expect(memory.remember("huge", { ...wayIn, payload: "x".repeat(10_000) }, 0, terms)).toBe(false);
  });

  test("the batches of a message count as well", () => {
    const memory = new ListMemory({ messages: 1_000, octets: 50_000 });
    memory.remember("a", { ...wayIn, payload: "x".repeat(10_000) }, 0, terms);
    memory.remember("b", wayIn, 0, terms);
    expect(memory.size).toBe(2);
    for (let batch = 0; batch < 250; batch++) word(memory, { recipients: String(batch) }, 1, "b");
    expect(word(memory, {}, 1, "a")).toBe("unknown");
    expect(word(memory, { recipients: "last" }, 1, "b")).toBe("again");
    for (let batch = 0; batch < 400; batch++) word(memory, { recipients: `${batch} more` }, 1, "b");
    expect(memory.size).toBe(0);
  });

  test("what is too old leaves when something new comes", () => {
    const memory = remembering();
    memory.remember("new", { ...wayIn, at: 24 * hour }, 24 * hour, terms);
    expect(memory.size).toBe(1);
  });
});

test("what is written down brings the same memory back, with what has been used", () => {
  const memory = remembering();
  word(memory);
  word(memory, { recipients: "s" });
  const again = new ListMemory();
  const written = JSON.parse(JSON.stringify([...memory.entries()])) as typeof memory extends ListMemory
    ? Parameters<ListMemory["restore"]>[0][]
    : never;
  for (const entry of written) again.restore(entry, terms);
  expect([...again.entries()]).toEqual([...memory.entries()]);
  expect(word(again, { recipients: "s" })).toBe("used");
  expect(word(again, { list: "b@lists.example" })).toBe("known");
});

test("whatever is asked in whatever order: for each list one message at most, and never more lists than addressed", () => {
  const uses = fc.record({
    host: fc.constantFrom("staff", "lab", "third"),
    list: fc.constantFrom("a", "b", "c"),
    messageId: fc.constantFrom("m", "n"),
    connection: fc.constantFrom("1", "2"),
    content: fc.constantFrom("c", "d"),
    recipients: fc.constantFrom("r", "s", "t"),
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(uses, fc.integer({ min: 0, max: 3 * hour })), { maxLength: 40 }),
      (asked) => {
        const memory = remembering();
        const told = new Map<string, Set<string>>();
        for (const [one, now] of asked) {
          const { kind } = memory.redeem("k", one, now, terms);
          if (kind === "refused") continue;
          expect(one.messageId).toBe("m");
          const place = `${one.host} ${one.list}`;
          told.set(place, (told.get(place) ?? new Set()).add(one.content));
        }
        for (const contents of told.values()) expect(contents.size).toBe(1);
        const ofHost = (host: string): number =>
          [...told.keys()].filter((one) => one.startsWith(host)).length;
        expect(ofHost("staff")).toBeLessThanOrEqual(2);
        expect(ofHost("lab")).toBeLessThanOrEqual(1);
        expect(ofHost("third")).toBe(0);
      },
    ),
  );
});
