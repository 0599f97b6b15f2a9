import { resumeFrom } from './resume.js';

describe('resumeFrom', () => {
  it.each([[undefined], [null], ['']])('names no position with %p', (text) => {
    expect(resumeFrom(text)).toEqual({ kind: 'start' });
  });

  it('resumes from an id of this gateway', () => {
    const position = { epoch: '0abcdefgh', offset: 7 };
    expect(resumeFrom('0abcdefgh-000000000007')).toEqual({ kind: 'position', position });
  });

  it('reads any other text as an unknown position', () => {
    expect(resumeFrom('7')).toEqual({ kind: 'unknown' });
  });
});
