import { isAbsolute, join, relative, sep } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPippinError } from "../../src/errors.ts";
import { resolveInside } from "../../src/node/safe-path.ts";

test.each(["model.safetensors", "a/b.json", "a/./b", "..hidden", "a..b", "..."])("%s is joined", (name) => {
  expect(resolveInside("/models/x", name)).toBe(join("/models/x", name));
});

test.each(["", "..", "../x", "a/../../x", "a/../b", "a\\..\\..\\x", "/etc/passwd", "C:\\x", "c:x", "a\0b"])(
  "%j is refused",
  (name) => {
    expect(() => resolveInside("/models/x", name)).toThrow(
      expect.objectContaining({ code: "CORE_PATH_ESCAPES", details: { name } }),
    );
  },
);

test("whatever the name, the result stays inside", () => {
  const part = fc.oneof(fc.constantFrom("..", ".", "", "C:", "a", "\0"), fc.string());
  const anyName = fc
    .array(part)
    .chain((parts) => fc.constantFrom("/", "\\").map((with_) => parts.join(with_)));
  fc.assert(
    fc.property(anyName, (name) => {
      try {
        const way = relative("/models/x", resolveInside("/models/x", name));
        expect(isAbsolute(way) || way.split(sep)[0] === "..").toBe(false);
      } catch (error) {
        if (!isPippinError(error)) throw error;
      }
    }),
  );
});
