import { describe, expect, test } from "vitest";
import {
  fieldValue,
  fieldValues,
  type ListWorld,
  listChanges,
  listWorld,
  type Passed,
} from "../../test/list-world.ts";
import { fixedClock } from "../core/clock.ts";
import { decodeDisplayName } from "../core/message/display-name.ts";
import { createToken, tokenField } from "./list-token.ts";

const fromHost = { ip: "127.0.0.1", to: ["member@members.example"] };

/** In by the usual door, changed by the list, and back. */
async function through(world: ListWorld, message: string, change = listChanges): Promise<Passed> {
  const arrived = await world.pass("in", message);
  expect(arrived.record.remembered).toBe(true);
  return world.pass("list", change(arrived.message), fromHost);
}

function lists(more = ""): string {
  return `
seal: { domain: lists.example }
lists:
  hosts:
    - { name: staff, addresses: [lists.example], socket: "inet:127.0.0.1:2"${more} }
`;
}

async function dmarcOf(world: ListWorld, { message }: Passed): Promise<string> {
  const { dmarc, dkim, arc } = await world.verify(message);
  return `${dmarc.result} ${dkim.map(({ result, domain }) => `${result}:${domain}`).join(",")} ${arc?.result}`;
}

describe("From of mail that comes back (RFC 9989 §7.4)", () => {
  test.each([
    {
      author: "Taro <taro@reject.example>",
      from: "Taro via staff <staff@lists.example>",
      why: "rewritten policy-reject",
    },
    {
      author: "Taro <taro@quarantine.example>",
      from: "Taro via staff <staff@lists.example>",
      why: "rewritten policy-quarantine",
    },
    { author: "Taro <taro@none.example>", from: "Taro <taro@none.example>", why: "kept no-policy" },
    { author: "Taro <taro@silent.example>", from: "Taro <taro@silent.example>", why: "kept no-policy" },
    {
      author: "Taro <taro@slow.example>",
      from: "Taro via staff <staff@lists.example>",
      why: "rewritten policy-unknown",
      signed: false,
    },
    {
      author: "a@none.example, b@silent.example",
      from: '"a, b via staff" <staff@lists.example>',
      why: "rewritten policy-unknown",
      signed: false,
    },
    {
      author: "a@none.example <b@reject.example>",
      from: "a@none.example <b@reject.example>",
      why: "left from-syntax",
      signed: false,
    },
    {
      author: "Staff <staff@lists.example>",
      from: "Staff <staff@lists.example>",
      why: "kept is-list",
      signed: false,
    },
  ])("$author", async ({ author, from, why, signed }) => {
    const world = await listWorld();
    const { message, record } = await through(world, await world.write(author, { signed: signed ?? true }));
    expect(fieldValue(message, "From")).toBe(from);
    expect(`${record.list?.from.outcome} ${record.list?.from.reason}`).toBe(why);
    expect(fieldValues(message, tokenField)).toEqual([]);
    if (!from.includes("via")) return;
    expect(await dmarcOf(world, { message } as Passed)).toBe("pass pass:lists.example pass");
    expect(fieldValue(message, "Reply-To")).toBe(author.replace("a@", "a@").replace(/,\s*/, ", "));
    expect(record.signing).toMatchObject({ outcome: "signed", domain: "lists.example" });
  });

  test("what a list writes itself, or has rewritten itself, is signed for it", async () => {
    const world = await listWorld();
    const notice = await world.write("Staff <staff-owner@lists.example>", { signed: false });
    const back = await world.pass("list", notice, fromHost);
    expect(back.record.list).toMatchObject({ from: { reason: "is-list" }, author: "lists.example" });
    expect(await dmarcOf(world, back)).toBe("pass pass:lists.example pass");
  });

  test("a stranger's mail in the name of the list is not signed when it comes back", async () => {
    const world = await listWorld();
    const forged = await world.write("Staff <staff@lists.example>", { signed: false });
    const back = await through(world, forged);
    expect(back.record).toMatchObject({
      list: { token: "used", from: { outcome: "kept", reason: "is-list" } },
      signing: { outcome: "unsigned", reason: "list-unproven" },
    });
    expect(back.record.list?.author).toBeUndefined();
    expect((await world.verify(back.message)).dmarc.result).toBe("fail");
    // The list's own rewriting is its own word, whoever wrote the message.
    const other = await through(world, await world.write("a@reject.example", { signed: false }), (text) =>
      listChanges(text).replace("From: a@reject.example", "From: a via Staff <staff@lists.example>"),
    );
    expect(other.record.signing).toMatchObject({ outcome: "signed", domain: "lists.example" });
    // One of ours may write as the list.
    const arrived = await world.pass("in", forged, { ip: "198.51.100.10" });
    const own = await world.pass("list", listChanges(arrived.message), fromHost);
    expect(own.record.signing).toMatchObject({ outcome: "signed", domain: "lists.example" });
  });

  const claimed = "Other <other@ours.example>";
  const many = Array.from({ length: 400 }, (_, index) => `x${index}@else.example`);
  test.each<[string, readonly string[], number]>([
    ["an alias of the list", ["all@ours.example"], 0],
    ["an extension of its address", ["other+x@ours.example"], 0],
    ["its address in quotes", ['"oth\\er"@ours.example'], 1],
    ["its address behind many", [...many, "other@ours.example"], 1],
  ])("nor when it came by %s", async (_, to, remembered) => {
    const world = await listWorld();
    const written = await world.write(claimed, { signed: false });
    const arrived = await world.pass("in", written, { to });
    // Forgeries that go to no list do not fill the memory.
    expect(world.memory.size).toBe(remembered);
    // Some lists remove it.
    const text = arrived.message.replace(/^Authentication-Results:.*\r\n(?:[ \t].*\r\n)*/m, "");
    expect(text).not.toContain("dmarc=");
    const back = await world.pass("other-list", listChanges(text, "other@ours.example"), fromHost);
    expect(back.record.signing).toMatchObject({ outcome: "unsigned", reason: "list-unproven" });
    expect(fieldValues(back.message, "DKIM-Signature")).toEqual([]);
  });

  test("nor when its token is used up, does not fit, is forgotten, or nobody answers", async () => {
    const world = await listWorld();
    const arrived = await world.pass(
      "in",
      await world.write("Staff <staff@lists.example>", { signed: false }),
    );
    const text = arrived.message.replace("Authentication-Results:", "X-Results:");
    const outcome = async (at: ListWorld, message: string): Promise<unknown> => {
      const { record } = await at.pass("list", listChanges(message), fromHost);
      return [record.list?.token, record.signing?.outcome, record.signing?.reason];
    };
    const unsigned = (token: string): unknown => [token, "unsigned", "list-unproven"];
    const other = text.replace("Message-ID: <1@", "Message-ID: <2@");
    expect(await outcome(world, other)).toEqual(unsigned("refused-other-message"));
    expect(await outcome(world, text)).toEqual(unsigned("used"));
    expect(await outcome(world, text)).toEqual(unsigned("refused-used"));
    expect(await outcome(await listWorld(), text)).toEqual(unsigned("refused-unknown"));
    expect(await outcome(await listWorld({ ask: async () => undefined }), text)).toEqual(
      unsigned("unanswered"),
    );
    const twice = text.replace(`${tokenField}:`, `${tokenField}: x\r\n${tokenField}:`);
    expect(await outcome(world, twice)).toEqual(unsigned("unreadable"));
  });

  test("nor when our own field says that it came in like that", async () => {
    const world = await listWorld();
    const arrived = await world.pass(
      "in",
      await world.write("Staff <staff@lists.example>", { signed: false }),
    );
    const text = arrived.message.replace(new RegExp(`^${tokenField}:.*\r\n`, "m"), "");
    const back = await world.pass("list", listChanges(text), fromHost);
    expect(back.record).toMatchObject({
      list: { token: "none" },
      signing: { outcome: "unsigned", reason: "list-unproven" },
    });
  });

  test("a list's own rewriting counts also in batches that come too late", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.write("a@reject.example", { signed: false }));
    const text = listChanges(arrived.message).replace(
      "From: a@",
      "From: a via Staff <staff@lists.example>\r\nX-Was: a@",
    );
    for (const token of ["used", "refused-used"]) {
      const { record } = await world.pass("list", text, fromHost);
      expect(record).toMatchObject({
        list: { token },
        signing: { outcome: "signed", domain: "lists.example" },
      });
    }
  });

  test("a list that changes nothing that is signed leaves From and signature alone", async () => {
    const world = await listWorld();
    const written = await world.write("Taro <taro@reject.example>");
    const back = await through(world, written, (message) =>
      message.replace("\r\n\r\n", "\r\nList-Id: <staff.lists.example>\r\n\r\n"),
    );
    expect(back.record.list).toMatchObject({
      from: { outcome: "kept", reason: "still-passes" },
      broken: { count: 0 },
    });
    expect(await dmarcOf(world, back)).toBe("pass pass:reject.example pass");
  });

  test("rewrite_from: always breaks the signature, which goes as well", async () => {
    const world = await listWorld({
      lists: lists(", rewrite_from: always, display_name: 教職員, author: cc"),
    });
    const back = await through(
      world,
      await world.write("=?utf-8?B?5bGx55Sw?= <taro@none.example>"),
      (text) => text,
    );
    expect(decodeDisplayName(fieldValue(back.message, "From") ?? "")).toBe(
      "山田 via 教職員 <staff@lists.example>",
    );
    expect(decodeDisplayName(fieldValue(back.message, "Cc") ?? "")).toBe("山田 <taro@none.example>");
    expect(back.record.list?.broken).toEqual({ count: 1, action: "removed" });
    expect(await dmarcOf(world, back)).toBe("pass pass:lists.example pass");
  });

  test("rewrite_from: never, and a stranger is not signed for", async () => {
    const world = await listWorld({ lists: lists(", rewrite_from: never") });
    const back = await through(world, await world.write("Taro <taro@reject.example>"));
    expect(fieldValue(back.message, "From")).toBe("Taro <taro@reject.example>");
    expect(back.record.signing).toMatchObject({ outcome: "unsigned", reason: "not-ours" });
  });

  test("an address that is none of the host's is never written into From", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"), {
      to: ["x@else.example"],
    });
    const changed = listChanges(arrived.message, "president@ours.example").replace(
      "\r\nTo: staff@lists.example",
      "\r\nTo: president@ours.example",
    );
    const { message, record } = await world.pass("list", changed, fromHost);
    expect(record.list?.from).toEqual({ outcome: "left", reason: "no-list-address" });
    expect(fieldValue(message, "From")).toBe("Taro <taro@reject.example>");
    expect(fieldValues(message, "DKIM-Signature")).toEqual([]);
  });

  test("a From of megabytes is left, with the reason", async () => {
    const world = await listWorld();
    const written = await world.write(`${"x@none.example,".repeat(60_000)} y@none.example`, {
      signed: false,
    });
    const { record, message } = await world.pass("list", listChanges(written), fromHost);
    expect(record.list?.from.outcome).toBe("left");
    expect(fieldValue(message, "From")?.length).toBeGreaterThan(800_000);
    expect(record.fault).toBeUndefined();
  });
});

