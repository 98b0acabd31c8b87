export { fileSource, folderTree, readJsonFile } from "./node/file-source.ts";
export { checkOutputFile, type OutputFileOptions, withOutputFile } from "./node/output-file.ts";
export {
  checkOutputFolder,
  type OutputFolderOptions,
  recoverOutputFolder,
  withOutputFolder,
} from "./node/output-folder.ts";
export { resolveInside } from "./node/safe-path.ts";
