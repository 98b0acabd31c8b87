import { expect, test } from "vitest";
import { checkpointTensor } from "../src/checkpoint.ts";

const PLACE = { name: "w", file: "/models/m.gguf" };

test("a readable tensor says where its bytes lie", () => {
  const tensor = checkpointTensor({ dtype: "BF16", shape: [2, 3], byteOffset: 64, byteLength: 12 }, PLACE);
  expect(tensor).toMatchObject({ name: "w", dtype: "BF16", shape: [2, 3], ops: [] });
  expect(tensor.source).toEqual({
    file: "/models/m.gguf",
    dtype: "BF16",
    shape: [2, 3],
    byteOffset: 64,
    byteLength: 12,
  });
});

test.each(["IQ2_XS", "F4", "C64", "toString"])(
  "a tensor of %s is listed, and its bytes are refused by name",
  (dtype) => {
    const tensor = checkpointTensor({ dtype, shape: [256], byteOffset: 0, byteLength: 144 }, PLACE);
    expect(tensor.shape).toEqual([256]);
    expect(() => tensor.source).toThrow(
      expect.objectContaining({
        code: "CHECKPOINT_DTYPE_UNSUPPORTED",
        message: `the tensor "w" of /models/m.gguf holds ${dtype}, which cannot be read`,
        hint: expect.stringContaining("Q4_0"),
      }),
    );
  },
);
