import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import { MatrixStore } from "./matrix-store.ts";
import {
  finishedWord,
  HELPER_FAILED,
  JOB_MATRIX,
  JOB_ROWS,
  JOBS,
  LOAD_STOPPED,
  type LoadMessage,
  type LoadReply,
  type PoolWorkerData,
  postedWord,
  TICKET,
  waitWhile,
} from "./pool-protocol.ts";
import { packError } from "./threads.ts";

/** Serves a matrix pool until the thread is terminated; sleeps while there is nothing to do. */
export function runPoolWorker(data: PoolWorkerData): void {
  const { index, control } = data;
  const store = new MatrixStore();
  const loads = new Map<number, LoadMessage>();
  const finished = finishedWord(index);
  const posted = postedWord(index);
  let jobs = 0;
  let messages = 0;
  for (;;) {
    const ticket = Atomics.load(control, TICKET);
    for (; messages !== Atomics.load(control, posted); messages++) load(store, loads, control);
    if (jobs !== Atomics.load(control, JOBS)) {
      jobs = Atomics.load(control, JOBS);
      try {
        multiply(store, loads, data);
        Atomics.store(control, finished, jobs);
      } catch {
        // The calling thread is blocked in `multiply` and could not receive the error itself.
        Atomics.store(control, finished, HELPER_FAILED);
      }
      Atomics.notify(control, finished);
    }
    waitWhile(control, TICKET, ticket);
  }
}

function multiply(
  store: MatrixStore,
  loads: Map<number, LoadMessage>,
  { control, x, y }: PoolWorkerData,
): void {
  const matrix = loads.get(Atomics.load(control, JOB_MATRIX));
  if (matrix === undefined) return; // this thread has no rows of it
  const m = Atomics.load(control, JOB_ROWS);
  const { number, cols, rows, share } = matrix;
  store.multiply(number, x.subarray(0, m * cols), m, { y, cols: rows, begin: share.begin });
}

function load(store: MatrixStore, loads: Map<number, LoadMessage>, control: Int32Array): void {
  // The count of messages rises after each is posted, so there is one.
  const message: LoadMessage = receiveMessageOnPort(parentPort!)!.message;
  const { number } = message;
  try {
    for (const _ of store.load(message)) {
      if (Atomics.load(control, LOAD_STOPPED) === 1) break;
    }
    loads.set(number, message);
    reply({ number });
  } catch (error) {
    reply({ number, error: packError(error) });
  }
}

function reply(message: LoadReply): void {
  parentPort?.postMessage(message);
}
