import { AuthenticateDto, CaseMessagesDto, SubscribeDto } from '#protocol';
import { RequestReader } from './request-reader.js';
import { wishOf } from './wish.js';

describe('RequestReader', () => {
  const reader = new RequestReader();
  const subscribe = (body: unknown) => reader.read(SubscribeDto, body);

  it('makes a wish of the least that can be asked', async () => {
    expect(wishOf(await subscribe({ case_ids: ['A'] }), 'zh-cn')).toEqual({
      feed: { language: 'zh-cn' },
      caseIds: ['A'],
      from: { kind: 'start' },
      history: 50,
    });
  });

  it('makes a wish of everything that can be asked, counting repeated ids once and null as absent', async () => {
    const body = { case_ids: ['A', 'B', 'A'], group_id: 'g', language: 'EN-us', last_event_id: null, history: 0 };
    expect(wishOf(await subscribe(body), 'zh-cn')).toEqual({
      feed: { language: 'en-us', groupId: 'g' },
      caseIds: ['A', 'B'],
      from: { kind: 'start' },
      history: 0,
    });
  });

  it('ignores what it does not know', async () => {
    await expect(subscribe({ case_ids: ['A'], colour: 'red' })).resolves.toBeInstanceOf(SubscribeDto);
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
    ['a strange language', { case_ids: ['A'], language: 'x' }],
    ['a long last_event_id', { case_ids: ['A'], last_event_id: 'x'.repeat(65) }],
    ['a control character in last_event_id', { case_ids: ['A'], last_event_id: 'a\u0000' }],
    ['history below 0', { case_ids: ['A'], history: -1 }],
    ['history above 1000', { case_ids: ['A'], history: 1001 }],
    ['a fraction for history', { case_ids: ['A'], history: 1.5 }],
    ['a text for history', { case_ids: ['A'], history: '50' }],
  ])('refuses %s', async (_, body) => {
    await expect(subscribe(body)).rejects.toMatchObject({ name: 'Refusal', code: 'invalid' });
  });

  it('says what is wrong, and does not repeat what was sent', async () => {
    await expect(subscribe({ case_ids: ['se cret'] })).rejects.toThrow(
      'each of case_ids must be 1 to 64 visible ASCII characters',
    );
  });

  it('reads the other requests', async () => {
    await expect(reader.read(AuthenticateDto, { token: 't' })).resolves.toEqual({ token: 't' });
    await expect(reader.read(AuthenticateDto, { token: '' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(reader.read(CaseMessagesDto, { case_id: 'A', limit: 1000 })).resolves.toMatchObject({ limit: 1000 });
    await expect(reader.read(CaseMessagesDto, { case_id: 'A', limit: 0 })).rejects.toMatchObject({ code: 'invalid' });
  });
});