describe("authors of ours", () => {
  test("who came with the right to send is signed for again, and keeps his From", async () => {
    const world = await listWorld();
    const written = await world.write("Hanako <hanako@ours.example>", { signed: false });
    const arrived = await world.pass("in", written, { ip: "198.51.100.10" });
    const back = await world.pass("list", listChanges(arrived.message), fromHost);
    expect(back.record.list).toMatchObject({
      author: "ours.example",
      from: { outcome: "kept", reason: "own-author" },
      // What we signed on the way in.
      broken: { count: 1, action: "removed" },
    });
    expect(await dmarcOf(world, back)).toBe("pass pass:ours.example pass");
  });

  test("a stranger under our From is not: in the name of the list only", async () => {
    const world = await listWorld();
    const back = await through(world, await world.write("President <p@ours.example>", { signed: false }));
    expect(back.record.list?.author).toBeUndefined();
    expect(fieldValue(back.message, "From")).toBe("President via staff <staff@lists.example>");
    expect(await dmarcOf(world, back)).toBe("pass pass:lists.example pass");
    expect(fieldValue(back.message, "ARC-Authentication-Results")).toMatch(/dmarc=fail/);
  });

  test.each([
    { name: "with the token of the forgery", token: true },
    { name: "without any", token: false },
  ])("nor where From stays: $name", async ({ token }) => {
    const world = await listWorld({ lists: lists(", rewrite_from: never") });
    const arrived = await world.pass(
      "in",
      await world.write("President <p@ours.example>", { signed: false }),
    );
    const text = token ? arrived.message : arrived.message.replace(new RegExp(`${tokenField}: .*\r\n`), "");
    const back = await world.pass("list", listChanges(text), fromHost);
    expect(back.record.signing).toMatchObject({ outcome: "unsigned", reason: "list-unproven" });
    expect(fieldValues(back.message, "DKIM-Signature")).toEqual([]);
  });

  test("nor when the list puts our From over what somebody else was proven to have written", async () => {
    const world = await listWorld({ lists: lists(", rewrite_from: never") });
    const back = await through(world, await world.write("Taro <taro@reject.example>"), (text) =>
      listChanges(text).replace(
        "\r\nFrom: Taro <taro@reject.example>",
        "\r\nFrom: President <p@ours.example>",
      ),
    );
    expect(back.record.list?.token).toBe("used");
    expect(back.record.signing).toMatchObject({ outcome: "unsigned", reason: "list-unproven" });
  });
});

