export { escapeHtml, visibleControls } from "./html/escape.ts";
export { figure, list, page, table } from "./html/parts.ts";
