import { expect, test } from "vitest";
import { DEVICES, findDevice } from "../src/devices.ts";
import { planModel } from "../src/plan.ts";
import { renderPlanHtml } from "../src/report/plan-html.ts";
import { planSummary, planTables } from "../src/rows.ts";
import { joinNames } from "../src/words.ts";
import { deviceOf, inputOf } from "./support/candidates.ts";

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

const DOUBTFUL = ["iPhone A", "iPhone B", "iPhone C, 8 GB", "Mac D"].map((name, index) =>
  deviceOf(index < 3 ? 4.4e9 : 2e10, index < 3 ? 6.4e9 : 2e10, { id: name, name, chip: "M4" }),
);

test("a load that may not fit marks the fit in the table of devices, and a line says for which", () => {
  const plan = planModel(inputOf("Llama-3.2-3B"), { devices: DOUBTFUL });
  const [, { rows, notes }] = planTables(plan, { details: false }) as [
    unknown,
    ReturnType<typeof planTables>[0],
  ];
  expect(rows.map((row) => row[3])).toEqual(["fits?", "fits?", "fits?", "fits"]);
  expect(notes).toEqual([
    expect.stringMatching(
      /^\? iPhone A, B, C 8 GB: if the GPU unpacks the weights, loading takes up to 9\.\d+ GB, more than/,
    ),
  ]);
});

test("a load that may not fit is said in the cell of the page, with a sign of its own", () => {
  const html = renderPlanHtml(planModel(inputOf("Llama-3.2-3B"), { devices: DOUBTFUL }));
  const [doubtful, sure] = [...html.matchAll(/<\/th>(<td.*?<\/td>)/gs)].map(([, cell]) => cell!);
  expect(doubtful).toMatch(
    /^<td class="doubtful"><svg class="mark doubtful".*>fits\?<\/span><small class="but">but: if the GPU/s,
  );
  expect(sure).toMatch(/^<td class="fits"><svg class="mark fits".*>fits<\/span><small>context/s);
  expect(html).toContain("4 of 4 devices carry it.</strong> For 3 of them something may");
});

test("no range of the page's device tables breaks at its dash", () => {
  const html = renderPlanHtml(PLAN);
  const cells = [...html.matchAll(/<td class="\w+(?: taken)?">.*?<\/td>/g)].join("");
  expect(cells).toMatch(/\d–\u2060\d/);
  expect(cells).not.toMatch(/\d–\d|\d s\b/);
});

test("a table of devices that is wider than the screen has a shadow on the side where more is", () => {
  expect(renderPlanHtml(PLAN)).toMatch(/\.fleet \{ background:[^}]*local[^}]*scroll/);
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
