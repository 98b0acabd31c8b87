import { z } from "zod";

/** Size of the pieces whose hashes a large weight file carries: what a phone resumes a download by. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

export const ArtifactFile = z.object({
  /** Relative to the artifact's own path, `/` as separator; the artifact's file itself is `.`. */
  path: z.string(),
  size: z.number().int().nonnegative(),
  sha256: z.string().optional(),
  /** sha256 of each 8 MiB piece, in order; the last piece is shorter. */
  chunkSha256: z.array(z.string()).optional(),
});
export type ArtifactFile = z.infer<typeof ArtifactFile>;

/** Where an artifact came from: enough to make the same bytes again. */
export const Provenance = z.object({
  /** The package and version that wrote it: `@pippin/coreml@0.1.0`. */
  tool: z.string(),
  /** The model as the user named it, without any path of this machine. */
  source: z.string(),
  revision: z.string().optional(),
  /** The options that decide the bytes. */
  options: z.record(z.string(), z.unknown()),
});
export type Provenance = z.infer<typeof Provenance>;

/** A plain description of files on disk: what one stage hands to the next, also across machines. */
export const Artifact = z.object({
  kind: z.string(),
  path: z.string(),
  files: z.array(ArtifactFile),
  provenance: Provenance,
});
export type Artifact = z.infer<typeof Artifact>;
