/** Quiet and dense, light and dark as the reader's system is, and black on white when printed. */
export const pageStyle: string = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f6f7f9; --text: #1b1f24; --quiet: #5b6470; --line: #d8dde3; --link: #0b5cad;
  --error: #a3122a; --warning: #8a5200; --notice: #0b5cad; --info: #5b6470;
  --error-ground: #fdecef; --warning-ground: #fff4e0; --notice-ground: #eaf3fc; --info-ground: #f1f3f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --raised: #1d2126; --text: #e6e9ed; --quiet: #a0a9b4; --line: #343b43; --link: #7db8f5;
    --error: #ff9aa8; --warning: #f5bd62; --notice: #7db8f5; --info: #a0a9b4;
    --error-ground: #361a20; --warning-ground: #332712; --notice-ground: #16273a; --info-ground: #22272d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--text);
  font: 1rem/1.6 system-ui, "Hiragino Sans", "Yu Gothic UI", "Noto Sans CJK JP", "Noto Sans JP", sans-serif;
  overflow-wrap: anywhere; line-break: strict; word-break: auto-phrase; font-variant-numeric: tabular-nums;
}
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .25rem; padding-top: 1rem; border-top: 1px solid var(--line); }
p { margin: .4rem 0; }
a { color: var(--link); }
.made, .scope, .source { color: var(--quiet); font-size: .875rem; }
.summary { font-weight: 600; }
article {
  margin: .75rem 0; padding: .6rem .9rem; border: 1px solid var(--line); border-left: .3rem solid var(--mark);
  border-radius: .3rem; background: var(--raised);
}
article.error { --mark: var(--error); --mark-ground: var(--error-ground); }
article.warning { --mark: var(--warning); --mark-ground: var(--warning-ground); }
article.notice { --mark: var(--notice); --mark-ground: var(--notice-ground); }
article.info { --mark: var(--info); --mark-ground: var(--info-ground); }
.badge {
  display: inline-block; margin-right: .35rem; padding: 0 .45rem; border-radius: .25rem; font-size: .875rem;
  color: var(--mark); background: var(--mark-ground); white-space: nowrap;
}
.label, figcaption { color: var(--quiet); font-size: .875rem; font-weight: 600; }
.label { margin-right: .35rem; }
.source span { margin-left: .6rem; }
figure { margin: .5rem 0; }
pre, code { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK JP", monospace; font-size: .875rem; }
pre {
  margin: .15rem 0 0; padding: .5rem .7rem; background: var(--ground); border: 1px solid var(--line); border-radius: .25rem;
  white-space: pre-wrap; user-select: all;
}
figure.tree pre {
  /* Fonts in which a Japanese character takes exactly two columns. */
  font-family: "Noto Sans Mono CJK JP", "BIZ UDGothic", "MS Gothic", "Osaka-Mono", monospace; font-size: .8rem;
  white-space: pre; overflow-x: auto; user-select: auto; }
figure.remove pre { color: var(--quiet); border-style: dashed; }
table { border-collapse: collapse; margin: .75rem 0; width: 100%; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; font-weight: 400; }
thead th { color: var(--quiet); font-size: .875rem; }
td.count, thead th { text-align: right; }
td.none { color: var(--quiet); }
td.error { color: var(--error); font-weight: 600; }
td.warning { color: var(--warning); font-weight: 600; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--link); }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
dl, ul { margin: .1rem 0 .1rem 1rem; padding: 0; }
dl > div { display: flex; flex-wrap: wrap; gap: 0 .6rem; }
dt { color: var(--quiet); }
dd { margin: 0; flex: 1 1 12rem; }
@media print {
  @page { size: A4; margin: 18mm 15mm; }
  :root {
    color-scheme: light;
    --ground: #fff; --raised: #fff; --text: #000; --quiet: #444; --line: #999; --link: #000;
    --error: #000; --warning: #000; --notice: #000; --info: #000;
    --error-ground: #fff; --warning-ground: #fff; --notice-ground: #fff; --info-ground: #fff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  article, figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .badge { border: 1px solid #000; }
  figure.tree pre { font-size: 7.5pt; white-space: pre-wrap; }
  a { text-decoration: none; }
  details { display: none; }
}
`;
