import { describe, expect, test } from "vitest";
import { fieldValue, fieldValues, listChanges, listWorld } from "../../test/list-world.ts";
import { tokenField } from "./list-token.ts";

const fromHost = { ip: "127.0.0.1", to: ["member@members.example"] };
const elsewhere = { to: ["user@ours.example"] };
const author = "Taro <taro@reject.example>";

function sealing(seal: string, rest = ""): { readonly lists: string } {
  const hosts = `lists: { hosts: [{ name: staff, addresses: [lists.example], socket: "inet:127.0.0.1:2" }] }\n`;
  return { lists: `${seal === "" ? "" : `seal: { domain: lists.example, ${seal} }\n`}${hosts}${rest}` };
}

describe("which messages are sealed", () => {
  test.each([
    { seal: "", to: "user@ours.example", is: undefined },
    { seal: "mode: off, recipients: [ours.example]", to: "user@ours.example", is: undefined },
    { seal: "mode: forwarded", to: "user@ours.example", is: undefined },
    { seal: "mode: forwarded, recipients: [user@ours.example]", to: "User@ours.example", is: "sealed" },
    { seal: "mode: forwarded, recipients: [user@ours.example]", to: "other@ours.example", is: undefined },
    { seal: "mode: forwarded, recipients: [ours.example]", to: "other@ours.example", is: "sealed" },
    { seal: "mode: all", to: "user@ours.example", is: "sealed" },
    { seal: "mode: all", to: "user@ours.example", ip: "198.51.100.10", is: undefined },
  ])("$seal to $to", async ({ seal, to, ip, is }) => {
    const world = await listWorld(sealing(seal));
    const { record, message } = await world.pass("in", await world.write(author), {
      to: [to],
      ...(ip !== undefined && { ip }),
    });
    expect(record.seal?.outcome).toBe(is);
    expect(fieldValues(message, "ARC-Seal")).toHaveLength(is === undefined ? 0 : 1);
    if (is !== undefined) expect((await world.verify(message)).arc?.result).toBe("pass");
  });

  test("none that is refused", async () => {
    const world = await listWorld(sealing("mode: all", "verify: { enforce: reject, reject_alone: true }\n"));
    const forged = await world.write(author, { signed: false });
    const { end, record } = await world.pass("in", forged, elsewhere);
    expect(end.reply.kind).toBe("smtp");
    expect(record.seal).toBeUndefined();
    expect(end.edits.filter((edit) => "name" in edit && edit.name.startsWith("ARC"))).toEqual([]);
  });
});

