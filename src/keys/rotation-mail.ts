import { keyRecordName } from "../core/dkim/key-query.ts";
import type { Lang } from "../findings/lang.ts";
import { splitText } from "./public-record.ts";
import type { RecordChange } from "./publish.ts";
import type { RotationNote } from "./rotation-journal.ts";
import { rotationText } from "./rotation-text.ts";
import { planFaultInWords, troubleInWords } from "./trouble-words.ts";

/** A TXT record as an entry of a zone file, one string a line: RFC 1035 §5.1. */
export function zoneEntry({ name, text, before }: RecordChange, action: RecordChange["action"]): string {
  const strings = action === "remove" && before !== undefined ? before : splitText(text);
  if (strings.length === 1) return `${name}. IN TXT "${strings[0] ?? ""}"`;
  return `${name}. IN TXT (\n${strings.map((one) => `    "${one}"`).join("\n")}\n)`;
}

/** What the operator is told by mail of a note; undefined for what he need not know. */
export function mailOf(
  note: RotationNote,
  lang: Lang,
): { readonly subject: string; readonly text: string } | undefined {
  const { mail, byHand, steps } = rotationText(lang);
  const lines = (...parts: readonly string[]): string => `${[...parts, mail.more].join("\n\n")}\n`;
  switch (note.kind) {
    case "moved": {
      const { domain, selector, state } = note.key;
      if (state !== "active") return undefined;
      if (note.key.origin === "configuration") return undefined;
      return {
        subject: mail.switchedSubject(domain, selector),
        text: lines(mail.switched(domain, selector)),
      };
    }
    case "by-hand": {
      const { change } = note;
      return {
        subject: mail.byHandSubject(change.name),
        text: lines(byHand[change.action], zoneEntry(change, change.action), mail.proved),
      };
    }
    case "trouble": {
      const { trouble } = note.key;
      if (!note.lasts || trouble === undefined) return undefined;
      const since = new Date(trouble.since).toISOString();
      return {
        subject: mail.troubleSubject(keyRecordName(note.key)),
        text: lines(
          mail.trouble(steps[trouble.step], troubleInWords(note.key, lang), since, trouble.times),
          mail.signingGoesOn,
        ),
      };
    }
    case "no-plan":
      return {
        subject: mail.noPlanSubject(note.domain),
        text: lines(mail.noPlan(note.domain, planFaultInWords(note.problem, lang)), mail.signingGoesOn),
      };
  }
}
