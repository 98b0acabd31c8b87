import type { ModelPlan } from "../model-plan.ts";

export function renderPlanHtml(plan: ModelPlan): string {
  return JSON.stringify(plan);
}
