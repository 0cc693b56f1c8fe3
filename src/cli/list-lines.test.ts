import { expect, test } from "vitest";
import { testIo } from "../../test/run-cli.ts";
import { sampleRecord } from "../../test/sample-record.ts";
import type { RecordedList, RecordedSeal } from "../store/record.ts";

const langs = ["en", "ja"] as const;

import { displayWidth } from "./layout.ts";
import { formatStory } from "./story.ts";
import { listStoryText } from "./text/list-story.ts";

const list: RecordedList = {
  host: "mailman",
  by: "socket",
  token: "used",
  author: "reject.example",
  from: { outcome: "rewritten", reason: "policy-reject", author: "reply-to" },
  broken: { count: 2, action: "removed" },
};
const seal: RecordedSeal = {
  outcome: "sealed",
  domain: "lists.example",
  selector: "l",
  instance: 2,
  chainValidation: "pass",
  results: "way-in",
};

test.each(langs)("what was done for mail of lists is told, in words, within the width (%s)", (lang) => {
  const text = listStoryText(lang);
  const told = formatStory(sampleRecord(1, { list, seal, remembered: true }), testIo(lang));
  for (const line of told) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  const bare = told.join("").replaceAll(/\s/g, "");
  for (const sentence of [
    text.heading,
    text.sealHeading,
    "mailman",
    text.by.socket,
    text.token.used,
    "reject.example",
    text.outcome.rewritten,
    text.reason["policy-reject"],
    text.authorPlace["reply-to"],
    text.broken.removed(2),
    text.remembered,
    "i=2",
    "lists.example(s=l)",
    text.chain.pass,
    text.results["way-in"],
  ])
    expect(bare).toContain(sentence.replaceAll(/\s/g, ""));
});

test.each(langs)("mail that nothing was done for gets no such section (%s)", (lang) => {
  const text = listStoryText(lang);
  const told = formatStory(sampleRecord(1), testIo(lang)).join("\n");
  expect(told).not.toContain(text.heading);
  expect(told).not.toContain(text.sealHeading);
});

test.each(langs)("why nothing was sealed, and that nothing is remembered (%s)", (lang) => {
  const text = listStoryText(lang);
  const unsealed: RecordedSeal = { outcome: "unsealed", reason: "chain-unknown" };
  const told = formatStory(sampleRecord(1, { seal: unsealed, remembered: false }), testIo(lang));
  const bare = told.join("").replaceAll(/\s/g, "");
  expect(bare).toContain(text.unsealed["chain-unknown"].replaceAll(/\s/g, ""));
  expect(bare).toContain(text.notRemembered.replaceAll(/\s/g, ""));
});
