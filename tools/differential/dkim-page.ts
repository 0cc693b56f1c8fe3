import { type DkimClass, type DkimPeer, dkimClasses } from "./dkim-classes.ts";

const sides = { ours: "Sekisho", theirs: "the peer", either: "open" } as const;

/** `docs/differential-dkim.md`, made from the table of classes. */
export function dkimDifferentialPage(): string {
  return `# Classes of disagreement for DKIM

Each random message has one or two signatures (every pair of canonicalizations; RSA of 512 to 2048 bits and Ed25519; \`l=\`,
\`t=\`, \`x=\`, \`q=\`, \`i=\`; signed fields that are repeated, missing or oversigned; folded, 8-bit, empty and long lines; bodies
of empty lines, without a final line end, of nothing; odd white space in tags; key records with every tag). More than half
are then changed: octets of header, body, signature or key record flipped, put in or taken out, white space added, fields
swapped or added on top, lines appended. Sekisho, dkimpy 1.1.4 and Mail::DKIM 1.20230212 (with \`Strict\`) verify each message
over the same keys at the same time, and must agree on each signature: pass or not.

A disagreement belongs to a class when message, key record and verdicts show what the class is about. Where that alone
would not prove it ("repaired" below), it must also vanish when that is taken out of the message; where several causes meet,
they are taken out one after another, three at most, and the first is counted. Every other disagreement is reported as
unexplained and fails the run.

What the comparison mended here: the AlgorithmIdentifier of an RSA key is compared whole (RFC 8017 appendix A.1), not only
its object identifier.

${section("Both peers", ["dkimpy", "Mail::DKIM"])}
${section("dkimpy", ["dkimpy"])}
${section("Mail::DKIM", ["Mail::DKIM"])}`;
}

function section(title: string, peers: readonly DkimPeer[]): string {
  const rows = dkimClasses.filter((one) => String(one.peers) === String(peers)).map(row);
  return `## ${title}

| class | right | decided by | why | repaired |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function row({ id, right, clause, reason, repair }: DkimClass): string {
  const proof = repair === undefined ? "" : "yes";
  return `| \`${id}\` | ${sides[right]} | ${clause} | ${reason.replaceAll("|", "\\|")} | ${proof} |`;
}
