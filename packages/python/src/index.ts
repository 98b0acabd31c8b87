export type { Variables } from "./child-environment.ts";
export { CoremltoolsOptions, coremltoolsEngine } from "./coremltools.ts";
export type { Engine, EngineInput, EngineRun } from "./engine.ts";
export {
  type Environment,
  type EnvironmentStatus,
  environmentStatus,
  removeEnvironment,
  type SetupOptions,
  setupEnvironment,
} from "./environment.ts";
export type { PythonErrorCode } from "./errors.ts";
export { type FindPythonOptions, type FoundPython, findPython } from "./find-python.ts";
export type { InstallSource } from "./install.ts";
export { PINNED_PYTHON } from "./pins.ts";
export { needEnvironment } from "./resolve-environment.ts";
export { type PythonOptions, type PythonScript, runPython } from "./run-python.ts";
