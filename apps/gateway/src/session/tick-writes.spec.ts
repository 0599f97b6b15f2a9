import type { Publication } from '#core';
import { TickWrites } from './tick-writes.js';

const publication = (message: string) => ({ kind: 'message', message }) as Publication;
const [one, two] = [publication('one'), publication('two')];
const name = (told: Publication) => (told.kind === 'message' ? told.message : told.kind);
const nextEvent = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('TickWrites', () => {
  let order: string[];
  let writes: TickWrites;
  beforeEach(() => {
    order = [];
    writes = new TickWrites();
  });

  function receiver(id: string) {
    let waits = false;
    return {
      send: (told: Publication) => void order.push(`${id} sends ${name(told)}`),
      collect: (told: Publication) => {
        order.push(`${id} takes ${name(told)}`);
        const isFirst = !waits;
        waits = true;
        return isFirst;
      },
      flush: () => {
        order.push(`${id} flushes`);
        waits = false;
      },
    };
  }

  it('writes the only publication of a tick at its end, once to each client', async () => {
    const [a, b] = [receiver('a'), receiver('b')];
    setImmediate(() => order.push('next event'));
    [a, b].forEach((each) => writes.add(each, one));
    order.push('tick');
    await nextEvent();
    expect(order).toEqual(['tick', 'a sends one', 'b sends one', 'next event']);
  });

  it('flushes each client once for all publications of a tick', async () => {
    const [a, b] = [receiver('a'), receiver('b')];
    writes.add(a, one);
    writes.add(b, one);
    const c = receiver('c');
    [a, c, c].forEach((each) => writes.add(each, two));
    await nextEvent();
    expect(order.slice(0, 5)).toEqual(['a takes one', 'b takes one', 'a takes two', 'c takes two', 'c takes two']);
    expect(order.slice(5)).toEqual(['a flushes', 'b flushes', 'c flushes']);
  });

  it('keeps nothing for the next tick', async () => {
    const a = receiver('a');
    writes.add(a, one);
    writes.add(a, two);
    await nextEvent();
    order.length = 0;
    writes.add(a, two);
    await nextEvent();
    expect(order).toEqual(['a sends two']);
  });

  it('writes before the end of the tick if it is told to, and nothing twice', async () => {
    const a = receiver('a');
    writes.add(a, one);
    writes.flush();
    expect(order).toEqual(['a sends one']);
    writes.add(a, two);
    await nextEvent();
    expect(order).toEqual(['a sends one', 'a sends two']);
  });

  it('ignores a flush that a client asks for while it is written to', async () => {
    const a = {
      ...receiver('a'),
      send: (publication: Publication) => {
        writes.flush();
        order.push(`a sends ${name(publication)}`);
      },
    };
    writes.add(a, one);
    writes.add(receiver('b'), one);
    await nextEvent();
    expect(order).toEqual(['a sends one', 'b sends one']);
  });

  it('ignores a flush that a client asks for while it takes the first publication of a tick that has two', async () => {
    const a = receiver('a');
    const slow = {
      ...a,
      collect: (publication: Publication) => {
        writes.flush();
        return a.collect(publication);
      },
    };
    writes.add(slow, one);
    writes.add(receiver('b'), one);
    writes.add(receiver('c'), two);
    await nextEvent();
    expect(order).toEqual(['a takes one', 'b takes one', 'c takes two', 'a flushes', 'b flushes', 'c flushes']);
  });
});