describe("the token", () => {
  test("the seal has the verdict from before the change", async () => {
    const world = await listWorld();
    const back = await through(world, await world.write("Taro <taro@reject.example>"));
    expect(back.record.list?.token).toBe("used");
    expect(back.record.seal).toEqual({
      outcome: "sealed",
      domain: "lists.example",
      selector: "l",
      instance: 1,
      chainValidation: "none",
      results: "way-in",
    });
    const told = fieldValue(back.message, "ARC-Authentication-Results");
    expect(told).toMatch(
      /^i=1; mx\.ours\.example;.*dkim=pass header\.d=reject\.example.*dmarc=pass header\.from=reject\.example/,
    );
    const { arc } = await world.verify(back.message);
    expect(arc).toMatchObject({ result: "pass", oldestPass: 0, sealers: ["lists.example"] });
  });

  test("a replay is refused: the same message, another one, by another host", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    const changed = listChanges(arrived.message);
    const other = await world.pass("other-list", changed, fromHost);
    expect(other.record.list?.token).toBe("refused-other-host");
    const first = await world.pass("list", changed, fromHost);
    expect(first.record.list?.token).toBe("used");
    for (const text of [changed, `${changed}spam\r\n`]) {
      const again = await world.pass("list", text, fromHost);
      expect(again.record.list?.token).toBe("refused-used");
      expect(again.record.seal).toMatchObject({ results: "now" });
      const told = fieldValue(again.message, "ARC-Authentication-Results");
      expect(told).toMatch(/dkim=fail/);
      expect(told).not.toMatch(/dmarc=pass|dkim=pass/);
      expect(fieldValues(again.message, tokenField)).toEqual([]);
    }
  });

  test("further batches of one message over one connection count as one use", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    const changed = listChanges(arrived.message);
    const batches = [["a@a.example", "b@b.example"], ["c@c.example"], ["c@c.example"]];
    const passed = await world.passBatches("list", changed, batches);
    expect(passed.map(({ record }) => record.list?.token)).toEqual(["used", "again", "refused-used"]);
    const later = await world.pass("list", changed, { ...fromHost, to: ["d@d.example"] });
    expect(later.record.list?.token).toBe("refused-used");
  });

  test("and over others when the operator says so", async () => {
    const world = await listWorld({ lists: lists().replace("  hosts:", "  batches: 1h\n  hosts:") });
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    const changed = listChanges(arrived.message);
    const tokens = [];
    for (const to of ["a@a.example", "b@b.example", "b@b.example"])
      tokens.push((await world.pass("list", changed, { ...fromHost, to: [to] })).record.list?.token);
    expect(tokens).toEqual(["used", "again", "refused-used"]);
    const other = await world.pass("list", `${changed}x\r\n`, { ...fromHost, to: ["c@c.example"] });
    expect(other.record.list?.token).toBe("refused-used");
  });

  test("for two lists one token counts for each", async () => {
    const world = await listWorld();
    const to = ["staff@lists.example", "lab@lists.example"];
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"), { to });
    for (const list of to) {
      const { record, message } = await world.pass("list", listChanges(arrived.message, list), fromHost);
      expect(record.list?.token).toBe("used");
      expect(fieldValue(message, "From")).toContain(`<${list}>`);
    }
  });

  test("Message-ID and Date of a good message buy nothing", async () => {
    const world = await listWorld();
    const good = await world.write("Taro <taro@reject.example>");
    await world.pass("in", good);
    const forged = good.replace("Good morning", "Send money");
    const back = await world.pass("list", listChanges(forged), fromHost);
    expect(back.record.list?.token).toBe("none");
    expect(fieldValue(back.message, "ARC-Authentication-Results")).not.toMatch(/dmarc=pass|dkim=pass/);
  });

  test.each([
    {
      name: "on another message",
      change: (text: string) => text.replace("<1@reject.example>", "<2@reject.example>"),
      is: "refused-other-message",
    },
    {
      name: "twice",
      change: (text: string) =>
        text.replace(`${tokenField}:`, `${tokenField}: ${createToken()}\r\n${tokenField}:`),
      is: "unreadable",
    },
    {
      name: "garbled",
      change: (text: string) => text.replace(`${tokenField}: `, `${tokenField}: x`),
      is: "unreadable",
    },
    {
      name: "of nobody",
      change: (text: string) =>
        text.replace(new RegExp(`${tokenField}: .*`), `${tokenField}: ${createToken()}`),
      is: "refused-unknown",
    },
  ])("$name: refused and removed", async ({ change, is }) => {
    const world = await listWorld();
    const back = await through(world, await world.write("Taro <taro@reject.example>"), (text) =>
      listChanges(change(text)),
    );
    expect(back.record.list?.token).toBe(is);
    expect(fieldValues(back.message, tokenField)).toEqual([]);
    expect(back.record.seal).toMatchObject({ results: "now" });
  });

  test("on mail of strangers and of our own users: removed and ignored, and it stays good", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    const token = fieldValue(arrived.message, tokenField);
    for (const ip of ["203.0.113.99", "198.51.100.10"]) {
      const foreign = await world.write("Bad <bad@none.example>", { fields: `${tokenField}: ${token}\r\n` });
      const { message, record } = await world.pass("in", foreign, { ip, to: ["x@else.example"] });
      expect(fieldValues(message, tokenField)).toEqual([]);
      expect(record.removed).toContainEqual({ name: tokenField, occurrence: 1, reason: "own-field" });
      expect(record.list).toBeUndefined();
      // In to the list it gets a token of its own.
      const posted = await world.pass("in", foreign, { ip });
      expect(fieldValues(posted.message, tokenField)).toHaveLength(1);
      expect(fieldValue(posted.message, tokenField)).not.toBe(token);
    }
    const back = await world.pass("list", listChanges(arrived.message), fromHost);
    expect(back.record.list?.token).toBe("used");
  });

  test("too late it is forgotten", async () => {
    let now = Date.UTC(2026, 9, 31);
    const world = await listWorld({ clock: { ...fixedClock(now), now: () => now } });
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    now += 7 * 86_400_000;
    const back = await world.pass("list", listChanges(arrived.message), fromHost);
    expect(back.record.list?.token).toBe("refused-unknown");
  });

  test("when the supervisor is silent the mail goes on without it", async () => {
    const world = await listWorld({ ask: async () => undefined });
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    expect(arrived.record.remembered).toBe(false);
    const back = await world.pass("list", listChanges(arrived.message), fromHost);
    expect(back.record.list).toMatchObject({ token: "unanswered", from: { outcome: "rewritten" } });
    expect(await dmarcOf(world, back)).toBe("pass pass:lists.example pass");
  });

  test("of a message that does not go in nothing is said", async () => {
    const world = await listWorld({ lists: `${lists()}verify: { rules: { repeated_date: reject } }\n` });
    const twice = "Date: Mon, 2 Nov 2026 10:00:00 +0900\r\n";
    const refused = await world.pass("in", await world.write("Taro <taro@none.example>", { fields: twice }));
    expect(refused.end.reply).toMatchObject({ kind: "smtp", code: 550 });
    expect("remembered" in refused.record).toBe(false);
    expect(world.memory.size).toBe(0);
  });

  test("from one list in to another the first word stands", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    const first = await world.pass("list", listChanges(arrived.message), {
      ...fromHost,
      to: ["other@ours.example"],
    });
    expect(first.record).toMatchObject({ remembered: true, list: { token: "used" } });
    const second = await world.pass("other-list", listChanges(first.message, "other@ours.example"), fromHost);
    expect(second.record).toMatchObject({
      list: { token: "used" },
      seal: { instance: 2, chainValidation: "pass" },
    });
    // The first list's own name, which we have signed.
    expect(second.record.list?.from).toEqual({ outcome: "kept", reason: "own-author" });
    expect((await world.verify(second.message)).dmarc.result).toBe("pass");
    const { arc } = await world.verify(second.message);
    expect(arc).toMatchObject({ result: "pass", instances: 2 });
    expect(arc?.sets.map(({ claims }) => claims.includes("dmarc=pass"))).toEqual([true, true]);
  });

  test("remember: off gives none", async () => {
    const world = await listWorld({ lists: lists().replace("  hosts:", "  remember: off\n  hosts:") });
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    expect(fieldValues(arrived.message, tokenField)).toEqual([]);
    expect(arrived.record.remembered).toBeUndefined();
  });
});

