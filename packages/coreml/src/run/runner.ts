export async function createRunner(..._a: unknown[]): Promise<never> { throw new Error("being written"); }
