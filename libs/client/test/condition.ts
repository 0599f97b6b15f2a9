/** Longest time until something is there, ms: the machine may be busy with other things. */
const WITHIN_MS = 10_000;

/** Resolves when the condition holds: it depends on sockets, so there is no event to wait for. @throws after ten seconds */
export async function condition(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + WITHIN_MS; !holds();) {
    if (Date.now() > end) throw new Error(`not within ${WITHIN_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
