import { PippinError, type StageContext, throwIfCancelled } from "@pippin/core";
import { type Check, type Diagnosis, WORKFLOWS, type Workflow, type WorkflowState } from "./check.ts";
import { DEVICE_ROWS } from "./checks/devices.ts";
import { HUB_ROWS } from "./checks/hub.ts";
import { MLC_ROWS } from "./checks/mlc.ts";
import { PYTHON_ROWS } from "./checks/python.ts";
import { SYSTEM_ROWS } from "./checks/system.ts";
import { XCODE_ROWS } from "./checks/xcode.ts";
import type { DoctorErrorCode } from "./errors.ts";
import { createExamination, type Examination, type Finding, type Row } from "./examination.ts";
import type { Machine } from "./machine.ts";
import { cleanText } from "./tool-text.ts";

const ROWS: readonly Row[] = [
  ...SYSTEM_ROWS,
  ...XCODE_ROWS,
  ...DEVICE_ROWS,
  ...PYTHON_ROWS,
  ...MLC_ROWS,
  ...HUB_ROWS,
];

export interface ExamineOptions {
  /** Look only at what these need or profit from, and load Python modules for real; default: everything. */
  readonly for?: readonly Workflow[];
}

/**
 * Looks at a machine for everything that Pippin's workflows need.
 *
 * Tools are asked side by side, each under a clock. What is wrong with the machine is a finding, never an error.
 *
 * @throws PippinError `DOCTOR_WORKFLOW_UNKNOWN`, `CORE_CANCELLED`.
 */
export async function examine(
  machine: Machine,
  options: ExamineOptions = {},
  { signal, progress }: StageContext = {},
): Promise<Diagnosis> {
  const asked = options.for ?? [];
  asked.forEach(checkWorkflow);
  throwIfCancelled(signal);
  const rows = ROWS.filter((row) => asked.length === 0 || serves(row, asked));
  const examination = createExamination(machine, asked, signal);
  let done = 0;
  const checks = await Promise.all(
    rows.map(async (row) => {
      const check = await examineRow(row, examination);
      done++;
      progress?.({ stage: "doctor", unit: "steps", done, total: rows.length, item: row.title });
      return check;
    }),
  );
  const workflows = asked.length === 0 ? WORKFLOWS : WORKFLOWS.filter((id) => asked.includes(id));
  return { checks, workflows: workflows.map((id) => stateOf(id, checks)) };
}

function checkWorkflow(workflow: string): void {
  if (WORKFLOWS.some((known) => known === workflow)) return;
  throw new PippinError<DoctorErrorCode>("DOCTOR_WORKFLOW_UNKNOWN", {
    message: `there is no workflow ${JSON.stringify(workflow)}`,
    hint: `Choose from ${WORKFLOWS.join(", ")}.`,
    details: { workflow },
  });
}

function serves(row: Row, asked: readonly Workflow[]): boolean {
  return asked.some((workflow) => row.for.includes(workflow) || row.helps.includes(workflow));
}

async function examineRow(row: Row, examination: Examination): Promise<Check> {
  const { id, title, group, needed } = row;
  const { status, found, fix, prevents = row.prevents } = await findingOf(row, examination);
  return {
    ...{ id, title, group, status },
    ...(found !== undefined && { found }),
    ...{ needed, prevents },
    ...(fix !== undefined && status !== "ok" && { fix }),
    ...{ for: row.for, helps: row.helps },
  };
}

async function findingOf({ platforms, examine: look }: Row, examination: Examination): Promise<Finding> {
  const { machine, signal } = examination;
  if (platforms !== undefined && !platforms.includes(machine.platform)) return { status: "notApplicable" };
  try {
    return await look(examination);
  } catch (error) {
    throwIfCancelled(signal);
    // A look that fails says nothing about what it looked for, and must not hide what the others found.
    const reason = error instanceof Error ? error.message : String(error);
    return { status: "unknown", found: cleanText(`could not be asked: ${reason}`) };
  }
}

function stateOf(id: Workflow, checks: readonly Check[]): WorkflowState {
  const lacks = checks
    .filter((check) => check.for.includes(id) && standsInTheWay(check))
    .map((check) => check.id);
  return { id, ready: lacks.length === 0, lacks };
}

/** What means nothing on this system stands in nobody's way, but for the Mac itself. */
function standsInTheWay({ id, status }: Check): boolean {
  if (status === "notApplicable") return id === "macos";
  return status !== "ok";
}
