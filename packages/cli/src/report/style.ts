/**
 * The look of a report: one column of text, figures as wide as it, light or dark as the reader's.
 */

export const STYLE = `
:root { color-scheme: light dark;
  --page: #fbfaf7; --text: #22242a; --quiet: #666a73; --line: #dedbd2; --card: #ffffff;
  --model: #2f6fb0; --baseline: #c77b1e; --truth: #6b7280; --accent: #b3386a; --faint: #9a9da6;
    --good: #2c7a4b; }
@media (prefers-color-scheme: dark) { :root {
  --page: #17191d; --text: #e6e4de; --quiet: #a0a3ab; --line: #34373e; --card: #1e2126;
  --model: #6cacea; --baseline: #e2a455; --truth: #a7acb7; --accent: #e57ba6; --faint: #737782;
    --good: #6cc28d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 50rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.12rem; margin: 0 0 .15rem; line-height: 1.3; }
p { margin: .3rem 0 .8rem; }
.lead { color: var(--quiet); margin-bottom: 1.5rem; }
.verdict { font-size: 1.12rem; border-left: 4px solid var(--good); padding: .5rem 0 .5rem 1rem;
  margin: 1.5rem 0; }
.verdict.not { border-color: var(--baseline); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  margin: .75rem 0 1.75rem; }
th, td { text-align: right; padding: .4rem .5rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: var(--quiet); font-weight: 500; font-size: .88rem; }
tr.best td { font-weight: 650; }
.scroll { overflow-x: auto; }
figure { margin: 2.25rem 0; padding: 0; }
figure p { color: var(--quiet); font-size: .95rem; max-width: 44rem; }
figure svg { display: block; width: 100%; height: auto; max-width: 100%; overflow: visible;
  color: var(--quiet); }
figure svg [aria-label="y-grid"] { stroke: var(--line); stroke-opacity: 1; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .9rem;
  margin: -.3rem 0 .4rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px;
  margin-right: .4rem; vertical-align: -1px; }
blockquote { margin: 0 0 1.25rem; padding: .9rem 1.1rem; background: var(--card);
  border: 1px solid var(--line);
  border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere;
    font: 15px/1.5 ui-monospace, Menlo, Consolas, monospace; }
blockquote b { font-weight: 400; color: var(--quiet); }
details { border-top: 1px solid var(--line); padding: .7rem 0; }
summary { cursor: pointer; font-weight: 550; }
pre { overflow-x: auto; font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace;
  color: var(--quiet); }
ul { padding-left: 1.2rem; margin: .5rem 0; }
footer { color: var(--quiet); font-size: .88rem; margin-top: 2rem; }
@media (max-width: 560px) {
  main { padding: 1.5rem 1rem 3rem; } h1 { font-size: 1.4rem; }
  .wide { display: none; } .narrow { display: block; } th, td { padding: .35rem .4rem;
    font-size: .92rem; }
}
@media print { .narrow { display: none; } details { display: none; } }
`;
