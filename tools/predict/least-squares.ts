/** A parameter of a fit: where it starts and how far, as a standard deviation, it may be expected to move from there. */
export interface Parameter {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

/** Residuals of all rows for the given parameters, in units of their scatter. */
export type Residuals = (values: readonly number[]) => readonly number[];

const STEP = 1e-5;
const ITERATIONS = 60;

/** Degrees of freedom of the t distribution that residuals are taken to have: far rows pull with less than their distance. */
const FREEDOM = 3;

/**
 * Finds the parameters that are most probable given the rows: residuals follow a t distribution, parameters a normal one around
 * their mean. Levenberg–Marquardt with weights renewed at each step.
 *
 * @param weights - how much each row counts, 1 for a whole one.
 */
export function fitRobustly(
  parameters: readonly Parameter[],
  residuals: Residuals,
  weights: readonly number[],
): readonly number[] {
  let values = parameters.map(({ mean }) => mean);
  let damping = 1e-3;
  let loss = lossOf(values, residuals(values), { parameters, weights });
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const at = residuals(values);
    const { matrix, vector } = normalEquations({ parameters, weights, values, residuals, at });
    const step = solve(
      matrix.map((row, i) => row.map((cell, j) => (i === j ? cell * (1 + damping) : cell))),
      vector,
    );
    const next = values.map((value, i) => value - (step[i] as number));
    const nextLoss = lossOf(next, residuals(next), { parameters, weights });
    if (nextLoss < loss) {
      const gain = loss - nextLoss;
      [values, loss, damping] = [next, nextLoss, damping / 4];
      if (gain < 1e-7 * (1 + loss)) break;
    } else {
      damping *= 6;
      if (damping > 1e8) break;
    }
  }
  return values;
}

interface Priors {
  readonly parameters: readonly Parameter[];
  readonly weights: readonly number[];
}

function lossOf(values: readonly number[], at: readonly number[], { parameters, weights }: Priors): number {
  let sum = 0;
  for (const [i, residual] of at.entries()) {
    sum += ((weights[i] as number) * (FREEDOM + 1) * Math.log1p(residual ** 2 / FREEDOM)) / 2;
  }
  for (const [i, { mean, deviation }] of parameters.entries()) {
    sum += ((values[i] as number) - mean) ** 2 / (2 * deviation ** 2);
  }
  return sum;
}

interface Point extends Priors {
  readonly values: readonly number[];
  readonly residuals: Residuals;
  readonly at: readonly number[];
}

function normalEquations({ parameters, weights, values, residuals, at }: Point) {
  const columns = parameters.map((_, i) => {
    const moved = residuals(values.map((value, j) => (i === j ? value + STEP : value)));
    return moved.map((residual, row) => (residual - (at[row] as number)) / STEP);
  });
  const pull = at.map(
    (residual, row) => ((weights[row] as number) * (FREEDOM + 1)) / (FREEDOM + residual ** 2),
  );
  const matrix = columns.map((left, i) =>
    columns.map((right, j) => {
      const prior = i === j ? 1 / (parameters[i] as Parameter).deviation ** 2 : 0;
      return prior + sum(left, (value, row) => value * (right[row] as number) * (pull[row] as number));
    }),
  );
  const vector = columns.map((column, i) => {
    const { mean, deviation } = parameters[i] as Parameter;
    const prior = ((values[i] as number) - mean) / deviation ** 2;
    return prior + sum(column, (value, row) => value * (at[row] as number) * (pull[row] as number));
  });
  return { matrix, vector };
}

function sum(values: readonly number[], of: (value: number, index: number) => number): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += of(values[i] as number, i);
  return total;
}

/** Solves a symmetric positive system by Cholesky's method. */
function solve(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  const size = vector.length;
  const lower: number[][] = matrix.map(() => new Array<number>(size).fill(0));
  const cell = (i: number, j: number) => lower[i]?.[j] as number;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]?.[j] as number;
      for (let k = 0; k < j; k++) rest -= cell(i, k) * cell(j, k);
      (lower[i] as number[])[j] = i === j ? Math.sqrt(Math.max(rest, 1e-12)) : rest / cell(j, j);
    }
  }
  const forward: number[] = [];
  for (let i = 0; i < size; i++) {
    let rest = vector[i] as number;
    for (let k = 0; k < i; k++) rest -= cell(i, k) * (forward[k] as number);
    forward.push(rest / cell(i, i));
  }
  const solution = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let rest = forward[i] as number;
    for (let k = i + 1; k < size; k++) rest -= cell(k, i) * (solution[k] as number);
    solution[i] = rest / cell(i, i);
  }
  return solution;
}
