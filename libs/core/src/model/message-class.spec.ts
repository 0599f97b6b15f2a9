import fc from 'fast-check';
import { MESSAGE_FORMS } from '#testing';
import { RawNumber, type JsonObject, type JsonValue } from './json.js';
import { classOf } from './message-class.js';

const digest = (text: string) => `<${text}>`;
const AT = Date.UTC(2026, 0, 15, 12, 0, 7);
const MESSAGE: JsonObject = {
  type: 1,
  replier: 'engineer-1',
  content: 'It works  now.',
  create_time: '2026-01-15 12:00:07',
  replier_name: 'Engineer 1',
  accessory_list: [{ accessory_id: 'a1', file_actual_name: 'a.txt' }, { accessory_id: 'a2' }],
};

const classed = (change: JsonObject = {}, at = AT) => classOf({ ...MESSAGE, ...change }, at, digest);

describe('classOf', () => {
  it('is made of the second, the replier, the type, the content and the attachments', () => {
    expect(classed()).toBe(`<[${AT / 1000},"engineer-1","1","Itworksnow.","a1","a2"]>`);
  });

  it.each<[string, JsonObject, number?]>([
    ['another second', {}, AT + 1000],
    ['another replier', { replier: 'engineer-2' }],
    ['another type', { type: 0 }],
    ['another content', { content: 'It works not.' }],
    ['another attachment', { accessory_list: [{ accessory_id: 'a1' }, { accessory_id: 'a3' }] }],
    ['one attachment less', { accessory_list: [{ accessory_id: 'a1' }] }],
    ['an attachment that looks like a content', { content: '', accessory_list: [{ accessory_id: 'Itworksnow.' }] }],
  ])('is another one with %s', (_what, change, at = AT) => {
    expect(classed(change, at)).not.toBe(classed());
  });

  it.each<[string, JsonObject, number?]>([
    ['another name of the replier', { replier_name: 'Chen' }],
    ['a field that was added', { trace_no: new RawNumber('9007199254740993'), rich: { labels: [null] } }],
    ['other key order and a null', Object.fromEntries(Object.entries({ ...MESSAGE, group: null }).reverse())],
    ['a fraction of a second', { create_time: '2026-01-15T12:00:07.250Z' }, AT + 250],
    ['the time zone of its text', { create_time: '2026-01-15 20:00:07' }],
    ['trimmed and wrapped content', { content: '\r\n It works\tnow.\u00a0' }],
    ['labels in the content', { content: '<p>It <b class="x">works</b></p><p>now.</p>' }],
    ['other order of the attachments', { accessory_list: [{ accessory_id: 'a2', size: 7 }, { accessory_id: ' a1' }] }],
    [
      'attachments that say nothing',
      { accessory_list: [null, { accessory_id: 'a1' }, {}, 'x', { accessory_id: 'a2' }] },
    ],
    ['a type that is a text', { type: '1' }],
    ['white space around the replier and the type', { replier: ' engineer-1 ', type: '1 ' }],
  ])('survives %s', (_what, change, at = AT) => {
    expect(classed(change, at)).toBe(classed());
  });

  it.each(['replier', 'type', 'content', 'accessory_list'])(
    'takes %s that is null, empty or absent for one',
    (field) => {
      const values: (JsonValue | undefined)[] = [null, '', undefined, ...(field === 'accessory_list' ? [[]] : [])];
      const classes = values.map((value) => {
        const { [field]: _, ...rest } = MESSAGE;
        return classOf(value === undefined ? rest : { ...rest, [field]: value }, AT, digest);
      });
      expect(new Set(classes).size).toBe(1);
      expect(classes[0]).not.toBe(classed());
    },
  );

  it('does not exist if the time is not known', () => {
    expect(classOf(MESSAGE, null, digest)).toBeNull();
  });

  it('is the same for every combination of forms', () => {
    const forms = fc.array(fc.constantFrom(...MESSAGE_FORMS), { maxLength: 6 });
    fc.assert(
      fc.property(forms, (changes) => {
        const rewritten = changes.reduce((message, change) => change(message), MESSAGE);
        // One form has no attachments, as if there never were any.
        const bare = { ...MESSAGE, accessory_list: null };
        expect([classed(), classOf(bare, AT, digest)]).toContain(classOf(rewritten, AT, digest));
      }),
    );
  });
});
