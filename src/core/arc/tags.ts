import { parseTagList, type TagList } from "../message/taglist.ts";
import { leadingInstance } from "./instance.ts";

/**
 * The tag-list of an ARC-Seal or ARC-Message-Signature, `i=` among its tags: RFC 8617 §4.1.2, §4.1.3. The grammar has
 * the instance first; sealers put it anywhere, and the published test suite too. In front it may have comments, which
 * a tag-list may not.
 * @param value Octets after the colon with the folds. Offsets of the tags count its characters.
 */
export function parseArcTags(value: string): TagList {
  const semicolon = value.indexOf(";");
  const comment = value.indexOf("(");
  if (comment < 0 || comment > semicolon) return parseTagList(value);
  const leading = leadingInstance(value);
  if (leading === undefined) return parseTagList(value);
  return parseTagList(`i=${leading.position}`.padEnd(leading.end) + value.slice(leading.end));
}
