export { fileSource, type OpenFileSource, readJsonFile } from "./node/file-source.ts";
export { type OutputFolderOptions, recoverOutputFolder, withOutputFolder } from "./node/output-folder.ts";
export { resolveInside } from "./node/safe-path.ts";
