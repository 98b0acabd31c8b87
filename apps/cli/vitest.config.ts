import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

/** Most tests wait for child processes. */
const MAX_WORKERS = 3;

export default mergeConfig(shared, {
  test: { globalSetup: "test/support/global-setup.ts", maxWorkers: MAX_WORKERS },
});
