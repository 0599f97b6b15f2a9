import { IncomingMessage } from 'node:http';
import { Controller, Get, Inject, Req } from '@nestjs/common';
import { type Place, type Survey } from '#redis';
import { Refusal } from '#protocol';
import { RequestReader } from '../edge/request-reader.js';
import { queryOf, single, wholeNumber } from '../http/query.js';
import { ConnectionsPageDto, PAGE_DEFAULT } from './admin.dto.js';
import { type ConnectionsAnswer } from './gateway-participant.js';
import { SURVEY } from './survey-token.js';
import { storeAnswer } from './store-answer.js';

/** Id of a connection: name of the process, and number in it. */
const CONNECTION_ID = /^(.{1,300})\/(\d{1,12})$/;

/** `GET /admin/connections`: the connections of all gateways, by gateway, the oldest first. */
@Controller('admin/connections')
export class ConnectionsController {
  constructor(
    private readonly reader: RequestReader,
    @Inject(SURVEY) private readonly survey: Pick<Survey, 'ask'>,
  ) {}

  @Get()
  async page(@Req() request: IncomingMessage): Promise<object> {
    const query = queryOf(request);
    const { limit = PAGE_DEFAULT, ...asked } = this.reader.read(ConnectionsPageDto, {
      limit: wholeNumber(query, 'limit'),
      after: single(query, 'after'),
      subject: single(query, 'subject'),
    });
    const after = asked.after === undefined ? undefined : placeOf(asked.after);
    // One more than asked for shows whether there is another page.
    const question = { kind: 'connections' as const, subject: asked.subject, after, limit: limit + 1 };
    const { answers, silent } = await storeAnswer(this.survey.ask(question));
    const told = answers.map(({ process, answer }) => ({ process, ...(answer as ConnectionsAnswer) }));
    const all = told.flatMap(({ process, connections }) =>
      connections.map(({ number, ...facts }) => ({ id: `${process}/${number}`, gateway: process, ...facts })),
    );
    const connections = all.slice(0, limit);
    return {
      connections,
      next: all.length > limit ? connections.at(-1)?.id : null,
      gateways: told.map(({ process, total }) => ({ gateway: process, connections: total })),
      silent_processes: silent,
    };
  }
}

/** @throws {Refusal} `invalid` */
function placeOf(id: string): Place {
  const [, process, number] = CONNECTION_ID.exec(id) ?? [];
  if (process === undefined) {
    throw new Refusal('invalid', 'after must be the next of the page before');
  }
  return { process, number: Number(number) };
}
