import type { RotateConfig } from "../../config/rotate-config.ts";
import { keyRecordName } from "../../core/dkim/key-query.ts";
import type { RecordChange } from "../../keys/publish.ts";
import type { RotatedKey } from "../../keys/rotation.ts";
import type { RotationNote } from "../../keys/rotation-journal.ts";
import { zoneEntry } from "../../keys/rotation-mail.ts";
import { outlookOf } from "../../keys/rotation-outlook.ts";
import { rotationText } from "../../keys/rotation-text.ts";
import { planFaultInWords, troubleInWords } from "../../keys/trouble-words.ts";
import type { Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { keyCommandText } from "./rotation-command-text.ts";

/** Rows of a listed key: its state, what it waits for, and what holds it up. */
export function rotationRows(key: RotatedKey, rotate: RotateConfig, io: Io): [string, string][] {
  const text = rotationText(io.lang);
  const { labels, until, since, trouble: troubleText } = keyCommandText(io.lang);
  const { awaits, at } = outlookOf(key, rotate, rotate.publish.method);
  const waits = at === undefined ? text.awaits[awaits] : until(text.awaits[awaits], when(at));
  const { trouble } = key;
  return [
    [labels.state, since(text.states[key.state], when(key.since), text.reasons[key.why])],
    ...(awaits === "nothing" ? [] : [[labels.awaits, waits] satisfies [string, string]]),
    ...(trouble === undefined
      ? []
      : [
          [
            labels.trouble,
            troubleText(
              text.steps[trouble.step],
              troubleInWords(key, io.lang),
              when(trouble.since),
              trouble.times,
            ),
          ] satisfies [string, string],
        ]),
  ];
}

/** Of a listed key, for `--json`. */
export function rotationJson(key: RotatedKey, rotate: RotateConfig): object {
  const { state, why, zone, change, trouble, compromised, held, history } = key;
  const { awaits, at } = outlookOf(key, rotate, rotate.publish.method);
  return {
    state,
    since: iso(key.since),
    why,
    zone,
    awaits,
    ...(at !== undefined && { next: iso(at) }),
    ...(change !== undefined && { change: { kind: change.kind, since: iso(change.begunAt) } }),
    ...(trouble !== undefined && { trouble: { ...trouble, since: iso(trouble.since) } }),
    ...(compromised === true && { compromised }),
    ...(held === true && { held }),
    history: history.map((one) => ({ ...one, at: iso(one.at) })),
  };
}

/** What was done or found, a sentence each. */
export function noteLines(note: RotationNote, io: Io): string[] {
  const text = rotationText(io.lang);
  const { moved, trouble } = keyCommandText(io.lang);
  const told = (sentence: string): string[] => wrap(printable(sentence), io.columns);
  switch (note.kind) {
    case "moved": {
      const { state, why } = note.key;
      return told(
        moved(keyRecordName(note.key), text.states[note.from], text.states[state], text.reasons[why]),
      );
    }
    case "trouble": {
      const { trouble: found } = note.key;
      if (found === undefined) return [];
      const what = trouble(
        text.steps[found.step],
        troubleInWords(note.key, io.lang),
        when(found.since),
        found.times,
      );
      return told(`${keyRecordName(note.key)}: ${what}`);
    }
    case "no-plan":
    case "by-hand":
      return [];
  }
}

/** Why a new key could not be begun; undefined for what is no failure. */
export function failureOfNote(note: RotationNote, io: Io): string | undefined {
  if (note.kind !== "no-plan") return undefined;
  const { domain, problem } = note;
  return keyCommandText(io.lang).noPlan(printable(domain), printable(planFaultInWords(problem, io.lang)));
}

/** A change that the operator makes; not wrapped, as it is there to be copied. */
export function changeLines(change: RecordChange, io: Io): string[] {
  return [
    io.style.strong(rotationText(io.lang).byHand[change.action]),
    "",
    ...zoneEntry(change, change.action).split("\n"),
  ];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** To the second, in UTC. */
function when(ms: number): string {
  return `${iso(ms).slice(0, 19).replace("T", " ")}Z`;
}
