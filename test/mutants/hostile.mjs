const http = (file) => `apps/gateway/src/http/${file}`;
const ws = (file) => `apps/gateway/src/ws/${file}`;
const edge = (file) => `apps/gateway/src/edge/${file}`;

/** What hostile clients find: sessions that nobody has, sockets without a listener, floods. */
export const hostile = [
  {
    id: 'session-of-every-object',
    file: ws('engine-clients.ts'),
    find: 'Object.hasOwn(clients, sid)',
    put: 'true',
    breaks: 'X7: a long poll with sid=__proto__ takes its connection out of the bound for clients without a token.',
    killedBy: { file: http('unauthenticated.spec.ts'), test: 'names the session __proto__' },
  },
  {
    id: 'no-listener-between-owners',
    file: http('upgrade-gate.ts'),
    find: '      if (!socket.writable) {\n',
    put: "      socket.off('error', ignore);\n      if (!socket.writable) {\n",
    breaks: 'Invariant 9: a client that goes while its requests wait ends the gateway.',
    killedBy: { file: http('upgrade-gate.spec.ts'), test: 'ends no program when its client goes' },
  },
  {
    id: 'flood-goes-first',
    file: edge('fair-turns.ts'),
    find: 'const key = owner();',
    put: "const key = 'all';",
    breaks: 'Invariant 9: the requests of one subject that floods are all served before those of others.',
    killedBy: { file: edge('fair-turns.spec.ts'), test: 'so that one that floods waits for itself' },
  },
  {
    id: 'reading-while-requests-wait',
    file: ws('request-turns.ts'),
    find: 'webSocketOf(conn)?.pause?.();',
    put: '',
    breaks: 'Invariant 9: what a client sends faster than it is served takes memory without a bound.',
    killedBy: { file: ws('request-turns.spec.ts'), test: 'wait while many others begin' },
  },
  {
    id: 'answers-behind-a-stream',
    file: http('pipeline-rule.ts'),
    find: "return (serve) => void before.once('close', serve);",
    put: 'return atOnce;',
    breaks: 'X8: a client parks 16 answers behind a long poll, and sessions that nobody ends behind a stream.',
    killedBy: { file: http('unauthenticated.spec.ts'), test: 'X8: leaves no session behind' },
  },
];
