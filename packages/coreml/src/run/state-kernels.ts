import type { Operation } from "../proto/mil.ts";
import type { Kernel } from "./kernel.ts";
import { sliceUpdate, writeSlice } from "./slices.ts";
import { firstOperand, type StatePlan } from "./states.ts";
import { invalid } from "./value.ts";

/** The kernel of a `read_state`, `write_state` or `slice_update`: in place where the plan found that nobody sees it. */
export function stateKernel(operation: Operation, plan: StatePlan): Kernel {
  const state = firstOperand(operation, "input") ?? "";
  switch (operation.type) {
    case "read_state":
      return read(state, plan.shared.has(operation));
    case "write_state":
      return plan.done.has(operation) ? () => [] : write(state);
    default:
      return plan.inPlace.has(operation) ? updateInPlace : sliceUpdate;
  }
}

const read =
  (state: string, shared: boolean): Kernel =>
  (p) => {
    const { shape, data } = p.state(state);
    return { shape, data: shared ? data : data.slice() };
  };

const write =
  (state: string): Kernel =>
  (p) => {
    const [target, { data }] = [p.state(state).data, p.tensor("data")];
    if (data.length !== target.length)
      throw invalid(`${data.length} values for the state ${state} of ${target.length}`);
    target.set(data);
    return [];
  };

const updateInPlace: Kernel = (p) => {
  const target = p.tensor("x");
  writeSlice(target, p);
  return target;
};
