import { describe, expect, test } from "vitest";
import type { MessageRecord } from "../store/record.ts";
import { displayWidth, labelled } from "./layout.ts";
import { signingRows } from "./signing-lines.ts";
import { signingStoryText } from "./text/signing-story.ts";
import { signingStoryEn } from "./text/signing-story-en.ts";
import { signingStoryJa } from "./text/signing-story-ja.ts";

type Signing = NonNullable<MessageRecord["signing"]>;

function lines(signing: Signing, lang: "en" | "ja"): string {
  const io = { lang } as unknown as Parameters<typeof signingRows>[1];
  const all = labelled(signingRows(signing, io), 80);
  for (const line of all) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  return all.join("\n");
}

const signatures = [
  { domain: "ours.example", selector: "r", algorithm: "rsa-sha256" },
  { domain: "ours.example", selector: "e\u001b[31m", algorithm: "ed25519-sha256" },
];

describe.each(["en", "ja"] as const)("what explain says of signing (%s)", (lang) => {
  const text = signingStoryText(lang);

  test("who signed, as whom, and what was odd about it", () => {
    const told = lines(
      {
        outcome: "signed",
        domain: "ours.example",
        login: "taro",
        signatures,
        fragile: ["long-body-line", "missing-date"],
        burst: { count: 12, messages: 10, perMs: 3_600_000 },
        action: "hold",
      },
      lang,
    );
    expect(told).toContain("ours.example (s=r, rsa-sha256)");
    expect(told).not.toContain("\u001b");
    expect(told).toContain("taro");
    expect(told).toContain("12");
    expect(told.replaceAll(/\s+/g, "")).toContain(text.action.hold.replaceAll(/\s+/g, ""));
  });

  test.each(Object.keys(signingStoryEn.reason) as (keyof typeof signingStoryEn.reason)[])(
    "why not: %s",
    (reason) => {
      const told = lines({ outcome: "unsigned", reason, signatures: [] }, lang);
      expect(told.replaceAll(/\s+/g, "")).toContain(text.reason[reason].replaceAll(/\s+/g, ""));
      expect(signingStoryJa.reason[reason]).not.toBe(signingStoryEn.reason[reason]);
    },
  );

  test("what follows stands behind its cause", () => {
    const reason = "login-mismatch";
    const told = lines({ outcome: "unsigned", reason, login: "taro", signatures: [], action: "hold" }, lang);
    const rows = told.split("\n").map((line) => line.trim());
    expect(rows[0]).toContain("taro");
    expect(rows.at(-1)).toBe(text.action.hold);
    expect(rows.at(-2)).toContain(text.reason[reason]);
  });

  test("words of a later version stay as they are", () => {
    const later = {
      outcome: "failed",
      reason: "new",
      signatures: [],
      fragile: ["odd"],
    } as unknown as Signing;
    expect(lines(later, lang)).toMatch(/new[\s\S]*odd/);
  });
});
