import { Description } from '../fixtures/description.js';
import { observer } from '../harness/clients/observer.js';

/** Larger bodies are not copied: tests that read slowly would read fast. Bytes. */
const BODY_MAX = 65_536;

/**
 * For every end-to-end test file: each event that a client of the harness receives, and each answer of a gateway, is held
 * against what describes it. What is not as described fails the file.
 */
const description = new Description();
observer.event = (name, data) => description.event(name, data);
observer.answer = (answer) => description.answer(answer);

const { fetch } = globalThis;
globalThis.fetch = async (...[input, options]: Parameters<typeof fetch>) => {
  const response = await fetch(input, options);
  const { status, headers } = response;
  const isEmpty = status === 204 || status === 304 || options?.method === 'HEAD';
  const isSmall = isEmpty || Number(headers.get('content-length') ?? BODY_MAX) < BODY_MAX;
  if (isSmall && headers.has('x-content-type-options')) {
    // A body of this size comes at once. A test may cut the connection meanwhile.
    const text = await response
      .clone()
      .text()
      .catch(() => null);
    const url = input instanceof Request ? input.url : String(input);
    const header = (name: string) => headers.get(name) ?? undefined;
    if (text !== null) {
      description.answer({ method: options?.method ?? 'GET', url, status, header, text });
    }
  }
  return response;
};

afterAll(() => expect(description.faults).toEqual([]));
