import fc from 'fast-check';

import { ModelTabs } from '../test/model-tabs.js';

const TICKETS = ['A', 'B', 'C'] as const;

/** `at` chooses a tab. */
const COMMANDS = {
  publish: (world: ModelTabs, _: number, caseId: string) => world.gateway.publish(caseId),
  open: (world: ModelTabs) => world.open(),
  follow: (world: ModelTabs, at: number, caseId: string) => world.tab(at).follow(caseId),
  'close a tab': (world: ModelTabs, at: number) => world.close(world.tab(at)),
  'reload a tab': (world: ModelTabs, at: number) => world.reload(world.tab(at)),
  'close the leader': (world: ModelTabs) => world.close(world.tab(0)),
  'freeze a tab': (world: ModelTabs, at: number) => world.away(world.tab(at)),
  'freeze the leader': (world: ModelTabs) => world.away(world.tab(0)),
  'cut the network': (world: ModelTabs) => world.leader?.client?.cut(),
  'cut a tab off': (world: ModelTabs, at: number) => world.tab(at).step({ type: 'offline' }),
  'a tab is back': (world: ModelTabs, at: number) => world.tab(at).step({ type: 'online' }),
  'a tab handles': (world: ModelTabs, at: number) => void world.tab(at).handle(),
  'a tab hears': (world: ModelTabs, at: number) => void world.tab(at).hear(),
  'a tab receives': (world: ModelTabs, at: number) => void world.tab(at).receive(),
  'time of a tab': (world: ModelTabs, at: number) => void world.tab(at).time(),
  'the leader hears': (world: ModelTabs) => void world.leader?.hear(),
  'the leader receives': (world: ModelTabs) => void world.leader?.client?.receive(),
  'the leader handles': (world: ModelTabs) => void world.leader?.client?.handle(),
  'the leader has gathered': (world: ModelTabs) => void world.leader?.time('gathered'),
  settle: (world: ModelTabs) => world.settle(),
} as const;
type Command = keyof typeof COMMANDS;

describe('tabs that share a connection', () => {
  it('each get every message of their tickets once and in order, whichever tab leads and whatever ends', () => {
    const often = ['publish', 'publish', 'publish', 'follow', 'settle', 'settle'] as const;
    const names = fc.constantFrom(...(Object.keys(COMMANDS) as Command[]), ...often);
    const commands = fc.array(fc.tuple(names, fc.nat(5), fc.constantFrom(...TICKETS)), {
      minLength: 20,
      size: 'max',
      maxLength: 80,
    });
    fc.assert(
      fc.property(commands, (list) => {
        const world = new ModelTabs();
        for (let count = 0; count < 3; count += 1) world.open();
        for (const [command, at, caseId] of list) COMMANDS[command](world, at, caseId);
        for (const tab of world.tabs.values()) tab.step({ type: 'online' });
        world.settle();
        TICKETS.forEach((caseId) => world.gateway.publish(caseId));
        world.settle();
        for (const { followed, replayedTo, handledIds } of world.tabs.values()) {
          expect([...replayedTo.keys()].sort()).toEqual([...followed].sort());
          for (const [id, position] of replayedTo) world.gateway.check(id, handledIds.get(id) ?? [], position);
        }
        expect(world.gateway.connections.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 300) },
    );
  });
});
