import { IncomingMessage } from 'node:http';
import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { GatewaySettings } from '#ops';
import { type Answer, type Survey } from '#redis';
import { Deadline } from '../edge/deadline.js';
import { RequestReader } from '../edge/request-reader.js';
import { readJson } from '../http/json-body.js';
import { LogLevelDto } from './admin.dto.js';
import { SURVEY } from './survey-token.js';
import { storeAnswer } from './store-answer.js';

/** `/admin/workers`, `/admin/gateways`, `/admin/log-level`: the processes of the deployment. */
@Controller('admin')
export class ProcessesController {
  constructor(
    private readonly reader: RequestReader,
    private readonly settings: GatewaySettings,
    @Inject(SURVEY) private readonly survey: Pick<Survey, 'ask'>,
  ) {}

  @Get('workers')
  workers(): Promise<object> {
    return this.list('worker', 'workers');
  }

  @Get('gateways')
  gateways(): Promise<object> {
    return this.list('gateway', 'gateways');
  }

  /** All processes write lines from this level on, until they end or another level is set. */
  @Post('log-level')
  @HttpCode(200)
  async setLogLevel(@Req() request: IncomingMessage): Promise<object> {
    const deadline = new Deadline();
    const body = await readJson(request, this.settings.requestMaxBytes, deadline);
    const { level } = this.reader.readClosed(LogLevelDto, body);
    const { answers, silent } = await storeAnswer(this.survey.ask({ kind: 'log_level', level }), deadline);
    return { level, processes: answers.map(({ role, process }) => ({ role, process })), silent_processes: silent };
  }

  private async list(role: Answer['role'], name: string): Promise<object> {
    const { answers, silent } = await storeAnswer(this.survey.ask({ kind: 'who' }));
    const found = answers.filter((answer) => answer.role === role);
    return { [name]: found.map(({ process, answer }) => ({ process, ...answer })), silent_processes: silent };
  }
}
