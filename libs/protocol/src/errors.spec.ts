import { Refusal } from './refusal.js';
import { httpProblem, refusalError, refusalProblem, TOO_MANY_REQUESTS } from './errors.js';

describe('refusals', () => {
  it('are problems on HTTP, naming the tickets they are about', () => {
    expect(refusalProblem(new Refusal('forbidden', 'no', { caseIds: ['A'] }))).toEqual({
      type: 'urn:pollcast:problem:forbidden',
      title: 'Not allowed',
      status: 403,
      detail: 'no',
      code: 'forbidden',
      case_ids: ['A'],
    });
  });

  it('take the status that they name over the usual one', () => {
    expect(refusalProblem(new Refusal('too_many', 'x')).status).toBe(400);
    expect(refusalProblem(new Refusal('too_many', 'x', { status: TOO_MANY_REQUESTS })).status).toBe(429);
  });

  it('are errors in an acknowledgement', () => {
    expect(refusalError(new Refusal('unavailable', 'later', { retryMs: 2000 }))).toEqual({
      code: 'unavailable',
      message: 'later',
      retry_ms: 2000,
    });
  });
});

describe('httpProblem', () => {
  it.each([
    [404, 'not_found'],
    [405, 'method_not_allowed'],
    [413, 'payload_too_large'],
    [431, 'headers_too_large'],
    [400, 'invalid'],
    [418, 'invalid'],
    [500, 'internal'],
  ])('gives status %i the code %s', (status, code) => {
    expect(httpProblem(status, 'd')).toMatchObject({ status, code, detail: 'd' });
  });
});
