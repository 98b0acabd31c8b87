import { defineConfig } from "vitest/config";

/** What every package's tests share: a fixed place, a timeout that a busy two-core machine keeps, no globals. */
export const shared = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default"],
    // Files of a package share a worker and what it has imported: no test changes a module or the environment.
    isolate: false,
    // Programs that a test starts print plain text whoever runs the tests: nx asks its tasks for colours.
    env: { FORCE_COLOR: "0" },
  },
});
