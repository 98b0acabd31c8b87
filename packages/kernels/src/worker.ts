import { workerData } from "node:worker_threads";
import type { PoolWorkerData } from "./node/pool-protocol.ts";
import { runPoolWorker } from "./node/pool-worker.ts";
import { type ProductWorkerData, runProductWorker } from "./node/product-worker.ts";
import { runWriteWorker, type WriterWorkerData } from "./node/write-worker.ts";

/** The entry of all threads: what a thread is for comes with its data. */
const data: WriterWorkerData | PoolWorkerData | ProductWorkerData = workerData;
if (data.kind === "write") runWriteWorker(data);
else if (data.kind === "product") runProductWorker(data);
else runPoolWorker(data);
