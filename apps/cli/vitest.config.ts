import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

/** Most tests wait for child processes. */
const MAX_WORKERS = 3;

export default mergeConfig(shared, {
  // Some tests set variables of the environment for the commands that they start.
  test: { globalSetup: "test/support/global-setup.ts", maxWorkers: MAX_WORKERS, isolate: true },
});
