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

/** A step that gains less than this part of the loss is the last. */
const LEAST_GAIN = 1e-6;

/** Degrees of freedom of the t distribution that residuals are taken to have: far rows pull with less than their distance. */
const FREEDOM = 3;

/**
 * Finds the parameters that are most probable given the rows: residuals follow a t distribution, parameters a normal one around
 * their mean. Levenberg–Marquardt with weights renewed at each step. A parameter that no row depends on stays at its mean.
 *
 * @param weights - how much each row counts, 1 for a whole one.
 */
export function fitRobustly(
  parameters: readonly Parameter[],
  residuals: Residuals,
  weights: readonly number[],
): readonly number[] {
  const start = parameters.map(({ mean }) => mean);
  const slopes = columnsAt(start, start.keys(), residuals);
  const active = [...start.keys()].filter((i) => slopes[i]?.some((slope) => slope !== 0));
  const problem = { parameters, residuals, weights, active };
  let values: readonly number[] = start;
  let loss = lossOf(values, problem);
  let damping = 1e-3;
  for (let iteration = 0; iteration < ITERATIONS && damping < 1e8; iteration++) {
    const { matrix, vector } = normalEquations(values, problem);
    // Cells of a failed step are tried again with more damping; the equations stay as they are.
    while (damping < 1e8) {
      const next = moved(values, active, solve(damped(matrix, damping), vector));
      const nextLoss = lossOf(next, problem);
      if (nextLoss < loss) {
        const gain = loss - nextLoss;
        [values, loss, damping] = [next, nextLoss, damping / 4];
        if (gain < LEAST_GAIN * (1 + loss)) return values;
        break;
      }
      damping *= 6;
    }
  }
  return values;
}

interface Problem {
  readonly parameters: readonly Parameter[];
  readonly residuals: Residuals;
  readonly weights: readonly number[];
  /** Places of the parameters that are fitted. */
  readonly active: readonly number[];
}

function lossOf(values: readonly number[], { parameters, residuals, weights }: Problem): number {
  let loss = 0;
  for (const [i, residual] of residuals(values).entries()) {
    loss += ((weights[i] as number) * (FREEDOM + 1) * Math.log1p(residual ** 2 / FREEDOM)) / 2;
  }
  for (const [i, { mean, deviation }] of parameters.entries()) {
    loss += ((values[i] as number) - mean) ** 2 / (2 * deviation ** 2);
  }
  return loss;
}

/** Slopes of all residuals, by forward differences. */
function columnsAt(
  values: readonly number[],
  places: Iterable<number>,
  residuals: Residuals,
): Float64Array[] {
  const at = residuals(values);
  return Array.from(places, (place) => {
    const shifted = residuals(values.map((value, i) => (i === place ? value + STEP : value)));
    return Float64Array.from(shifted, (residual, row) => (residual - (at[row] as number)) / STEP);
  });
}

function normalEquations(values: readonly number[], { parameters, residuals, weights, active }: Problem) {
  const at = residuals(values);
  const columns = columnsAt(values, active, residuals);
  const pull = at.map(
    (residual, row) => ((weights[row] as number) * (FREEDOM + 1)) / (FREEDOM + residual ** 2),
  );
  const pulled = columns.map((column) => column.map((slope, row) => slope * (pull[row] as number)));
  const matrix = pulled.map((left) => Float64Array.from(columns, (right) => dot(left, right)));
  const vector = pulled.map((column) => dot(column, at));
  for (const [i, place] of active.entries()) {
    const { mean, deviation } = parameters[place] as Parameter;
    (matrix[i] as Float64Array)[i] = (matrix[i]?.[i] as number) + 1 / deviation ** 2;
    vector[i] = (vector[i] as number) + ((values[place] as number) - mean) / deviation ** 2;
  }
  return { matrix, vector };
}

function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < left.length; i++) total += (left[i] as number) * (right[i] as number);
  return total;
}

function damped(matrix: readonly Float64Array[], damping: number): Float64Array[] {
  return matrix.map((row, i) => row.map((cell, j) => (i === j ? cell * (1 + damping) : cell)));
}

function moved(values: readonly number[], active: readonly number[], step: readonly number[]): number[] {
  const next = [...values];
  for (const [i, place] of active.entries()) next[place] = (next[place] as number) - (step[i] as number);
  return next;
}

/** Solves a symmetric positive system by Cholesky's method. */
function solve(matrix: readonly Float64Array[], vector: readonly number[]): number[] {
  const size = vector.length;
  const lower = matrix.map(() => new Float64Array(size));
  const cell = (i: number, j: number) => lower[i]?.[j] as number;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]?.[j] as number;
      for (let k = 0; k < j; k++) rest -= cell(i, k) * cell(j, k);
      (lower[i] as Float64Array)[j] = i === j ? Math.sqrt(Math.max(rest, 1e-12)) : rest / cell(j, j);
    }
  }
  const solution = [...vector];
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) solution[i] = (solution[i] as number) - cell(i, k) * (solution[k] as number);
    solution[i] = (solution[i] as number) / cell(i, i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++)
      solution[i] = (solution[i] as number) - cell(k, i) * (solution[k] as number);
    solution[i] = (solution[i] as number) / cell(i, i);
  }
  return solution;
}
