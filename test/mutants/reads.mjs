const http = (file) => `apps/gateway/src/http/${file}`;

/** Reads of history over HTTP: whose turn it is, requests that are sent ahead of their answers, and pages that go back. */
export const reads = [
  {
    id: 'whole-class-is-looked-for',
    file: 'libs/redis/src/stored-before.ts',
    find: 'c: keptClass(name.class) }',
    put: 'c: name.class ?? undefined }',
    breaks:
      'H7: a page leaves out messages that the upstream shows in another form than it did when they were delivered.',
    killedBy: { file: 'test/contract/redis-store.spec.ts', test: 'H7: finds messages in another form' },
  },
  {
    id: 'reads-of-clients-that-left',
    file: http('subject-reads.ts'),
    find: 'const begins = !reader.hasLeft();',
    put: 'const begins = true;',
    breaks: 'H6: pages are read for a client that is gone, before those of clients that wait.',
    killedBy: { file: http('case-messages.controller.spec.ts'), test: 'for a client that has left' },
  },
  {
    id: 'turn-ends-with-the-read',
    file: http('answer-in-turn.ts'),
    find: 'answerTaken(request, response).then(endTurn)',
    put: 'endTurn()',
    breaks: 'Invariant 9: a client that does not read its answers makes the gateway hold any number of pages.',
    killedBy: { file: http('case-messages.controller.spec.ts'), test: 'whose answers are not taken' },
  },
  {
    id: 'pipelined-for-ever',
    file: http('pipeline-rule.ts'),
    find: 'waiting.count -= 1;',
    put: 'waiting.count -= 0;',
    breaks:
      'X8: a connection is refused its seventeenth request that was sent ahead, although the earlier ones are answered.',
    killedBy: { file: http('case-messages.controller.spec.ts'), test: 'again and again' },
  },
  {
    id: 'history-that-began-anew',
    file: http('seam.ts'),
    find: 'const hasBegunAnew = place !== null && second <= place.second;',
    put: 'const hasBegunAnew = false;',
    breaks:
      'H7: while a store that lost its data is filled again, pages end early, and say that there is nothing older.',
    killedBy: { file: http('older-history.spec.ts'), test: 'is filled again' },
  },
  {
    id: 'names-of-another-history',
    file: http('older-history.ts'),
    find: 'return epoch === kept.epoch && hasMovedOn;',
    put: 'return epoch.length > 0 && hasMovedOn !== null;',
    breaks: 'H8: a message of a new epoch has the id of another one of the old epoch, and a client drops it.',
    killedBy: { file: http('older-history.spec.ts'), test: 'begins anew while a part is read' },
  },
];
