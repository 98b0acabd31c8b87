export { type AnswerPair, compareAnswers } from "./answers.ts";
export type { VerifyErrorCode } from "./errors.ts";
export { EVALUATION_PROMPTS } from "./evaluation-prompts.ts";
export { EVALUATION_TEXT } from "./evaluation-text.ts";
export { type FinishReason, type GenerateOptions, generate } from "./generate.ts";
export type { LayerFigures, LayerReport, RangeFigures } from "./layers.ts";
export { argmax, klDivergence, logSoftmax } from "./logits.ts";
export { paretoFront, type Trade } from "./pareto.ts";
export {
  compareRunners,
  type GreedyDifference,
  type GreedyReport,
  type ParityOptions,
  type ParityReport,
  type RunnerPair,
} from "./parity.ts";
export { remembering } from "./remembering.ts";
export {
  COMPARISON_COLUMNS,
  comparisonRows,
  frontOf,
  frontSentence,
  measuredOn,
} from "./report/comparison.ts";
export { renderComparisonHtml } from "./report/comparison-html.ts";
export { renderComparisonMarkdown } from "./report/comparison-markdown.ts";
export { formatNumber, formatPercent, formatPerplexity, formatPlace } from "./report/figures.ts";
export { renderHtml } from "./report/html.ts";
export { renderMarkdown } from "./report/markdown.ts";
export type { AnswerText, ComparedPackage, ComparisonReport, VerifyReport } from "./report/model.ts";
export type { SampleOptions } from "./sampling/options.ts";
export { type Candidate, createSampler, type Sampler } from "./sampling/sampler.ts";
export { compareAllOnText, compareOnText, type NamedRunner, type TextOptions } from "./text.ts";
export type { TextReport } from "./text-sums.ts";
export {
  type Condition,
  type Figures,
  judge,
  METRICS,
  type MetricName,
  parseCondition,
  type Verdict,
} from "./verdict.ts";
export { windowsOf } from "./windows.ts";
