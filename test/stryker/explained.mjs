import { explainedFanOut } from './explained-fan-out.mjs';

/**
 * Changes by Stryker that no test can notice, or none should: `was` is the text in the file, `is` what Stryker puts in its
 * place. `npm run test:stryker` fails where one of them is noticed after all, or is no longer in the file.
 *
 * @type {readonly { file: string, was: string, is: string, why: string }[]}
 */
export const explained = [
  ...explainedFanOut,
  {
    file: 'libs/core/src/interest/interest.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'A promise that is none is waited for at once, and a batch of one feed less is as good. Each ticket that is asked for is held.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: 'holding.report !== null && !underWay.includes(holding.report)',
    is: 'true',
    why: 'Waiting twice for a report, or for none, is no longer than once.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: 'holding.report !== null && !underWay.includes(holding.report)',
    is: 'holding.report !== null || !underWay.includes(holding.report)',
    why: 'Waiting twice for a report, or for none, is no longer than once.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: 'holding.report !== null',
    is: 'true',
    why: 'Waiting for no report ends at once.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: 'untold.length === 0 && underWay.length === 0',
    is: 'false',
    why: 'A report of no ticket is no call, and no wait: the look is for speed.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: '{\n      return;\n    }',
    is: '{}',
    why: 'A report of no ticket is no call, and no wait: the look is for speed.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: 'this.held.get(key)?.get',
    is: 'this.held.get(key).get',
    why: 'A feed whose tickets are reported is held. The look is for the types.',
  },
  {
    file: 'libs/core/src/interest/interest.ts',
    was: 'holdings?.delete',
    is: 'holdings.delete',
    why: 'A ticket that is held is held in a feed. The look is for the types.',
  },
  {
    file: 'libs/core/src/interest/last-answers.ts',
    was: 'this.asked.get(key(caseId))?.times',
    is: 'this.asked.get(key(caseId)).times',
    why: 'It was set a moment before. The look is for the types.',
  },
  {
    file: 'libs/core/src/interest/last-answers.ts',
    was: 'found[at]?.get',
    is: 'found[at].get',
    why: 'There is one for each ticket. The look is for the types.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: 'subject === null',
    is: 'false',
    why: 'Nobody in particular has no tickets. The comparison is for the types.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: 'tickets === undefined',
    is: 'false',
    why: 'A subject without tickets leaves none: the look is for speed.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'No subject has a ticket of this name, and each ticket that is in doubt is asked about.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: 'tickets?.get',
    is: 'tickets.get',
    why: 'The list is empty where there are no tickets. The look is for the types.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: 'doubtful.length === 0',
    is: 'false',
    why: 'Where nothing is in doubt, nothing is asked: the look is for speed.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: '{\n      return doubtful;\n    }',
    is: '{}',
    why: 'Where nothing is in doubt, nothing is asked: the look is for speed.',
  },
  {
    file: 'libs/core/src/interest/unknown-tickets.ts',
    was: 'true',
    is: 'false',
    why: 'Only the key is read.',
  },
  {
    file: 'libs/core/src/model/message-class.ts',
    was: '[]',
    is: '["Stryker was here"]',
    why: 'A text has no id of an attachment.',
  },
  {
    file: 'libs/core/src/model/message-class.ts',
    was: "typeof attachment === 'object'",
    is: 'true',
    why: 'What is no object has no id either.',
  },
  {
    file: 'libs/core/src/model/message-class.ts',
    was: '/<[^<>]*>|\\s+/g',
    is: '/<[^<>]*>|\\s/g',
    why: 'Each white space is found, one by one or together.',
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
    file: 'libs/core/src/polling/failure-policy.ts',
    was: 'bisection.alone?.others',
    is: 'bisection.alone.others',
    why: 'A ticket is found after it was refused alone. The look is for the types.',
  },
  {
    file: 'libs/core/src/polling/older-answer.ts',
    was: "''",
    is: '"Stryker was here!"',
    why: 'The order of an answer does not depend on the ticket.',
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
