import { TickWrites } from './tick-writes.js';

describe('TickWrites', () => {
  it('lets each writer write at the end of the tick, before anything else comes in', async () => {
    const order: string[] = [];
    const writes = new TickWrites();
    setImmediate(() => order.push('next event'));
    ['a', 'b'].forEach((name) => writes.add({ flush: () => order.push(name) }));
    order.push('tick');
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(order).toEqual(['tick', 'a', 'b', 'next event']);
  });

  it('goes on when a writer adds another one', async () => {
    const order: string[] = [];
    const writes = new TickWrites();
    writes.add({
      flush: () => {
        order.push('a');
        writes.add({ flush: () => order.push('b') });
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['a', 'b']);
  });
});
