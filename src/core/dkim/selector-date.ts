/** The day in a dated selector, in ms since 1970; undefined when it has none. */
export function selectorDate(selector: string): number | undefined {
  const [, year, month, day = "01"] =
    /(?:^|[^0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])?(?![0-9])/.exec(selector) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(time) ? undefined : time;
}
