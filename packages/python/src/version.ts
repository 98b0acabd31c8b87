import manifest from "../package.json" with { type: "json" };

/** This package's version, for provenance. */
export const VERSION: string = manifest.version;
