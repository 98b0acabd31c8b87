import { z } from "zod";

/** Options of the Swift package; the command line's flags derive from it. */
export const SwiftOptions = z.object({
  name: z
    .string()
    .optional()
    .describe("name of the model's class; default as Xcode derives it from the package's file name"),
  weights: z
    .enum(["embed", "download"])
    .default("embed")
    .describe("embed puts the model into the app; download leaves it to be fetched from --url"),
  url: z
    .string()
    .optional()
    .describe("folder on a server that holds the model's files (https), for --weights download"),
  demo: z.boolean().default(true).describe("write the demo app"),
});
export type SwiftOptions = z.infer<typeof SwiftOptions>;
