import { messageEvent } from '../test/model-gateway.js';
import { Slot } from './slot.js';

const event = (id: string) => messageEvent({ id, case_id: 'A' });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Puts events, and writes down which of them are handled. */
function put(slot: Slot, ...ids: string[]): string[] {
  const handled: string[] = [];
  for (const id of ids) void slot.put(event(id)).then(() => handled.push(id));
  return handled;
}

describe('the events of a loop', () => {
  it('are handled when the loop asks for the next one, each by itself', async () => {
    const slot = new Slot();
    const handled = put(slot, '1', '2');
    expect(await slot.next()).toEqual({ done: false, value: event('1') });
    await turn();
    expect(handled).toEqual([]);
    expect(await slot.next()).toEqual({ done: false, value: event('2') });
    await turn();
    expect(handled).toEqual(['1']);
  });

  it('come to a loop that waits', async () => {
    const slot = new Slot();
    const next = slot.next();
    put(slot, '1');
    expect(await next).toEqual({ done: false, value: event('1') });
  });

  it('keep nobody waiting when the loop has ended: not the one that it has, those that wait, nor later ones', async () => {
    const slot = new Slot();
    const handled = put(slot, '1', '2', '3');
    await slot.next();
    slot.end();
    await turn();
    expect(handled).toEqual(['1', '2', '3']);
    const later = put(slot, '4');
    await turn();
    expect(later).toEqual(['4']);
    expect(await slot.next()).toEqual({ done: true, value: undefined });
  });

  it('end for a loop that waits', async () => {
    const slot = new Slot();
    const next = slot.next();
    slot.end();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
