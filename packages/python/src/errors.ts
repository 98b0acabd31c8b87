import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/python`. */
export type PythonErrorCode =
  /** No Python could be started. */
  | "PYTHON_MISSING"
  /** A Python was found, and all that were are too old. */
  | "PYTHON_TOO_OLD"
  /** A Python was found, and the pinned packages have no wheels for its version yet. */
  | "PYTHON_TOO_NEW"
  /** `python -m venv` failed. */
  | "PYTHON_VENV_FAILED"
  /** pip could not install the pinned packages. */
  | "PYTHON_INSTALL_FAILED"
  /** The engine's environment was never set up. */
  | "PYTHON_ENVIRONMENT_MISSING"
  /** The environment is half-made, of other versions, or not the one that was named. */
  | "PYTHON_ENVIRONMENT_UNFIT"
  /** A program could not be started. */
  | "PYTHON_NOT_STARTED"
  /** The program ended with an error of its own. */
  | "PYTHON_FAILED"
  /** A signal ended the program that was not ours: the system's, when memory runs out. */
  | "PYTHON_KILLED"
  /** The program ran longer than it may. */
  | "PYTHON_TIMEOUT"
  /** The program printed nothing for longer than it may. */
  | "PYTHON_STALLED"
  /** The program ended well, but what it left is no result. */
  | "PYTHON_NO_RESULT"
  /** A module is not installed in the environment. */
  | "PYTHON_MODULE_MISSING"
  /** numpy is one that coremltools does not run with. */
  | "PYTHON_NUMPY_UNFIT"
  /** The program asked for memory that there is not. */
  | "PYTHON_OUT_OF_MEMORY"
  /** The disk is full, or has less free space than the environment needs. */
  | "PYTHON_DISK_FULL"
  /** The engine cannot build this kind of model. */
  | "PYTHON_MODEL_UNSUPPORTED"
  /** The weights do not fit the config, or cannot be read. */
  | "PYTHON_CHECKPOINT_INVALID"
  /** The engine's tool has no translation for an operation of the model. */
  | "PYTHON_OPERATION_UNSUPPORTED"
  /** An option cannot be used as given, or not by this engine. */
  | "PYTHON_OPTION_INVALID"
  /** A norm of the model may overflow in fp16 (a warning). */
  | "PYTHON_NORM_UNSAFE";

export function pythonError(
  code: PythonErrorCode,
  options: PippinErrorOptions,
): PippinError<PythonErrorCode> {
  return new PippinError(code, options);
}
