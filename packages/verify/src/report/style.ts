/** What reports of a comparison have beside the rules of all pages. */
export const STYLE = `
.verdict { font-weight: 700; font-size: 1.1rem; }
.passed { color: var(--good); } .failed { color: var(--bad); }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.line { fill: none; stroke-width: 2; }
.line.a { stroke: var(--a); } .line.b { stroke: var(--b); stroke-dasharray: 5 3; } .line.c { stroke: var(--c); stroke-dasharray: 9 3; }
.line.d { stroke: var(--d); stroke-dasharray: 2 3; } .line.e { stroke: var(--e); stroke-dasharray: 9 3 2 3; } .line.f { stroke: var(--f); }
.dot.a { fill: var(--a); } .dot.b { fill: var(--b); } .dot.c { fill: var(--c); } .dot.d { fill: var(--d); } .dot.e { fill: var(--e); }
.dot.f { fill: var(--f); }
.front { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 3; } .leader { stroke: var(--soft); stroke-width: 1; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0 0 0.25rem; padding: 0; font-size: 0.85rem; }
.legend .key { display: inline-block; width: 24px; height: 12px; margin-right: 0.4rem; vertical-align: middle; }
.limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 8 4; }
.answers { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.answer { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.75rem; }
.answer h4 { margin: 0 0 0.25rem; font-size: 0.9rem; color: var(--soft); }
.answer p { margin: 0; white-space: pre-wrap; }
summary { cursor: pointer; }
`;
