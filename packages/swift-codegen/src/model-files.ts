/** Names of the files in the folder of a model's resources; PippinRuntime's `ModelFiles` and `SelfTest` look for them. */
export const MANIFEST_FILE = "pippin-manifest.json";
export const TOKENIZER_FILE = "tokenizer.pippin";
export const TOKENIZER_SELF_TEST_FILE = "tokenizer-selftest.jsonl";
export const SELF_TEST_FILE = "selftest.json";

/**
 * The folder within the target's resources. It must not be called `Resources`: copied as a folder, that makes a bundle which
 * `codesign` refuses for iOS ("bundle format unrecognized, invalid, or unsuitable").
 */
export const MODEL_FOLDER = "Model";
