import { createHash } from "node:crypto";
import type { DomainReport } from "../../checker/check-domain.ts";
import type { Finding, RecordChange, Severity } from "../../findings/finding.ts";
import { writeFinding } from "../../findings/table.ts";
import { type Io, openIo } from "../io.ts";
import type { Lang } from "../lang.ts";
import { printable } from "../layout.ts";
import {
  countLine,
  profileLine,
  recordLine,
  type ShownReport,
  scopeLines,
  toldFindings,
  unknownLine,
} from "./lines.ts";
import { pageStyle } from "./page-style.ts";
import { ShownChanges } from "./shown-changes.ts";
import { spfSection } from "./spf-section.ts";
import { type CheckText, checkText } from "./text.ts";

const pageColumns = 84;

/** The reports as one HTML page: nothing is fetched from anywhere, no script runs, and it prints well. */
export function formatPage(reports: readonly ShownReport[], io: Io): string {
  const { lang } = io;
  const text = checkText(lang);
  const plain = openIo({ ...io, isTty: false, columns: pageColumns }, lang, io.text);
  const title = text.page.title(reports.map(({ report }) => report.domain));
  const styleHash = createHash("sha256").update(pageStyle).digest("base64");
  const [first] = reports;
  const made = first === undefined ? "" : new Date(first.report.checkedAt).toISOString();
  return [
    "<!doctype html>",
    `<html lang="${lang}">`,
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(title)}</title>`,
    `<style>${pageStyle}</style>`,
    "</head>",
    "<body>",
    `<header><h1>${escaped(title)}</h1><p class="made">${escaped(text.page.made(shortTime(made)))}</p></header>`,
    "<main>",
    ...(reports.length > 1 ? [overview(reports, text)] : []),
    ...reports.map((one) => domainSection(one, plain, text)),
    "</main>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Text in the body or in a quoted attribute; what a stranger published is made printable first. */
function escaped(text: string): string {
  return text
    .split("\n")
    .map(printable)
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function shortTime(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

const severities: readonly Severity[] = ["error", "warning", "notice", "info"];
/** Told apart by shape too, for those to whom colours look alike. */
const marks: Readonly<Record<Severity, string>> = { error: "✕", warning: "▲", notice: "●", info: "○" };

function overview(reports: readonly ShownReport[], text: CheckText): string {
  const heads = severities
    .map((severity) => `<th scope="col">${escaped(text.severity[severity])}</th>`)
    .join("");
  const rows = reports.map(({ report, findings }) => {
    const counts = severities.map((severity) => {
      const count = findings.filter((one) => one.severity === severity).length;
      return `<td class="count ${count === 0 ? "none" : severity}">${report.answered ? count : "?"}</td>`;
    });
    return `<tr><th scope="row"><a href="#${escaped(report.domain)}">${escaped(report.domain)}</a></th>${counts.join("")}</tr>`;
  });
  return `<section><h2>${escaped(text.page.domains)}</h2><table><thead><tr><td></td>${heads}</tr></thead><tbody>${rows.join("\n")}</tbody></table></section>`;
}

function domainSection(shownReport: ShownReport, io: Io, text: CheckText): string {
  const { report, findings, onlyNew } = shownReport;
  const shown = new ShownChanges(report.profile);
  const articles = toldFindings(shownReport).map((one) => findingArticle(one, shown, io.lang, text));
  const rest = report.answered
    ? [
        ...spfFigure(report, findings, io),
        ...scopeLines(report, text).map((line) => `<p class="scope">${escaped(line)}</p>`),
        `<details><summary>${escaped(text.page.facts)}</summary>${factList(report.facts, 0)}</details>`,
      ]
    : [];
  return [
    `<section id="${escaped(report.domain)}">`,
    `<h2>${escaped(report.domain)}</h2>`,
    `<p class="summary">${escaped(summaryOf(report, findings, onlyNew, text))}</p>`,
    `<p class="scope">${escaped(profileLine(shownReport, text))}</p>`,
    ...articles,
    ...rest,
    "</section>",
  ].join("\n");
}

function summaryOf(
  report: DomainReport,
  findings: readonly Finding[],
  onlyNew: boolean,
  text: CheckText,
): string {
  if (!report.answered) return unknownLine(report, text);
  if (findings.length > 0) return countLine(findings, text);
  return onlyNew ? text.nothingNew : text.nothing;
}

/** The SPF tree as the terminal has it: columns that stand below each other. */
function spfFigure(report: DomainReport, findings: readonly Finding[], io: Io): string[] {
  const lines = spfSection(report, findings, io);
  return lines.length === 0
    ? []
    : [`<figure class="tree"><pre>${escaped(lines.join("\n").trim())}</pre></figure>`];
}

function findingArticle(found: Finding, shown: ShownChanges, lang: Lang, text: CheckText): string {
  const { text: sentence, fix, basis } = writeFinding(found, lang);
  const { severity, id, change = [] } = found;
  return [
    `<article class="${severity}" aria-label="${escaped(`${text.severity[severity]}: ${id}`)}">`,
    `<p class="sentence"><strong class="badge"><span aria-hidden="true">${marks[severity]}</span> ${escaped(text.severity[severity])}</strong> ${escaped(sentence)}</p>`,
    ...(fix === undefined ? [] : [`<p><span class="label">${escaped(text.todo)}</span> ${escaped(fix)}</p>`]),
    ...changeBlocks(change, shown, text),
    `<p class="source"><code>${escaped(id)}</code> <span>${escaped(basis)}</span></p>`,
    "</article>",
  ].join("\n");
}

function changeBlocks(change: readonly RecordChange[], shown: ShownChanges, text: CheckText): string[] {
  const left = shown.next(change);
  if (left.kind === "same") return [`<p class="scope">${escaped(text.sameChange)}</p>`];
  const block = (action: RecordChange["action"], title: string): string[] => {
    const lines = left[action].map((one) => escaped(recordLine(one))).join("\n");
    if (lines === "") return [];
    return [
      `<figure class="${action}"><figcaption>${escaped(title)}</figcaption><pre>${lines}</pre></figure>`,
    ];
  };
  const title = left.kind === "instead" ? text.insteadOfChange : text.change.add;
  const note =
    left.enforces === undefined ? [] : [`<p class="scope">${escaped(text.enforces(left.enforces))}</p>`];
  return [...block("remove", text.change.remove), ...block("add", title), ...note];
}

const maxDepth = 6;
const maxItems = 200;

/** Facts as nested lists. */
function factList(value: unknown, depth: number): string {
  if (value === null || typeof value !== "object") return `<code>${escaped(String(value))}</code>`;
  if (depth >= maxDepth) return "<code>...</code>";
  if (Array.isArray(value)) {
    if (value.length === 0) return "<span>–</span>";
    const items = value.slice(0, maxItems).map((one: unknown) => `<li>${factList(one, depth + 1)}</li>`);
    return `<ul>${items.join("")}</ul>`;
  }
  const rows = Object.entries(value)
    .slice(0, maxItems)
    .map(([name, one]) => `<div><dt>${escaped(name)}</dt><dd>${factList(one, depth + 1)}</dd></div>`);
  return rows.length === 0 ? "<span>–</span>" : `<dl>${rows.join("")}</dl>`;
}
