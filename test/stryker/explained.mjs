/**
 * Changes by Stryker that no test can notice, or none should: `was` is the text in the file, `is` what Stryker puts in its
 * place. `npm run test:stryker` fails where one of them is noticed after all, or is no longer in the file.
 *
 * @type {readonly { file: string, was: string, is: string, why: string }[]}
 */
export const explained = [
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
    file: 'libs/core/src/fan-out/replay-preparation.ts',
    was: 'first === undefined',
    is: 'false',
    why: 'A replay is of one ticket or more. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/fan-out/shared-slices.ts',
    was: 'kept.slice.publications?.reduce',
    is: 'kept.slice.publications.reduce',
    why: 'A slice without publications is not kept. The look is for the types.',
  },
  {
    file: 'libs/core/src/polling/bisection.ts',
    was: 'only !== undefined',
    is: 'true',
    why: 'The ticket that was asked for alone is defined. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/polling/cadence.ts',
    was: '(id * GOLDEN + phaseOfFeed(feed)) % 1',
    is: '(id * GOLDEN + phaseOfFeed(feed)) * 1',
    why: 'Whole intervals more are the same phase.',
  },
  {
    file: 'libs/core/src/polling/cadence.ts',
    was: 'id * GOLDEN',
    is: 'id / GOLDEN',
    why: '1 / GOLDEN is GOLDEN + 1: whole intervals more are the same phase.',
  },
  {
    file: 'libs/core/src/polling/cadence.ts',
    was: 'id * GOLDEN + phaseOfFeed(feed)',
    is: 'id * GOLDEN - phaseOfFeed(feed)',
    why: 'Another hash of the feed is as good.',
  },
  {
    file: 'libs/core/src/polling/cadence.ts',
    was: 'at < feed.length',
    is: 'at <= feed.length',
    why: 'Another hash of the feed is as good.',
  },
  {
    file: 'libs/core/src/polling/commit-in-parts.ts',
    was: 'entries.length <= COMMIT_MAX_ENTRIES',
    is: 'false',
    why: 'A set with no more entries has no place for a cut either: the look is for speed.',
  },
  {
    file: 'libs/core/src/polling/commit-in-parts.ts',
    was: 'entries.length <= COMMIT_MAX_ENTRIES',
    is: 'entries.length < COMMIT_MAX_ENTRIES',
    why: 'A set with no more entries has no place for a cut either: the look is for speed.',
  },
  {
    file: 'libs/core/src/polling/commit-in-parts.ts',
    was: '{\n    return found;\n  }',
    is: '{}',
    why: 'A set with no more entries has no place for a cut either: the look is for speed.',
  },
  {
    file: 'libs/core/src/polling/commit-in-parts.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'What is no number is before no place: nothing is cut there.',
  },
  {
    file: 'libs/core/src/polling/failure-policy.ts',
    was: 'bisection !== null',
    is: 'true',
    why: 'A ticket is found by a bisection only. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/polling/failure-policy.ts',
    was: '{ since: now }',
    is: '{}',
    why: 'A refusal of this moment is told to nobody yet, as one without a time.',
  },
  {
    file: 'libs/core/src/polling/poll-cycle.ts',
    was: 'now - set.activeAt <= ACTIVE_INTERVALS * this.options.intervalMs',
    is: 'now - set.activeAt < ACTIVE_INTERVALS * this.options.intervalMs',
    why: 'One millisecond of thirty intervals gives no set its turn earlier.',
  },
  {
    file: 'libs/core/src/polling/poll-cycle.ts',
    was: 'asked.every((caseId) => set.joining.includes(caseId))',
    is: 'asked.some(caseId => set.joining.includes(caseId))',
    why: 'A request asks for joining tickets only, or for members only.',
  },
  {
    file: 'libs/core/src/polling/poll-cycle.ts',
    was: 'known !== null',
    is: 'true',
    why: 'Only a poll of members reserves the set, and it has one. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/polling/unread-round.ts',
    was: 'first !== undefined',
    is: 'true',
    why: 'A list of one ticket has a first. The comparison is for the types.',
  },
  {
    file: 'libs/osm/src/osm.errors.ts',
    was: "''",
    is: '"Stryker was here!"',
    why: 'No table has either of them. The text is for the types.',
  },
  {
    file: 'libs/osm/src/osm.errors.ts',
    was: 'errorCode !== null',
    is: 'true',
    why: 'Null has the text "null", which begins with no OSM. The comparison is for the types.',
  },
  {
    file: 'libs/osm/src/osm.errors.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'The first of the list is not read.',
  },
];
