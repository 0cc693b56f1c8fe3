import { type ArcClass, arcClasses } from "./arc-classes.ts";

const sides = { ours: "Sekisho", theirs: "dkimpy", either: "open" } as const;

/** `docs/differential-arc.md`, made from the table of classes. */
export function arcDifferentialPage(): string {
  return `# Classes of disagreement for ARC

Each random message has up to six ARC sets, made by a sealer that is written as simply as RFC 8617 §5.1 reads: keys of every
kind, one or two domains a set, both canonicalizations, signed fields repeated or missing, tags that are missing, unknown or
out of place, results of any syntax, \`cv=\` and instances that are wrong, sets that seal only themselves. Between sets some
messages are changed as mailing lists do; at the end nearly half are damaged: fields of the chain dropped, doubled, moved,
renumbered or given another \`cv=\`, octets changed anywhere, keys changed or removed. Sekisho and dkimpy 1.1.4 validate each
message over the same keys at the same time, and must agree on the state of the chain and, where it passes, on the
oldest-pass (what dkimpy says of the older message signatures).

A disagreement belongs to a class when message, keys and verdicts show what the class is about. Where that alone would not
prove it ("repaired" below), it must also vanish when that is taken out of the message; where several causes meet, they are
taken out one after another, three at most, and the first is counted. Every other disagreement is reported as unexplained
and fails the run.

| class | right | decided by | why | repaired |
| --- | --- | --- | --- | --- |
${arcClasses.map(row).join("\n")}
`;
}

function row({ id, right, clause, reason, repair }: ArcClass): string {
  const proof = repair === undefined ? "" : "yes";
  return `| \`${id}\` | ${sides[right]} | ${clause} | ${reason.replaceAll("|", "\\|")} | ${proof} |`;
}
