import { gunzipSync } from "node:zlib";
import type { SvgProblem } from "../results.ts";
import { expandedSize } from "./svg-expansion.ts";
import { readXml, type XmlElement } from "./xml.ts";

/** An indicator that may be shown, uncompressed, or why not. */
export type CheckedSvg =
  | { readonly problem?: undefined; readonly svg: Buffer }
  | { readonly problem: SvgProblem };

/** draft-svg-tiny-ps-abrotman: documents should not exceed 32 kilobytes. */
export const recommendedSvgOctets: number = 32 * 1024;

const svgNamespace = "http://www.w3.org/2000/svg";
const xlinkNamespace = "http://www.w3.org/1999/xlink";
const maxExpandedElements = 20_000;

/** Elements of SVG Tiny 1.2 that the profile leaves in. */
const allowedElements = new Set(
  (
    "svg title desc metadata defs g use path rect circle ellipse line polyline polygon text tspan textArea tbreak " +
    "linearGradient radialGradient stop solidColor font font-face font-face-src font-face-name glyph missing-glyph hkern"
  ).split(" "),
);
const refusedElements = new Map<string, SvgProblem>([
  ["script", "svg-script"],
  ["handler", "svg-event"],
  ["listener", "svg-event"],
  ["animate", "svg-animation"],
  ["animateColor", "svg-animation"],
  ["animateMotion", "svg-animation"],
  ["animateTransform", "svg-animation"],
  ["mpath", "svg-animation"],
  ["set", "svg-animation"],
  ["discard", "svg-animation"],
  ["image", "svg-raster-image"],
  ["animation", "svg-multimedia"],
  ["audio", "svg-multimedia"],
  ["video", "svg-multimedia"],
  ["a", "svg-link"],
  ["style", "svg-style"],
]);
/** The only values that the profile leaves to attributes about interaction, time and outside resources. */
const fixedValues = new Map([
  ["zoomAndPan", "disable"],
  ["externalResourcesRequired", "false"],
  ["focusable", "false"],
  ["snapshotTime", "none"],
  ["playbackOrder", "all"],
  ["timelineBegin", "onLoad"],
]);

/**
 * Checks an indicator as it was fetched, SVG or SVGZ, against SVG Tiny Portable/Secure (draft-svg-tiny-ps-abrotman) and
 * the secure profile of RFC 6170 §5.2: no scripts, events, animation, raster images, links, style sheets, foreign
 * elements or references to the outside; title, viewBox, version and base profile as asked for. Attributes that neither
 * act nor refer are not looked at. Never throws.
 * @param maxOctets Of the uncompressed document.
 */
export function checkSvg(octets: Buffer, maxOctets: number): CheckedSvg {
  const svg = uncompressed(octets, maxOctets);
  if (typeof svg === "string") return { problem: svg };
  const problem = documentProblem(svg);
  return problem === undefined ? { svg } : { problem };
}

/** The document itself; SVGZ is told by its first octets, as RFC 6170 §5.2 has the same media type for both. */
export function uncompressed(octets: Buffer, maxOctets: number): Buffer | SvgProblem {
  if (octets.length === 0) return "svg-empty";
  if (octets[0] !== 0x1f || octets[1] !== 0x8b) return octets.length > maxOctets ? "svg-too-large" : octets;
  try {
    const plain = gunzipSync(octets, { maxOutputLength: maxOctets });
    return plain.length === 0 ? "svg-empty" : plain;
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    return tooLarge ? "svg-too-large" : "svg-compression";
  }
}

function documentProblem(svg: Buffer): SvgProblem | undefined {
  const text = decodeUtf8(svg);
  if (text === undefined) return "svg-encoding";
  const document = readXml(text);
  if (document.problem !== undefined) return document.problem;
  const { elements } = document;
  return (
    rootProblem(elements[0]) ??
    firstProblem(elements) ??
    textProblem(elements) ??
    (expandedSize(elements, maxExpandedElements) >= maxExpandedElements ? "svg-expansion" : undefined)
  );
}

function decodeUtf8(octets: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- the root

function rootProblem(root: XmlElement | undefined): SvgProblem | undefined {
  if (root?.name !== "svg") return "svg-root";
  const { attributes } = root;
  if (attributes.get("xmlns") !== svgNamespace) return "svg-namespace";
  if (attributes.get("version") !== "1.2") return "svg-version";
  if (attributes.get("baseProfile") !== "tiny-ps") return "svg-base-profile";
  // Drawing programs leave them there; the profile's root has no place.
  if (attributes.has("x") || attributes.has("y")) return "svg-position";
  return isViewBox(attributes.get("viewBox")) ? undefined : "svg-view-box";
}

/** Four numbers, the last two above zero. */
function isViewBox(value = ""): boolean {
  const numbers = value.trim().split(/[ \t\r\n]*,[ \t\r\n]*|[ \t\r\n]+/, 5);
  const [, , width = 0, height = 0] = numbers.map(Number);
  const plain = numbers.every((number) => /^[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})$/.test(number));
  return numbers.length === 4 && plain && width > 0 && height > 0;
}

// ---------------------------------------------------------------- all elements

function firstProblem(elements: readonly XmlElement[]): SvgProblem | undefined {
  for (const [index, element] of elements.entries()) {
    const problem = elementProblem(element.name, index) ?? attributesProblem(element);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function elementProblem(name: string, index: number): SvgProblem | undefined {
  const refused = refusedElements.get(name);
  if (refused !== undefined) return refused;
  // Names with a prefix belong to other languages, and a second svg to the larger profiles.
  return allowedElements.has(name) && (name !== "svg" || index === 0) ? undefined : "svg-element";
}

function attributesProblem({ attributes }: XmlElement): SvgProblem | undefined {
  for (const [name, value] of attributes) {
    const problem = attributeProblem(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function attributeProblem(name: string, value: string): SvgProblem | undefined {
  if (name === "xmlns") return value === svgNamespace ? undefined : "svg-namespace";
  if (name === "xmlns:xlink") return value === xlinkNamespace ? undefined : "svg-namespace";
  if (/^on/i.test(name)) return "svg-event";
  if (name === "style") return "svg-style";
  if (fixedValues.has(name) && fixedValues.get(name) !== value) return "svg-attribute-value";
  const prefix = name.includes(":") ? name.slice(0, name.indexOf(":")) : "";
  if (!["", "xml", "xmlns", "xlink"].includes(prefix)) return "svg-attribute";
  return refersOutside(name, value) ? "svg-external-reference" : undefined;
}

/** A reference may only name an element of the document itself. */
function refersOutside(name: string, value: string): boolean {
  if (name === "xml:base") return true;
  if (name === "xlink:href" || name === "href" || name === "src") return !/^#[^#]/.test(value.trim());
  const lower = value.toLowerCase();
  for (let at = lower.indexOf("url("); at >= 0; at = lower.indexOf("url(", at + 4))
    if (lower[at + 4] !== "#") return true;
  return false;
}

// ---------------------------------------------------------------- title and description

function textProblem(elements: readonly XmlElement[]): SvgProblem | undefined {
  const titles = elements.filter(({ name, parent }) => name === "title" && parent === 0);
  const [title] = titles;
  if (title === undefined || titles.length > 1 || title.text.trim() === "") return "svg-title";
  const empty = elements.some(({ name, text }) => name === "desc" && text.trim() === "");
  return empty ? "svg-description" : undefined;
}
