/** What someone wants to do with this machine. */
export type Workflow =
  /** What needs only Node: `convert`, `tokenizer`, `verify`, `chat`. */
  | "convert"
  /** A Core ML package, written by Node. */
  | "coreml"
  /** An MLC-LLM package with MLC's own tools: weights anywhere, the model library on a Mac. */
  | "mlc"
  /** The app: build, sign, run. */
  | "xcode"
  /** The engine of coremltools. */
  | "python"
  /** Models by their name, from the Hub. */
  | "hub";

/** All of them, in the order of a report. */
export const WORKFLOWS: readonly Workflow[] = ["convert", "coreml", "mlc", "xcode", "python", "hub"];

export type Group = "system" | "xcode" | "python" | "mlc" | "hub";

export type Status =
  /** There, and fit. */
  | "ok"
  /** There, but older than what is needed. */
  | "tooOld"
  /** Not there, or too little of it. */
  | "missing"
  /** There, but it fails, hangs, or answers what cannot be right. */
  | "broken"
  /** Could not be asked. */
  | "unknown"
  /** Means nothing on this system. */
  | "notApplicable";

/** One prerequisite, as it was found. Texts hold no control characters, and at most 160 characters of a tool's. */
export interface Check {
  readonly id: string;
  readonly title: string;
  readonly group: Group;
  readonly status: Status;
  /** What is there, in a few words. */
  readonly found?: string;
  readonly needed: string;
  /** What its absence prevents, a sentence. */
  readonly prevents: string;
  /** The command or the step that mends it; absent where nothing has to be mended. */
  readonly fix?: string;
  /** The workflows that cannot do without it. */
  readonly for: readonly Workflow[];
  /** The workflows that it serves, but that can do without it. */
  readonly helps: readonly Workflow[];
}

export interface WorkflowState {
  readonly id: Workflow;
  /** Whether everything it cannot do without was found, and fit. */
  readonly ready: boolean;
  /** Ids of the checks that stand in its way. */
  readonly lacks: readonly string[];
}

/** What a machine has and lacks. */
export interface Diagnosis {
  readonly checks: readonly Check[];
  readonly workflows: readonly WorkflowState[];
}