describe("signatures that no longer verify (RFC 6377 §5.7)", () => {
  test.each([
    { setting: "remove", broken: { count: 1, action: "removed" }, left: 0, renamed: 0 },
    { setting: "rename", broken: { count: 1, action: "renamed" }, left: 0, renamed: 1 },
    { setting: "keep", broken: { count: 1, action: "kept" }, left: 1, renamed: 0 },
  ])("$setting", async ({ setting, broken, left, renamed }) => {
    const world = await listWorld({ lists: lists(`, broken_signatures: ${setting}`) });
    const { message, record } = await through(world, await world.write("Taro <taro@none.example>"));
    expect(record.list?.broken).toEqual(broken);
    expect(fieldValues(message, "DKIM-Signature")).toHaveLength(left);
    const kept = fieldValues(message, "X-Original-DKIM-Signature");
    expect(kept).toHaveLength(renamed);
    for (const value of kept) expect(value).toContain("d=none.example");
  });

  test("those that are whole, or that nobody can judge, stay", async () => {
    const world = await listWorld();
    const other = "DKIM-Signature: v=1; a=rsa-sha256; d=gone.example; s=x; h=from; bh=AAAA; b=AAAA\r\n";
    const written = await world.write("Taro <taro@none.example>", { fields: other });
    const { message, record } = await through(world, written);
    expect(record.list?.broken.count).toBe(1);
    expect(fieldValues(message, "DKIM-Signature")).toEqual([expect.stringContaining("d=gone.example")]);
  });
});

