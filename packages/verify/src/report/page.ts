import { escapeHtml, page } from "@pippin/core/html";
import { STYLE } from "./style.ts";

/** A report as a whole page. */
export function reportPage(title: string, body: readonly string[]): string {
  return page({ title, style: STYLE }, body);
}

/** Passed or failed, and how that was found out. */
export function verdict(passed: boolean, how: string): string {
  return `<p><span class="verdict ${passed ? "passed" : "failed"}">${passed ? "Passed" : "Failed"}</span> <span class="soft">${escapeHtml(how)}</span></p>`;
}
