const fanOut = (file) => `libs/core/src/fan-out/${file}`;
const interest = (file) => `libs/core/src/interest/${file}`;

/** What core knows of feeds and clients, as of which instant, and what it forgets. */
export const coreStates = [
  {
    id: 'load-undoes-a-quarantine',
    file: fanOut('history-loader.ts'),
    find: '    const { noticeCount } = state.quarantined;\n    const snapshot = await this.broker.history(this.feed, wants, state.position);\n',
    put: '    const snapshot = await this.broker.history(this.feed, wants, state.position);\n    const { noticeCount } = state.quarantined;\n',
    breaks: 'Invariant 5: history that was read before a ticket was refused ends its quarantine.',
    killedBy: { file: fanOut('history-loader.spec.ts'), test: 'told during a load' },
  },
  {
    id: 'load-without-the-position',
    file: fanOut('history-loader.ts'),
    find: 'this.broker.history(this.feed, wants, state.position)',
    put: 'this.broker.history(this.feed, wants, null)',
    breaks: 'Invariant 6: a store that lost its newest data gives offsets a second time, and nobody notices.',
    killedBy: { file: fanOut('history-loader.spec.ts'), test: 'how far the gateway has come' },
  },
  {
    id: 'load-keeps-its-callers',
    file: fanOut('history-loader.ts'),
    find: '    this.waiting = [];\n    this.queued = null;',
    put: '    this.queued = null;',
    breaks: 'Invariant 9: each subscription that needed history is kept, and asked again at every later load.',
    killedBy: { file: fanOut('history-loader.spec.ts'), test: 'asks each caller once' },
  },
  {
    id: 'repair-stays-behind',
    file: fanOut('feed-state.ts'),
    find: '    this.reached(newest);\n',
    put: '',
    breaks: 'Invariant 8: after a repair the feed is where it was before, and clients get old positions.',
    killedBy: { file: fanOut('feed-state.spec.ts'), test: 'is at the position of the history' },
  },
  {
    id: 'old-status-undoes-a-new-one',
    file: fanOut('feed-state.ts'),
    find: 'learnStatus(readStatus, offset)',
    put: 'learnStatus(readStatus, this.offset)',
    breaks: 'E3: a history that was read before a status was published takes it back.',
    killedBy: { file: fanOut('feed-state.spec.ts'), test: 'keeps a status that was published' },
  },
  {
    id: 'gap-told-again',
    file: fanOut('replay.ts'),
    find: 'this.gapped = new Set([...this.gapped, ...gaps])',
    put: 'this.gapped = new Set(gaps)',
    breaks: 'A long replay tells the gap of one ticket again after that of another.',
    killedBy: { file: fanOut('replay.spec.ts'), test: 'tells a gap once' },
  },
  {
    id: 'idle-since-long-ago',
    file: fanOut('topic.ts'),
    find: '      this.idleSince = null;\n',
    put: '',
    breaks: 'A ticket whose last client leaves for the second time is evicted at once.',
    killedBy: { file: fanOut('topics.spec.ts'), test: 'for the whole time' },
  },
  {
    id: 'not-polled-since-another-time',
    file: fanOut('polling-watch.ts'),
    find: '      this.freshAt.delete(feed);\n',
    put: '',
    breaks: 'A feed that is awaited again after a while is told to be degraded at once.',
    killedBy: { file: fanOut('polling-watch.spec.ts'), test: 'is awaited again' },
  },
  {
    id: 'refused-client-keeps-its-unknown-tickets',
    file: interest('interest.ts'),
    find: '      this.unknown.leave(subject, key, caseIds);\n      throw error;',
    put: '      throw error;',
    breaks: 'X10: while Redis fails, tickets of clients that were refused count for ever.',
    killedBy: { file: interest('interest-failures.spec.ts'), test: 'of a client that was refused' },
  },
];
