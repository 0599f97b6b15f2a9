import { AuthenticateDto, CaseMessagesDto, PositionIds, SubscribeDto } from '#protocol';
import { Languages } from './languages.js';
import { RequestReader } from './request-reader.js';
import { subscriptionParametersOf } from './subscription-parameters.js';

const LANGUAGES = new Languages('zh-cn', ['en-us']);
const IDS = new PositionIds({ positionSecrets: ['a secret'] });
const INVALID = expect.objectContaining({ name: 'Refusal', code: 'invalid' }) as Error;

describe('RequestReader', () => {
  const reader = new RequestReader();
  const subscribe = (body: unknown): SubscribeDto => reader.read(SubscribeDto, body);

  it('reads the shortest possible request', () => {
    expect(subscriptionParametersOf(subscribe({ case_ids: ['A'] }), LANGUAGES, IDS)).toEqual({
      feed: { language: 'zh-cn' },
      caseIds: ['A'],
      from: { kind: 'start' },
      history: 50,
      cuts: false,
      unread: false,
    });
  });

  it('reads a request with all members, counts repeated ids once, and takes null for absent', () => {
    const body = { case_ids: ['A', 'B', 'A'], group_id: 'g', language: 'EN-us', last_event_id: null, history: 0 };
    expect(subscriptionParametersOf(subscribe(body), LANGUAGES, IDS)).toEqual({
      feed: { language: 'en-us', groupId: 'g' },
      caseIds: ['A', 'B'],
      from: { kind: 'start' },
      history: 0,
      cuts: false,
      unread: false,
    });
  });

  it('ignores unknown members', () => {
    const request = subscribe(
      JSON.parse('{"case_ids":["A"],"colour":"red","__proto__":{"history":7},"constructor":1}'),
    );
    expect(request).toBeInstanceOf(SubscribeDto);
    expect({ ...request }).toEqual({ case_ids: ['A'] });
    expect(request.history).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'A'],
    ['an array', [{ case_ids: ['A'] }]],
    ['no case_ids', {}],
    ['empty case_ids', { case_ids: [] }],
    ['a text for case_ids', { case_ids: 'A' }],
    ['an empty case id', { case_ids: [''] }],
    ['a long case id', { case_ids: ['A'.repeat(65)] }],
    ['a case id with white space', { case_ids: ['A B'] }],
    ['a number for a case id', { case_ids: [1] }],
    ['a nested case id', { case_ids: [['A']] }],
    ['a long group_id', { case_ids: ['A'], group_id: 'g'.repeat(65) }],
    ['a control character in group_id', { case_ids: ['A'], group_id: 'a\nb' }],
    ['a number for group_id', { case_ids: ['A'], group_id: 1 }],
    ['a strange language', { case_ids: ['A'], language: '..' }],
    ['a long last_event_id', { case_ids: ['A'], last_event_id: 'x'.repeat(65) }],
    ['a control character in last_event_id', { case_ids: ['A'], last_event_id: 'a\u0000' }],
    ['history below 0', { case_ids: ['A'], history: -1 }],
    ['history above 1000', { case_ids: ['A'], history: 1001 }],
    ['a fraction for history', { case_ids: ['A'], history: 1.5 }],
    ['a text for history', { case_ids: ['A'], history: '50' }],
    ['properties that are only inherited', Object.create({ case_ids: ['A'] })],
  ])('refuses %s', (_, body) => {
    expect(() => subscribe(body)).toThrow(INVALID);
  });

  it('says what is wrong, and does not repeat what was sent', () => {
    expect(() => subscribe({ case_ids: ['se cret'] })).toThrow(
      'each of case_ids must be 1 to 64 visible ASCII characters without a comma',
    );
  });

  it.each<[string, object, string]>([
    ['a text', { case_ids: 'A' }, 'case_ids must be an array of ids, and it is of the type string'],
    ['nothing', {}, 'case_ids must be an array of ids, and it is missing'],
    ['null', { case_ids: null }, 'case_ids must be an array of ids, and it is missing'],
    ['an object', { case_ids: { 0: 'A' } }, 'case_ids must be an array of ids, and it is of the type object'],
    ['none', { case_ids: [] }, 'case_ids must name at least one ticket'],
    ['a comma', { case_ids: ['A,B'] }, 'each of case_ids must be 1 to 64 visible ASCII characters without a comma'],
  ])('says what it was given instead of a list of ids: %s', (_what, body, words) => {
    expect(() => subscribe(body)).toThrow(new RegExp(`^${words}$`));
  });

  it.each<[unknown, string]>([
    [undefined, 'missing'],
    ['A', 'of the type string'],
    [['A'], 'an array'],
    [7, 'of the type number'],
  ])('says what it was given instead of an object: %j', (body, words) => {
    expect(() => subscribe(body)).toThrow(`the request must be an object, and it is ${words}`);
  });

  it('names three faults at most', () => {
    const body = {
      case_ids: 'A',
      group_id: 7,
      language: 7,
      last_event_id: 7,
      history: 'x',
      snapshot: 'x',
      unread: 'x',
    };
    expect(() => subscribe(body)).toThrow(/^[^;]+; [^;]+; [^;]+$/);
  });

  it('refuses other members where it is told to, be it one among known ones, and names those that are known', () => {
    expect(reader.readClosed(AuthenticateDto, { token: 't' })).toEqual({ token: 't' });
    for (const body of [{ token: 't', more: 1 }, JSON.parse('{"token":"t","__proto__":1}') as object]) {
      expect(() => reader.readClosed(AuthenticateDto, body)).toThrow('the request has other members than token');
    }
  });

  it('refuses a list of which one id is wrong, wherever it stands', () => {
    for (const case_ids of [
      ['A', 'B C'],
      ['B C', 'A'],
      ['A', 7, 'B'],
    ]) {
      expect(() => subscribe({ case_ids })).toThrow('each of case_ids must be');
    }
  });

  it('reads the other requests', () => {
    expect(reader.read(AuthenticateDto, { token: 't' })).toEqual({ token: 't' });
    expect(() => reader.read(AuthenticateDto, { token: '' })).toThrow(INVALID);
    expect(reader.read(CaseMessagesDto, { case_id: 'A', limit: 1000 })).toMatchObject({ limit: 1000 });
    expect(() => reader.read(CaseMessagesDto, { case_id: 'A', limit: 0 })).toThrow(INVALID);
  });
});
