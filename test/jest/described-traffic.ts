import { Description } from '../fixtures/description.js';
import { observer } from '../harness/clients/observer.js';

/** Larger bodies are not copied: tests that read slowly would read fast. Bytes. */
const BODY_MAX = 65_536;

/**
 * For every end-to-end test file: each event that a client of the harness receives, and each answer of a gateway, is held
 * against what describes it. What is not as described fails the file.
 */
const description = new Description();
const reading: Promise<void>[] = [];
observer.event = (name, data) => description.event(name, data);
observer.answer = (answer) => description.answer(answer);

const { fetch } = globalThis;
globalThis.fetch = async (...[input, options]: Parameters<typeof fetch>) => {
  const response = await fetch(input, options);
  if (Number(response.headers.get('content-length') ?? BODY_MAX) < BODY_MAX) {
    const copy = response.clone();
    const url = input instanceof Request ? input.url : String(input);
    const header = (name: string) => response.headers.get(name) ?? undefined;
    const compare = (text: string) =>
      description.answer({ method: options?.method ?? 'GET', url, status: response.status, header, text });
    reading.push(copy.text().then(compare, () => undefined)); // A test may cut the connection.
  }
  return response;
};

afterAll(async () => {
  await Promise.all(reading);
  expect(description.faults).toEqual([]);
});
