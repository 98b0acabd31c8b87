/** Rules of all pages: light and dark, from the width of a phone up. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --back: #ffffff; --soft: #59636e; --line: #d1d9e0; --panel: #f6f8fa;
  --a: #0b62c4; --b: #8a4600; --c: #116329; --d: #7a3fd0; --e: #b0246f; --f: #4d5761; --bad: #b3161d; --good: #116329; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0d1117; --soft: #9ba7b4; --line: #343c46;
  --panel: #161b22; --a: #6cb2ff; --b: #f0a04b; --c: #57c46a; --d: #c29bff; --e: #ff85c2; --f: #aab4bf; --bad: #ff8279; --good: #57c46a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; color: var(--text); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
.soft { color: var(--soft); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { white-space: nowrap; } tbody th { font-weight: 400; }
.scroll { overflow-x: auto; overflow-wrap: normal; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: 0.9rem; }
svg { width: 100%; max-width: 36rem; height: auto; display: block; }
svg text { fill: var(--text); font: 12.5px system-ui, sans-serif; }
.grid { stroke: var(--line); stroke-width: 1; }
:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
`;
