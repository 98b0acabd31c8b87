export const REPO = "org/tiny-model";
