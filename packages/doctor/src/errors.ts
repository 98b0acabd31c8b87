/** Codes thrown by `@pippin/doctor`; a prerequisite that is missing is a finding, not an error. */
export type DoctorErrorCode =
  /** There is no workflow of that name. */
  "DOCTOR_WORKFLOW_UNKNOWN";
