/**
 * The part of `explained.mjs` that is about the fan-out.
 *
 * @type {readonly { file: string, was: string, is: string, why: string }[]}
 */
export const explainedFanOut = [
  {
    file: 'libs/core/src/fan-out/feed-delivery.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'What is held is set before it is read, and no ticket has this name.',
  },
  {
    file: 'libs/core/src/fan-out/feed-delivery.ts',
    was: 'false',
    is: 'true',
    why: 'It is set before it is read.',
  },
  {
    file: 'libs/core/src/fan-out/feed-delivery.ts',
    was: 'newest?.epoch',
    is: 'newest.epoch',
    why: 'Where there is no newest snapshot there is none to compare. The look is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/feed-state.ts',
    was: "''",
    is: '"Stryker was here!"',
    why: 'No position is of such an epoch, either.',
  },
  {
    file: 'libs/core/src/fan-out/feed-state.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'What is no publication is of no ticket that history has.',
  },
  {
    file: 'libs/core/src/fan-out/feed-stream.ts',
    was: 'topics === null',
    is: 'false',
    why: 'Without topics nothing is prepared. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/long-replay.ts',
    was: 'slice.epoch === known.epoch',
    is: 'true',
    why: 'A slice of another epoch ends the replay of each that finds it.',
  },
  {
    file: 'libs/core/src/fan-out/prepared-replays.ts',
    was: 'this.bytes <= KEPT_MAX_BYTES',
    is: 'this.bytes < KEPT_MAX_BYTES',
    why: 'One byte of 8 MiB is no bound.',
  },
  {
    file: 'libs/core/src/fan-out/prepared-replays.ts',
    was: "'all'",
    is: '""',
    why: 'No other request has this text either.',
  },
  {
    file: 'libs/core/src/fan-out/recovery.ts',
    was: "request.from.kind === 'position'",
    is: 'true',
    why: 'Only a position has isProven. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/repair.ts',
    was: "case 'status':\n      return `status ${publication.status}`;",
    is: "case 'status':",
    why: 'Statuses are compared by another text then, which differs where they differ.',
  },
  {
    file: 'libs/core/src/fan-out/replay-preparation.ts',
    was: 'first === undefined',
    is: 'false',
    why: 'A replay is of one ticket or more. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/replay.ts',
    was: 'this.gapped.size > 0',
    is: 'true',
    why: 'Without gaps there is nothing to leave out: the look is for speed.',
  },
  {
    file: 'libs/core/src/fan-out/replay.ts',
    was: 'this.gapped.size > 0',
    is: 'this.gapped.size >= 0',
    why: 'Without gaps there is nothing to leave out: the look is for speed.',
  },
  {
    file: 'libs/core/src/fan-out/shared-slices.ts',
    was: 'kept.slice.publications?.reduce',
    is: 'kept.slice.publications.reduce',
    why: 'A slice without publications is not kept. The look is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/shared-slices.ts',
    was: 'reader.at <= after',
    is: 'true',
    why: 'A reader keeps a slice that it has just looked for, so it is there.',
  },
  {
    file: 'libs/core/src/fan-out/tail.ts',
    was: 'this.entries[middle]?.offset',
    is: 'this.entries[middle].offset',
    why: 'The middle is within the list. The look is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/history-wants.ts',
    was: 'a.epoch < b.epoch',
    is: 'a.epoch <= b.epoch',
    why: 'Equal epochs are compared before.',
  },
  {
    file: 'libs/core/src/fan-out/ticket-cut.ts',
    was: "one.kind === 'message'",
    is: 'true',
    why: 'Only messages are here. The comparison is for the types.',
  },
];
