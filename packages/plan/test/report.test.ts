import { expect, test } from "vitest";
import { DEVICES, findDevice } from "../src/devices.ts";
import { planModel } from "../src/plan.ts";
import { joinNames } from "../src/report/fleet.ts";
import { renderPlanHtml } from "../src/report/plan-html.ts";
import { planSummary, planTables } from "../src/rows.ts";
import { inputOf } from "./support/candidates.ts";

const PLAN = planModel(inputOf("Llama-3.2-3B"), { devices: DEVICES });

test("tables have a cell for each column", () => {
  for (const { columns, rows } of planTables(PLAN, { details: true }))
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns.length);
});

test("one device is shown with every candidate and what would help", () => {
  const plan = planModel(inputOf("Llama-3.2-3B"), { devices: [findDevice("iphone-13")] });
  const [, , detail] = planTables(plan, { details: true });
  expect(detail!.rows.map(([label, , fit]) => [label, fit])).toEqual([
    ["none gpu", "too large"],
    ["int8 gpu", "too large"],
    ["int4 gpu", "too large"],
    ["lut4 ane", "fits"],
  ]);
  expect(detail!.rows[2]!.at(-1)).toMatch(/^a context of \d+$/);
});

test("the summary counts what the model is", () => {
  expect(planSummary(PLAN).join("\n")).toMatch(
    /3\.21 billion parameters.*\n28 layers of 3072.*\ncache 115 kB a token, 235 MB for 2048/,
  );
});

test("every device is on the page, with a sign and a word for each encoding", () => {
  const html = renderPlanHtml(PLAN);
  for (const { name } of DEVICES) expect(html).toContain(name.replace(/^(?:iPhone|iPad|Mac) /, ""));
  expect(html.match(/<svg class="mark /g)!.length).toBeGreaterThan(100);
  for (const word of ["fits", "with entitlement", "too large"]) expect(html).toContain(`>${word}</span>`);
});

test("the page asks for nothing and runs nothing", () => {
  const html = renderPlanHtml(PLAN);
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/<script|<link|<img|@import|url\(|https?:/);
});

test("text of a model is text on the page", () => {
  const name = "<img src=x onerror=alert(1)>\u202e\"'&";
  const facts = { name, revision: "<b>" };
  const html = renderPlanHtml(planModel(inputOf("Qwen2.5-0.5B", { facts }), { devices: DEVICES }));
  expect(html).not.toMatch(/<img|<b>|\u202e/);
  expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;\\u202e&quot;&#39;&amp;");
});

test("ids in the page are unique", () => {
  const ids = [...renderPlanHtml(PLAN).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("bars of one picture stay inside of it", () => {
  const html = renderPlanHtml(PLAN);
  const rights = [...html.matchAll(/<rect class="part \w+" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(
    ([, x, width]) => Number(x) + Number(width),
  );
  expect(rights.length).toBeGreaterThan(100);
  expect(Math.max(...rights)).toBeLessThanOrEqual(360);
});

test("names that begin alike say so once", () => {
  expect(joinNames(["iPhone 14", "iPhone 14 Plus", "iPhone 15"])).toBe("iPhone 14, 14 Plus, 15");
  expect(joinNames(["iPhone 14", "iPhone 14 Plus", "iPhone 15"], 2)).toBe("iPhone 14, 14 Plus and 1 more");
});
