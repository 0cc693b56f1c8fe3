/** What systems put into archives beside the files: folders, and what macOS keeps of each file. */
export function isNoReport(name: string): boolean {
  const base = name.slice(name.lastIndexOf("/") + 1);
  return base === "" || base === ".DS_Store" || base.startsWith("._") || /(?:^|\/)__MACOSX\//.test(name);
}
