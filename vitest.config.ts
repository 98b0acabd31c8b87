import { defineConfig } from "vitest/config";

/** One process over all packages, for the edit loop: `npx vitest`. */
export default defineConfig({ test: { projects: ["packages/*", "apps/*"] } });
