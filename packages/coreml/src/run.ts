export {
  createExecutable,
  type Executable,
  type ExecutableOptions,
  type RunOptions,
  type States,
} from "./run/executable.ts";
export type { Data, Tensor } from "./run/value.ts";
