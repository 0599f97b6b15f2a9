import { BoundedMap } from './bounded-map.js';

describe('a bounded map', () => {
  it('drops the key that was set the longest ago', () => {
    const recent = new BoundedMap<string, number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    recent.set('a', 3);
    recent.set('c', 4);
    expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([3, undefined, 4]);
  });

  it('has room again for each key that is deleted', () => {
    const recent = new BoundedMap<string, number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    recent.delete('b');
    recent.set('c', 3);
    expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([1, undefined, 3]);
  });

  it('is empty after clear', () => {
    const recent = new BoundedMap<string, number>(2);
    recent.set('a', 1);
    recent.clear();
    expect(recent.get('a')).toBeUndefined();
  });
});
