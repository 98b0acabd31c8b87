import type { z } from "zod";
import type { Artifact } from "./artifact.ts";
import type { RuntimeManifest } from "./manifest.ts";
import type { Runner } from "./runner.ts";
import type { StageContext } from "./stage.ts";

/** What is known of a model beside its weights: it goes into the manifest and the package's metadata. */
export interface ModelFacts {
  /** How the user or the Hub names the model: `Qwen/Qwen2.5-1.5B-Instruct`; never a path of this machine. */
  readonly name: string;
  readonly revision?: string | undefined;
  readonly license?: string | undefined;
  /** Jinja source. */
  readonly chatTemplate?: string | undefined;
  readonly stopTokens: readonly number[];
}

/** What a backend decided before it writes: printed by `--dry-run`, then handed to `emit`. */
export interface BackendPlan {
  /** Bytes of all files that `emit` will write. */
  readonly outputBytes: number;
  readonly manifest: RuntimeManifest;
  /** Choices in words, `name → value`, for people. */
  readonly choices: Readonly<Record<string, string | number>>;
  /**
   * Whether a device may hold a copy of all weights in fp16 beside the package while it loads, or from then on; absent: `possible`.
   * `none` is for weights that are stored as they are used.
   */
  readonly unpacking?: "none" | "possible" | "expected";
  /** Whether each weight that the checkpoint had quantized keeps its grid: nothing is rounded a second time. */
  readonly keepsGrid?: boolean;
}

/** A way to write a model that `pippin plan` weighs against others. */
export interface PlanVariant {
  readonly encoding: string;
  /** Options that ask for it, by their names in the backend's schema. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** What executes the package, as predictions of speed call it: `coreml-gpu`, `mlc`. */
  readonly engine: string;
}

/** A row of `inspect`: one feature, state, tensor or number. */
export interface DescriptionRow {
  readonly name: string;
  readonly dtype?: string;
  readonly shape?: readonly (number | null)[];
  readonly bytes?: number;
  readonly text?: string;
}

/** What is inside a package, for people and `--json`. */
export interface PackageDescription {
  readonly kind: string;
  readonly facts: Readonly<Record<string, string | number>>;
  readonly sections: readonly { readonly title: string; readonly rows: readonly DescriptionRow[] }[];
}

export interface RunnerOptions {
  /** `fp16` rounds the result of every operation to its declared type; `fp32` keeps single precision. */
  readonly precision?: "fp16" | "fp32";
  /** Threads that multiply matrices; default: all cores. */
  readonly threads?: number;
}

/** An opened package of this or another program that writes the format. */
export interface OpenedPackage<Spec> {
  readonly path: string;
  /** Absent for packages that Pippin did not write. */
  readonly spec?: Spec;
  readonly manifest?: RuntimeManifest;
  describe(): PackageDescription;
  /** One weight as the package holds it, dequantized to F32, row-major. */
  tensor(role: string, context?: StageContext): Promise<{ shape: readonly number[]; data: Float32Array }>;
  /** Present when the backend can execute its format on this machine. */
  runner?(options?: RunnerOptions, context?: StageContext): Promise<Runner>;
  close(): Promise<void>;
}

/**
 * A format that Pippin can write: Core ML, MLC, or a third party's. The command line finds backends by the module
 * names in its config and treats them alike.
 *
 * `Spec` is what a model means and `Weights` how its tensors are read; `@pippin/decoder` names both for language
 * models (`DecoderBackend`).
 */
export interface Backend<Spec, Weights, Options, Plan extends BackendPlan = BackendPlan> {
  readonly id: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Systems it can write for, oldest first: `ios17`, `ios18`. */
  readonly targets: readonly string[];
  /** Weight encodings it can write: `none`, `int8`, … */
  readonly encodings: readonly string[];
  /**
   * Present when the options take a `recipe`: encodings by name that a search for the best mix may use under these options.
   */
  recipeEncodings?(options: Options): readonly string[];
  /**
   * Present when an encoding is meant for one compute unit or another: what planning compares. Those that `plan` refuses are left
   * out. Without it, each of `encodings` is planned as the option `quantize`.
   */
  variants?(options: Options): readonly PlanVariant[];
  /** The options; flags, config file schema and docs derive from it. */
  readonly options: z.ZodType<Options>;
  /** Decides sizes and choices from the spec and the tensors' headers; reads no weights, writes nothing. */
  plan(model: PlanInput<Spec, Weights>, options: Options): Plan;
  /**
   * Writes the package into the folder `output`, which exists and is empty, and streams the weights.
   * The caller makes the folder appear at its final place when `emit` has returned.
   */
  emit(plan: Plan, weights: Weights, output: string, context?: StageContext): Promise<Artifact[]>;
  /** Whether `path` is a package of this format. Cheap, and never throws for foreign files. */
  detect(path: string): Promise<boolean>;
  open(path: string, context?: StageContext): Promise<OpenedPackage<Spec>>;
  /** Present when the backend can compress the weights of a package that exists. */
  readonly recompress?: Recompress;
  /** Present when an app can run the backend's packages: what `pippin swift` writes into the Swift package. */
  readonly swift?: SwiftBindings<Spec>;
}

/** What runs a backend's packages in an app. */
export interface SwiftBindings<Spec = unknown> {
  /**
   * The Swift class, a `LanguageModel` with an `init(facts: ModelFacts, files: ModelFiles, …)`: `CoreMLModel`. What
   * follows are `arguments`, then `options` where it has some.
   */
  readonly engine: string;
  /** The type of its `options:`, which has an `init` without arguments: `CoreMLOptions`. */
  readonly options?: string;
  /** Texts that the engine needs of a package, by the labels of its `init`: `library` of `MLCModel`. */
  arguments?(opened: OpenedPackage<Spec>): Readonly<Record<string, string>>;
  /** The module without which there is no engine; code that names it stands behind `#if canImport`: `CoreML`. */
  readonly requires: string;
  /** Where the engine is declared, unless Pippin's own runtime (`PippinRuntime`) has it. */
  readonly dependency?: SwiftDependency;
  /** `coreml`: the package is a Core ML model, and gets a class of its own as Xcode makes one. */
  readonly bindings?: "coreml";
  /** The oldest systems that run an opened package. */
  minimumSystem(opened: OpenedPackage<Spec>): MinimumSystem;
}

/** A product of somebody's Swift package, as `Package.swift` names it. */
export interface SwiftDependency {
  readonly url: string;
  /** The oldest version that will do: `1.2.0`. */
  readonly from: string;
  readonly product: string;
}

/** Major versions. */
export interface MinimumSystem {
  readonly iOS: number;
  readonly macOS: number;
}

/** How a backend compresses the weights of packages. */
export interface Recompress<Options = unknown> {
  readonly options: z.ZodType<Options>;
  /** Writes the packages of `path` into the folder `output`, which exists and is empty, under their names. */
  run(path: string, options: Options, output: string, context?: StageContext): Promise<Artifact[]>;
}

export interface PlanInput<Spec, Weights> {
  readonly spec: Spec;
  readonly weights: Weights;
  readonly facts: ModelFacts;
  /** File name of the package, without ending: a safe identifier. */
  readonly name: string;
}
