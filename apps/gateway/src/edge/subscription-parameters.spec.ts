import { PositionIds, SubscribeDto } from '#protocol';
import { Languages } from './languages.js';
import { feedOf, subscriptionParametersOf } from './subscription-parameters.js';

const LANGUAGES = new Languages('zh-cn', ['en-us']);
const IDS = new PositionIds({ positionSecrets: ['a secret'] });
const ids = (count: number) => Array.from({ length: count }, (_, at) => `A${at}`);
const asked = (dto: Partial<SubscribeDto>) =>
  subscriptionParametersOf(Object.assign(new SubscribeDto(), { case_ids: ['A'], ...dto }), LANGUAGES, IDS);

describe('what a client asks for', () => {
  it.each<[tickets: number, history: number | undefined, without: number, withSnapshot: number]>([
    [1, undefined, 50, 50],
    [1, 0, 0, 0],
    [1, 100, 100, 100],
    [1, 1000, 1000, 100],
    [10, 1000, 1000, 100],
    [20, 1000, 1000, 50],
    [21, 1000, 1000, 47],
    [30, 10, 10, 10],
    [1001, undefined, 50, 0],
  ])('with %i tickets and history %j is %i past events, and %i in snapshots', (tickets, history, without, cuts) => {
    const dto = { case_ids: ids(tickets), ...(history !== undefined && { history }) };
    expect(asked(dto)).toMatchObject({ history: without, cuts: false });
    expect(asked({ ...dto, snapshot: true })).toMatchObject({ history: cuts, cuts: true });
  });

  it('names each ticket once, in the order of the request', () => {
    expect(asked({ case_ids: ['B', 'A', 'B', 'C', 'A'] }).caseIds).toEqual(['B', 'A', 'C']);
  });

  it('is of no group where the group is null or absent', () => {
    for (const named of [{}, { group_id: null }]) expect(feedOf(named, LANGUAGES)).toEqual({ language: 'zh-cn' });
    expect(feedOf({ group_id: 'g', language: 'EN' }, LANGUAGES)).toEqual({ language: 'en-us', groupId: 'g' });
  });
});
