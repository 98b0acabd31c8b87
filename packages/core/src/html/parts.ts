import { escapeHtml } from "./escape.ts";
import { PAGE_STYLE } from "./style.ts";

/**
 * A whole page that needs no network and no script; empty parts are left out.
 *
 * @param style - rules for the parts that only this page has, behind those that all pages share.
 */
export function page(
  { title, style }: { readonly title: string; readonly style: string },
  body: readonly string[],
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}${style}</style>
</head>
<body>
<main>
${body.filter((part) => part !== "").join("\n")}
</main>
</body>
</html>
`;
}

/** A picture under its title, with its description as caption. */
export function figure(
  { title, description }: { readonly title: string; readonly description: string },
  svg: string,
): string {
  return `<figure><h3>${escapeHtml(title)}</h3>${svg}<figcaption>${escapeHtml(description)}</figcaption></figure>`;
}

/** The first cell of a row is its header. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], label: string): string {
  const headers = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join("");
  const body = rows
    .map(([first = "", ...cells]) => {
      const rest = cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("");
      return `<tr><th scope="row">${escapeHtml(first)}</th>${rest}</tr>`;
    })
    .join("\n");
  return `<div class="scroll" role="region" aria-label="${escapeHtml(label)}" tabindex="0"><table><thead><tr>${headers}</tr></thead><tbody>
${body}
</tbody></table></div>`;
}

export function list(items: readonly string[]): string {
  if (items.length === 0) return "";
  return `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}
