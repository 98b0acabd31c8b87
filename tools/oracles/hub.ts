/**
 * Does what test_hub.py asks for with `@pippin/hub`.
 *
 *     node tools/oracles/hub.ts ACTION REPO OPTIONS
 *
 * prints one JSON document: the result, or `{ error, message }` with the code of the error.
 */

import { isPippinError } from "@pippin/core";
import {
  fetchSnapshot,
  findSnapshot,
  listCache,
  planSnapshot,
  removeFromCache,
  type SnapshotOptions,
} from "@pippin/hub";

const ACTIONS = {
  fetch: (repo: string, options: SnapshotOptions) => fetchSnapshot(repo, options),
  plan: (repo: string, options: SnapshotOptions) => planSnapshot(repo, options),
  find: async (repo: string, options: SnapshotOptions) => (await findSnapshot(repo, options)) ?? null,
  list: (_: string, options: SnapshotOptions) => listCache(options),
  remove: (repo: string, options: SnapshotOptions) => removeFromCache(repo, options),
};

const [action, repo = "", options = "{}"] = process.argv.slice(2);
try {
  const result = await ACTIONS[action as keyof typeof ACTIONS](repo, JSON.parse(options) as SnapshotOptions);
  console.log(JSON.stringify(result));
} catch (error) {
  if (!isPippinError(error)) throw error;
  console.log(JSON.stringify({ error: error.code, message: error.message }));
}
