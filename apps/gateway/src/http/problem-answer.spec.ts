import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { BadRequestException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import { httpProblem, Refusal } from '#protocol';
import { answerProblem, answerRefusal, retryAfterOf } from './problem-answer.js';
import { ProblemFilter } from './problem.filter.js';

describe('an answer that refuses', () => {
  const responseOf = (headers: Record<string, string> = {}, isComplete = true) => {
    const request = Object.assign(new IncomingMessage(new Socket()), {
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      headers,
      complete: isComplete,
      method: 'GET',
      url: '/x',
    });
    const response = new ServerResponse(request);
    const told = { body: '' };
    jest.spyOn(response, 'end').mockImplementation((text?: unknown) => {
      told.body += typeof text === 'string' ? text : '';
      return response;
    });
    return { response, told };
  };
  afterEach(() => jest.restoreAllMocks());

  it('says when to try again, in whole seconds and at least one', () => {
    expect([0, 1, 1000, 1001, 2500].map(retryAfterOf)).toEqual([1, 1, 1, 2, 3]);
    const { response } = responseOf();
    answerRefusal(response, new Refusal('unavailable', 'away', { retryMs: 2500 }));
    expect([response.statusCode, response.getHeader('retry-after')]).toEqual([503, 3]);
    const unknown = responseOf().response;
    answerRefusal(unknown, new Refusal('invalid', 'wrong'));
    expect([unknown.statusCode, unknown.hasHeader('retry-after')]).toEqual([400, false]);
  });

  it('asks for a token with 401, unless the answer asks for something else already', () => {
    const { response } = responseOf();
    answerProblem(response, httpProblem(401, 'no'));
    expect(response.getHeader('www-authenticate')).toBe('Bearer');
    const basic = responseOf().response.setHeader('www-authenticate', 'Basic');
    answerProblem(basic, httpProblem(401, 'no'));
    expect(basic.getHeader('www-authenticate')).toBe('Basic');
  });

  it('ends the connection of one that has begun, and says nothing more', () => {
    const { response, told } = responseOf();
    const destroyed = jest.spyOn(response, 'destroy');
    response.writeHead(200);
    answerRefusal(response, new Refusal('unavailable', 'away', { retryMs: 1 }));
    expect([destroyed.mock.calls.length, told.body]).toEqual([1, '']);
  });

  it.each<[number, boolean, boolean]>([
    [408, true, false],
    [400, false, true],
    [413, false, true],
    [401, true, true],
    [503, true, true],
    [401, false, false],
    [503, false, false],
  ])('of %i to a body that has come whole (%s) keeps the connection: %s', (status, isComplete, isKept) => {
    const { response } = responseOf({ 'content-length': '10000000' }, isComplete);
    answerProblem(response, httpProblem(status, 'no'));
    expect(response.shouldKeepAlive).toBe(isKept);
  });

  it('is counted, and a fault of ours is logged and not told', () => {
    const refusals = { note: jest.fn((error: unknown) => error), count: jest.fn() };
    const filter = new ProblemFilter(refusals as never);
    const answered = (error: unknown) => {
      const { response, told } = responseOf({ 'x-request-id': 'r1' });
      filter.answer(error, response);
      return [response.statusCode, (JSON.parse(told.body) as { detail: string }).detail];
    };
    const fault = new Error('secret');
    for (const error of [fault, new InternalServerErrorException('secret'), 'secret']) {
      expect(answered(error)).toEqual([500, 'something went wrong on our side']);
      expect(refusals.note).toHaveBeenLastCalledWith(error, { 'x-request-id': 'r1' });
    }
    expect(answered(new BadRequestException('wrong body'))).toEqual([400, 'wrong body']);
    expect(answered(new NotFoundException('no such feed'))).toEqual([404, 'no such feed']);
    expect(answered(new NotFoundException('Cannot GET /x?access_token=t'))).toEqual([
      404,
      expect.stringContaining('nothing is served at this path'),
    ]);
    expect(answered(Object.assign(new Error('URIError'), { status: 400 }))).toEqual([
      400,
      'the path could not be read',
    ]);
    expect(answered(new Refusal('forbidden', 'no right'))).toEqual([403, 'no right']);
    expect([refusals.note.mock.calls.length, refusals.count.mock.calls.length]).toEqual([4, 4]);
  });
});
