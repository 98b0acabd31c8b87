export { compensate } from "./calibrate/compensate.ts";
