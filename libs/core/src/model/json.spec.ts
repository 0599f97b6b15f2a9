import { canonicalJson, jsonText, RawNumber, type JsonObject } from './json.js';

describe('jsonText', () => {
  it('keeps keys in the order in which they were received', () => {
    expect(jsonText({ b: 1, a: [true, null, { d: 'x', c: 0 }] })).toBe('{"b":1,"a":[true,null,{"d":"x","c":0}]}');
  });

  it.each([
    [null, 'null'],
    [true, 'true'],
    ['"', '"\\""'],
    [new RawNumber('1.50'), '1.50'],
  ])('writes %j, which is no list and no object', (value, text) => {
    expect([jsonText(value), canonicalJson(value)]).toEqual([text, text]);
  });

  it('keeps a number as it was written', () => {
    expect(jsonText([new RawNumber('9007199254740993'), new RawNumber('1.0')])).toBe('[9007199254740993,1.0]');
  });

  it('never breaks a line, whatever the contents', () => {
    const text = jsonText({ 'ke\ny': 'a\r\nb"\u0000' });
    expect(text).not.toMatch(/[\r\n]/);
    expect(JSON.parse(text)).toEqual({ 'ke\ny': 'a\r\nb"\u0000' });
  });
});

describe('a message that is nested deeper than any stack', () => {
  it('is written all the same', () => {
    const levels = 200_000;
    const text = '[{"a":'.repeat(levels) + '1' + '}]'.repeat(levels);
    expect(jsonText(JSON.parse(text) as JsonObject) === text).toBe(true);
    expect(canonicalJson(JSON.parse(text) as JsonObject) === text).toBe(true);
  });
});

describe('canonicalJson', () => {
  it('gives equal objects equal texts, whatever the order of their keys', () => {
    expect(canonicalJson({ b: { d: 1, c: 2 }, a: 3 })).toBe(canonicalJson({ a: 3, b: { c: 2, d: 1 } }));
  });

  it('tells objects apart that differ in a list order, a number’s text or a null', () => {
    const values: JsonObject[] = [{ a: [1, 2] }, { a: [2, 1] }, { a: new RawNumber('1.0') }, { a: 1 }, { a: null }, {}];
    expect(new Set(values.map((value) => canonicalJson(value))).size).toBe(values.length);
  });
});
