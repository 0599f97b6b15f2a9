import { resumeFrom } from './resume.js';

describe('resumeFrom', () => {
  it.each([[undefined], [null], ['']])('starts anew from %p', (text) => {
    expect(resumeFrom(text)).toEqual({ kind: 'start' });
  });

  it('goes on from an id of ours', () => {
    const position = { epoch: '0abcdefgh', offset: 7 };
    expect(resumeFrom('0abcdefgh-000000000007')).toEqual({ kind: 'position', position });
  });

  it('does not take another text for a position', () => {
    expect(resumeFrom('7')).toEqual({ kind: 'unknown' });
  });
});
