const fanOut = (file) => `libs/core/src/fan-out/${file}`;

/** Snapshots: what a client is told of a ticket as of one position. */
export const snapshots = [
  {
    id: 'cut-of-what-is-replayed-alone',
    file: fanOut('recovery.ts'),
    find: ' && tail.covers(null, cut(caseId), offset)',
    put: '',
    breaks: 'R14: the snapshot of a client with a position has only messages that come after the position.',
    killedBy: { file: fanOut('feed-stream.spec.ts'), test: 'R14: reads for a cut' },
  },
  {
    id: 'status-of-the-old-epoch-stays',
    file: fanOut('topic.ts'),
    find: '    this.statusAt = -1;\n',
    put: '',
    breaks:
      'R14: after a loss of data a snapshot has the status of before, until the new epoch is as long as the old one.',
    killedBy: { file: fanOut('feed-stream.spec.ts'), test: 'R14: has the status' },
  },
];
