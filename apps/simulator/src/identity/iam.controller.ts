import { randomUUID } from 'node:crypto';
import { ServerResponse } from 'node:http';
import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import { sendText } from '../api-error.js';
import { Faults } from '../faults/faults.js';
import { misbehave } from '../faults/misbehave.js';
import { type RightAnswer } from '../faults/right-answer.js';
import { InvalidInput } from '../fields.js';
import { parseJson } from '../json-body.js';
import { SETTINGS, type Settings } from '../settings.js';
import { Traffic } from '../traffic/traffic.js';
import { type Login, readLogin, tokenBody } from './login.js';
import { Tokens } from './tokens.js';

/** IAM: issues a token for the name and password of a user. */
@Controller('v3/auth/tokens')
export class IamController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'iamUser' | 'iamPassword'>,
    private readonly tokens: Tokens,
    private readonly faults: Faults,
    private readonly traffic: Traffic,
  ) {}

  @Post()
  login(@Body() body: unknown, @Res() res: ServerResponse): void {
    const requestId = randomUUID();
    res.setHeader('X-Request-Id', requestId);
    this.traffic.login();
    const fault = this.faults.take('iam', []);
    if (fault) return misbehave(fault, res, requestId, () => this.answer(body));
    const answer = this.answer(body);
    sendText(res, answer.status, answer.body, answer.headers);
  }

  private answer(body: unknown): RightAnswer {
    let login: Login;
    try {
      login = readLogin(parseJson(body));
    } catch (error) {
      if (error instanceof InvalidInput) return refusal(400, 'Bad Request', error.message);
      throw error;
    }
    if (login.user !== this.settings.iamUser || login.password !== this.settings.iamPassword) {
      return refusal(401, 'Unauthorized', 'The username or password is wrong.');
    }
    const issued = this.tokens.issue();
    this.traffic.tokenIssued();
    return { status: 201, headers: { 'X-Subject-Token': issued.token }, body: tokenBody(login, issued) };
  }
}

/** Errors of IAM have another form than those of the API gateway. */
const refusal = (code: number, title: string, message: string): RightAnswer => ({
  status: code,
  headers: {},
  body: JSON.stringify({ error: { code, message, title } }),
});