describe("lists that are known by List-Id alone", () => {
  const byId = `
seal: { domain: lists.example }
lists: { hosts: [{ name: id, addresses: [lists.example], list_id: staff.lists.example }] }
`;

  test("count in mail of clients that may sign, and nothing is remembered", async () => {
    const world = await listWorld({ lists: byId });
    const arrived = await world.pass("in", await world.write("Taro <taro@reject.example>"));
    expect(arrived.record.remembered).toBeUndefined();
    const withToken = listChanges(arrived.message).replace(
      "\r\nSubject",
      `\r\n${tokenField}: ${createToken()}\r\nSubject`,
    );
    const back = await world.pass("in", withToken, { ip: "198.51.100.10" });
    expect(back.record.list).toMatchObject({
      by: "list-id",
      token: "not-from-host",
      from: { outcome: "rewritten" },
    });
    expect(await dmarcOf(world, back)).toBe("pass pass:lists.example pass");
  });

  test("a stranger's List-Id gets him nothing", async () => {
    const world = await listWorld({ lists: byId });
    const { record, message } = await world.pass(
      "in",
      listChanges(await world.write("Taro <taro@reject.example>")),
    );
    expect(record.list).toBeUndefined();
    expect(fieldValue(message, "From")).toBe("Taro <taro@reject.example>");
    expect(fieldValue(message, "ARC-Seal")).toBeUndefined();
  });
});
