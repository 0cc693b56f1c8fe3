import type { Disposition } from "../store/record.ts";
import type { Io } from "./io.ts";
import { printable } from "./layout.ts";
import { policyWhyText, ruleText } from "./text/policy-why.ts";

type Row = readonly [label: string, text: string];

/** What was done, or would be, and why; what reports say of it where nothing else does. */
export function dispositionRows(label: string, { action, reasons, why }: Disposition, io: Io): Row[] {
  const text = io.text.explain;
  const because =
    why?.map((entry) => policyWhyText(printable(entry), io.lang)) ??
    reasons.map(({ type, comment }) => {
      return comment === undefined ? text.reason[type] : `${text.reason[type]}: ${printable(comment)}`;
    });
  return [[label, text.action[action]], ...because.map((sentence): Row => ["", sentence])];
}

/** The message rules that were broken. */
export function ruleRows(rules: readonly string[], io: Io): Row[] {
  return rules.map((rule, index) => {
    return [index === 0 ? io.text.explain.labels.rules : "", ruleText(printable(rule), io.lang)];
  });
}
