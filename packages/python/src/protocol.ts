import { z } from "zod";

/** A line of a script: see python/pippin_engine/protocol.py. */
const Message = z.discriminatedUnion("pippin", [
  z.object({
    pippin: z.literal("progress"),
    done: z.number().nonnegative(),
    total: z.number().positive(),
    item: z.string(),
  }),
  z.object({ pippin: z.literal("warning"), code: z.string(), message: z.string(), hint: z.string() }),
  z.object({ pippin: z.literal("problem"), code: z.string(), message: z.string(), hint: z.string() }),
  z.object({ pippin: z.literal("result"), value: z.unknown() }),
]);
export type Message = z.infer<typeof Message>;

/** The message that a line of stdout is; anything else is not for us. */
export function parseMessage(line: string): Message | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return Message.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
