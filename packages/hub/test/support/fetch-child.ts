/** Fetches the model of the tests in a process of its own, to be killed: `fetch-child.ts ENDPOINT CACHE`. */
import { fetchSnapshot } from "../../src/fetch-snapshot.ts";
import { REPO } from "./repo-id.ts";

const [endpoint, cacheDir] = process.argv.slice(2);
const snapshot = await fetchSnapshot(
  REPO,
  { endpoint: endpoint!, cacheDir: cacheDir! },
  { warn: ({ code }) => console.log(code) },
);
console.log(JSON.stringify({ fetchedBytes: snapshot.fetchedBytes }));
