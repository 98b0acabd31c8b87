export {
  type Check,
  type Diagnosis,
  type Group,
  type Status,
  WORKFLOWS,
  type Workflow,
  type WorkflowState,
} from "./check.ts";
export type { DoctorErrorCode } from "./errors.ts";
export { type ExamineOptions, examine } from "./examine.ts";
export type { DiskSpace, HubAnswer, HubProbe, Machine, Memory, RunOptions, RunResult } from "./machine.ts";
export { type NodeMachineOptions, nodeMachine } from "./node-machine.ts";
