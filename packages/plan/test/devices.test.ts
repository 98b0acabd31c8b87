import fc from "fast-check";
import { expect, test } from "vitest";
import { findChip } from "../src/chips.ts";
import { GIB } from "../src/devices/limits.ts";
import { DEFAULT_DEVICES, DEVICES, findDevice } from "../src/devices.ts";

test.each([
  ["iphone-15-pro"],
  ["iPhone 15 Pro"],
  ["IPHONE 15 PRO"],
  ["iPhone16,1"],
  ["iphone16,1"],
  ["iphone15pro"],
])("%s is the iPhone 15 Pro", (text) => {
  expect(findDevice(text).id).toBe("iphone-15-pro");
});

test("an identifier is not a name that lost its comma", () => {
  expect(findDevice("iPhone15,4").id).toBe("iphone-15");
  expect(() => findDevice("iPhone154")).toThrow(expect.objectContaining({ code: "PLAN_DEVICE_UNKNOWN" }));
});

test("an identifier of two memory sizes is the smaller", () => {
  expect(findDevice("iPad16,3")).toMatchObject({ id: "ipad-pro-m4-8gb", memoryBytes: 8 * GIB });
});

test("a device that is not known is answered with similar ones", () => {
  expect(() => findDevice("iphone 15 pr")).toThrow(
    expect.objectContaining({
      code: "PLAN_DEVICE_UNKNOWN",
      hint: expect.stringContaining("iphone-15-pro"),
    }),
  );
  expect(() => findDevice("Pixel 9")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("all") }),
  );
});

test("whatever text is looked for gives a device or an error with a code", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        expect(DEVICES).toContain(findDevice(text));
      } catch (error) {
        expect(error).toMatchObject({ code: "PLAN_DEVICE_UNKNOWN" });
      }
    }),
  );
});

test("ids and names are unique, identifiers are shared by sizes of one model only", () => {
  for (const key of ["id", "name"] as const) {
    expect(new Set(DEVICES.map((device) => device[key])).size).toBe(DEVICES.length);
  }
  const owners = new Map<string, string>();
  for (const { identifiers, chip = "" } of DEVICES)
    for (const identifier of identifiers) {
      expect(owners.get(identifier) ?? chip).toBe(chip);
      owners.set(identifier, chip);
    }
});

test("every chip of the table is one that speeds are predicted for", () => {
  const unknown = DEVICES.flatMap(({ chip }) => (chip === undefined || findChip(chip) ? [] : [chip]));
  expect(unknown).toEqual([]);
});

test("the short list names devices of the table", () => {
  expect(DEFAULT_DEVICES.map((id) => findDevice(id).id)).toEqual(DEFAULT_DEVICES);
});

test("an entitlement takes nothing away, and no limit is above the memory", () => {
  for (const { limit, entitledLimit, memoryBytes } of DEVICES) {
    if (limit.kind === "unknown" || entitledLimit.kind === "unknown") throw new Error("none is unknown");
    expect(entitledLimit.bytes).toBeGreaterThanOrEqual(limit.bytes);
    expect(entitledLimit.bytes).toBeLessThan(memoryBytes);
  }
});
