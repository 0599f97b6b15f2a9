const core = (file) => `libs/core/src/${file}`;
const model = (file) => core(`model/${file}`);
const polling = (file) => core(`polling/${file}`);
const cycle = (test) => ({ file: polling('poll-cycle.spec.ts'), test });
const lua = (file) => `libs/redis/src/lua/${file}.lua`;
const store = (test) => ({ file: 'test/contract/redis-store.spec.ts', test });

/** What makes a message what it is, and what is its form. */
export const identities = [
  {
    id: 'class-without-time',
    file: model('message-class.ts'),
    find: 'if (sentAt === null) {\n    return null;\n  }',
    put: '',
    breaks: 'Invariant 3: a message without a time is lost if an equal one came on another day.',
    killedBy: { file: model('message-class.spec.ts'), test: 'if the time is not known' },
  },
  {
    id: 'class-of-the-millisecond',
    file: model('message-class.ts'),
    find: 'Math.floor(sentAt / SECOND_MS)',
    put: 'sentAt / SECOND_MS',
    breaks: 'Invariant 3: when the upstream begins to write fractions, everything comes again.',
    killedBy: { file: model('message-class.spec.ts'), test: 'survives a fraction' },
  },
  {
    id: 'class-of-spaces',
    file: model('message-class.ts'),
    find: '/<[^<>]*>|\\s+/g',
    put: '/<[^<>]*>/g',
    breaks: 'Invariant 3: when the upstream begins to trim contents, everything comes again.',
    killedBy: { file: model('message-class.spec.ts'), test: 'survives trimmed' },
  },
  {
    id: 'class-covers-any-number',
    file: lua('commit'),
    find: 'if class and class.delivered > class.found then',
    put: 'if class and class.delivered > 0 then',
    breaks: 'Invariant 3: of two equal messages the one that comes later is lost.',
    killedBy: store('publishes as many messages of a class'),
  },
  {
    id: 'class-counts-the-known-twice',
    file: lua('commit'),
    find: 'class.found = class.found + (entry.is_known and 1 or 0)',
    put: 'class.found = 0',
    breaks: 'Invariant 3: a message is lost if another one of its class was delivered in the same form.',
    killedBy: store('publishes what is new in a class'),
  },
  {
    id: 'class-never-learned',
    file: lua('commit'),
    find: 'if class and class.delivered < class.found then',
    put: 'if false then',
    breaks: 'Invariant 3: after an upgrade, what the release before delivered comes again in its next form.',
    killedBy: { file: 'test/contract/redis-release-before.spec.ts', test: 'whose class is learned' },
  },
  {
    id: 'only-what-is-left-of-a-class',
    file: polling('delta.ts'),
    find: '(counted.get(key) ?? 0) > (delivered?.get(key) ?? 0)',
    put: '!delivered?.has(key)',
    breaks: 'Invariant 3: the second of two equal messages is lost if it comes later.',
    killedBy: { file: polling('delta.spec.ts'), test: 'is a whole class' },
  },
  {
    id: 'class-in-two-parts',
    file: polling('commit-in-parts.ts'),
    find: 'if (open === index) {',
    put: 'if (open >= index) {',
    breaks: 'Invariant 3: of a class that is cut, messages are lost in the second part.',
    killedBy: cycle('never cuts a class'),
  },
  {
    id: 'answer-of-the-release-before-is-known',
    file: polling('set-poller.ts'),
    find: 'marked.slice(READ_WITH_CLASSES.length) : null',
    put: 'marked.slice(READ_WITH_CLASSES.length) : marked',
    breaks: 'Invariant 3: the classes of an answer that does not change are never learned after an upgrade.',
    killedBy: cycle('reads an answer once more'),
  },
];
