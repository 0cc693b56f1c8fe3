import { type SpfClass, type SpfPeer, spfClasses } from "./spf-classes.ts";

const peers: readonly SpfPeer[] = ["pyspf", "Mail::SPF"];

/** `docs/differential-spf.md`, made from the table of classes. */
export function spfDifferentialPage(): string {
  return `# Classes of disagreement for SPF

Each random case (zones with every mechanism, macros, includes, redirects, CNAMEs, empty and failing answers, MX and PTR
records, damaged syntax, odd octets; IPv4, IPv6 and IPv4-mapped clients; null senders) is evaluated by Sekisho and by each
of pyspf 2.0.14 and Mail::SPF 2.9.0, over the same zones in memory. Results have to be the same, and with \`fail\` the
explanations too, but for the case of letters.

A disagreement belongs to a class when the case shows what the class is about **and** both sides agree once that is taken
out of the case; where a case has several causes, they are taken out one after another, three at most, and the first is
counted. Every other disagreement is reported as unexplained and fails the run.

${peers.map((peer) => section(peer)).join("\n")}`;
}

function section(peer: SpfPeer): string {
  const rows = spfClasses.filter((one) => one.peer === peer).map(row);
  return `## ${peer}

| class | right | decided by | why |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

const sides = { ours: "Sekisho", either: "open" } as const;

function row({ id, peer, right, clause, reason }: SpfClass): string {
  return `| \`${id}\` | ${right === "theirs" ? peer : sides[right]} | ${clause} | ${reason.replaceAll("|", "\\|")} |`;
}