describe("RFC 8617 §5.1", () => {
  test("three hops, the last two ours, with a list that changes the message between them", async () => {
    const world = await listWorld(sealing("mode: all"));
    const first = await world.hop(await world.write(author));
    const second = await world.pass("in", first);
    expect(second.record.seal).toMatchObject({ instance: 2, chainValidation: "pass", results: "now" });
    const third = await world.pass("list", listChanges(second.message), fromHost);
    expect(third.record.seal).toMatchObject({ instance: 3, chainValidation: "pass", results: "way-in" });
    const { arc } = await world.verify(third.message);
    expect(arc).toMatchObject({
      result: "pass",
      instances: 3,
      sealers: ["lists.example", "lists.example", "hop.example"],
      oldestPass: 3,
    });
    expect(fieldValue(third.message, "ARC-Authentication-Results")).toMatch(
      /^i=3; mx\.ours\.example;.*dmarc=pass/,
    );
  });

  test("§5.1 step 1: the AMS covers the header as it leaves, our DKIM signature in it", async () => {
    const world = await listWorld();
    const { message } = await world.pass("in", await world.write(author));
    const back = await world.pass("list", listChanges(message), fromHost);
    expect(fieldValue(back.message, "ARC-Message-Signature")).toMatch(/h=[^;]*DKIM-Signature/);
    expect((await world.verify(back.message)).arc).toMatchObject({ result: "pass", oldestPass: 0 });
    const touched = back.message.replace("Taro via staff", "Jiro via staff");
    expect((await world.verify(touched)).arc).toMatchObject({ result: "fail", problem: "message-signature" });
  });

  test("§5.1.2: a chain that fails here gets cv=fail over the own set, and the next one adds nothing", async () => {
    const world = await listWorld(sealing("mode: all"));
    const sealed = await world.hop(await world.write(author));
    const broken = sealed.replace("Good morning", "Good evening");
    const { message, record } = await world.pass("in", broken, elsewhere);
    expect(record.seal).toMatchObject({ instance: 2, chainValidation: "fail" });
    expect((await world.verify(message)).arc).toMatchObject({ result: "fail", problem: "sealed-as-failed" });
    const again = await world.pass("in", message, elsewhere);
    expect(again.record.seal).toEqual({ outcome: "unsealed", reason: "sealed-as-failed" });
    expect(fieldValues(again.message, "ARC-Seal")).toHaveLength(2);
  });

  test("a list without a token breaks the chain, and the seal says so", async () => {
    const world = await listWorld();
    const sealed = await world.hop(await world.write(author));
    const { record } = await world.pass("list", listChanges(sealed), fromHost);
    expect(record).toMatchObject({
      list: { token: "none" },
      seal: { chainValidation: "fail", results: "now" },
    });
  });

  test("sets that came to it since the way in are not taken for those that were whole then", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.hop(await world.write(author)));
    // A sealer that takes the broken chain for a whole one.
    const forged = listChanges(arrived.message).replaceAll("cv=none", "cv=pass");
    const { record, message } = await world.pass("list", forged, fromHost);
    expect(record).toMatchObject({
      list: { token: "used" },
      seal: { chainValidation: "fail", results: "way-in" },
    });
    expect((await world.verify(message)).arc?.result).toBe("fail");
  });

  test("a list that takes out the whole chain starts a new one", async () => {
    const world = await listWorld();
    const arrived = await world.pass("in", await world.hop(await world.write(author)));
    const bare = arrived.message.replaceAll(/ARC-[A-Za-z-]+:.*\r\n(?:[ \t].*\r\n)*/g, "");
    const { record, message } = await world.pass("list", listChanges(bare), fromHost);
    expect(record.seal).toMatchObject({ instance: 1, chainValidation: "none", results: "way-in" });
    expect((await world.verify(message)).arc?.result).toBe("pass");
  });

  test("§4.2.1: no fifty-first set", async () => {
    const world = await listWorld(sealing("mode: all"));
    let message = await world.write(author);
    for (let i = 0; i < 50; i++) message = await world.hop(message);
    const { record } = await world.pass("in", message, elsewhere);
    expect(record.seal).toEqual({ outcome: "unsealed", reason: "too-many-sets" });
  });

  test("a key that cannot be asked for breaks no chain for ever", async () => {
    const world = await listWorld({
      ...sealing("mode: all"),
      zone: { "e._domainkey.hop.example": ["TIMEOUT"] },
    });
    const good = await listWorld();
    const { record } = await world.pass("in", await good.hop(await good.write(author)), elsewhere);
    expect(record.seal).toEqual({ outcome: "unsealed", reason: "chain-unknown" });
  });

  test("with verify.arc.mode off a chain is not judged", async () => {
    const world = await listWorld(sealing("mode: all", "verify: { arc: { mode: off } }\n"));
    const sealed = await world.hop(await world.write(author));
    expect((await world.pass("in", sealed, elsewhere)).record.seal).toEqual({
      outcome: "unsealed",
      reason: "chain-unknown",
    });
    const bare = await world.pass("in", await world.write(author), elsewhere);
    expect(bare.record.seal).toMatchObject({ instance: 1, chainValidation: "none" });
  });
});

test("the seal is the last of all edits, the field of the token not after it", async () => {
  const world = await listWorld(sealing("mode: all"));
  const { end } = await world.pass("in", await world.write(author));
  const names = end.edits.flatMap((edit) => ("name" in edit ? [edit.name] : []));
  expect(names).toEqual([
    tokenField,
    "Authentication-Results",
    "ARC-Authentication-Results",
    "ARC-Message-Signature",
    "ARC-Seal",
  ]);
});
