import type { Artifact, RuntimeManifest, StageContext } from "@pippin/core";
import type { z } from "zod";
import type { Variables } from "./child-environment.ts";

/** What an engine converts. */
export interface EngineInput {
  /** Folder of the model, as the Hub has it. */
  readonly model: string;
  /** File name of the package, without ending: a safe identifier. */
  readonly name: string;
  readonly facts: {
    /** The model as the user names it; never a path of this machine. */
    readonly source: string;
    readonly revision?: string | undefined;
    readonly license?: string | undefined;
    readonly stopTokens: readonly number[];
  };
  /** More entries for the package's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where and how an engine runs. */
export interface EngineRun {
  /** An interpreter that has what the engine needs. */
  readonly python: string;
  readonly env: Variables;
  /** Folder for logs. */
  readonly logFolder?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
}

/** A converter that is another program. */
export interface Engine<Options = unknown> {
  readonly id: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** The options that it has; spelled as those of the backend whose format it writes. */
  readonly options: z.ZodType<Options>;
  /**
   * Writes the package into the folder `output`, which exists and is empty. The caller makes the folder appear at its final place
   * when this has returned, and removes it when it throws.
   */
  convert(
    input: EngineInput,
    options: Options,
    target: EngineRun & { readonly output: string },
    context?: StageContext,
  ): Promise<{ readonly artifacts: Artifact[]; readonly manifest: RuntimeManifest }>;
}
