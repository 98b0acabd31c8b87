/** What the page of a plan has beside the rules of all pages. */
export const STYLE = `
.fits { --fit: var(--good); } .entitlement { --fit: var(--b); } .tooLarge { --fit: var(--bad); } .doubtful { --fit: var(--d); } .unknown { --fit: var(--soft); }
.mark { width: 0.8em; height: 0.8em; display: inline-block; vertical-align: -0.05em; margin-right: 0.3em; fill: var(--fit); stroke: var(--fit); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.5rem 0; padding: 0; font-size: 0.9rem; }
.legend .key { display: inline-block; width: 24px; height: 12px; margin-right: 0.4rem; vertical-align: middle; }
.fleet { background: linear-gradient(to left, var(--back) 1.5rem, transparent 3rem) right / 3rem 100% no-repeat local,
  linear-gradient(to left, var(--line), transparent) right / 0.75rem 100% no-repeat scroll; }
.fleet td, .fleet tbody th { font-size: 0.9rem; }
.fleet th:first-child { position: sticky; left: 0; background: var(--back); min-width: 8.5rem; }
.fleet td { min-width: 7rem; } .fleet td:nth-child(2) { min-width: 11rem; }
.fleet small.but { color: var(--text); }
.fleet small { display: block; color: var(--soft); }
.fleet .word { color: var(--fit); font-weight: 600; }
.fleet .taken { background: var(--panel); box-shadow: inset 3px 0 0 var(--fit); padding-left: 0.5rem; }
.pictures { display: grid; gap: 1.5rem; margin-bottom: 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.pictures h3 { margin: 0 0 0.25rem; } .pictures figcaption { font-size: 0.8rem; }
.part { stroke: var(--back); stroke-width: 0.75; }
.part.weights { fill: var(--a); } .part.cache { fill: var(--b); } .part.activations { fill: var(--d); } .part.overhead { fill: var(--f); }
.bound { stroke: var(--text); stroke-width: 1.75; } .bound.entitled { stroke-dasharray: 5 3; }
svg .small { font-size: 13px; } svg .fit { fill: var(--fit); font-weight: 600; }
svg .sign { fill: var(--fit); stroke: var(--fit); }
`;
