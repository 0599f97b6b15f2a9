import { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, GoneException, Head, Param, Req, Res } from '@nestjs/common';
import { PositionIds } from '#protocol';
import type { Rights } from '../auth/rights.js';
import { DropInAuthentication } from '../dropin/drop-in-authentication.js';
import { DropInPolls, type Polled } from '../dropin/drop-in-polls.js';
import { entityTag } from '../dropin/polled-answer.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { answerTaken, hasLeft } from '../http/answer-taken.js';
import { eventText } from '../http/case-history.js';
import { queryOf } from '../http/query.js';
import { ServedMethods } from '../http/served-methods.js';
import { SubjectReads } from '../http/subject-reads.js';
import { SSE_HEADERS } from '../sse/sse.outlet.js';
import { nextCursor } from './stream-cursor.js';
import { readStreamQuery, type StreamRead } from './stream-read.js';
import { LONG_POLL_MS, SSE_MS, SSE_STEP_MS } from './stream-times.js';

/** How long a first read waits for the upstream's first answer, ms: what was said before is not news. */
const FIRST_WAIT_MS = 1000;
/** As the protocol has them: its clients compare the type, and it names `no-cache`. */
const STREAM_HEADERS = {
  ...SSE_HEADERS,
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-store, no-transform',
  connection: 'close',
} as const;
/** Reads of one subject that wait for their turn. */
const WAITING_MAX = 1000;

/** A read, and whose it is. */
interface Reading extends StreamRead {
  readonly rights: Rights;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * `/v1/streams/cases/{case_id}`: each ticket as a stream of the Durable Streams protocol, for reading. It is served as a poll
 * is ({@link DropInPolls}): the same rights, bounds, shared poll and drain. Nothing is sent before the rights are looked at
 * again, however long it was waited for.
 */
@Controller('v1/streams/cases/:case_id')
export class StreamsController extends ServedMethods {
  private readonly turns = new SubjectReads(WAITING_MAX);

  constructor(
    private readonly authentication: DropInAuthentication,
    private readonly reader: RequestReader,
    private readonly polls: DropInPolls,
    private readonly languages: Languages,
    private readonly ids: PositionIds,
  ) {
    super('GET, HEAD, OPTIONS', 'streams are read here, and nobody writes: only GET and HEAD are served');
  }

  /** The end of the stream, without a body. */
  @Head()
  async head(@Req() request: IncomingMessage, @Res() response: ServerResponse, @Param('case_id') caseId: string) {
    const reading = await this.begin(request, response, caseId);
    const polled = await this.poll({ ...reading, from: { kind: 'start' }, history: 0 }, 0);
    if (polled !== null) {
      this.headers(response, polled)
        .setHeader('content-type', 'application/json')
        .setHeader('cache-control', 'no-store');
      response.writeHead(200).end();
    }
  }

  @Get()
  async read(@Req() request: IncomingMessage, @Res() response: ServerResponse, @Param('case_id') caseId: string) {
    const reading = await this.begin(request, response, caseId);
    if (reading.live === 'sse') {
      await this.stream(reading);
      return;
    }
    const polled = await this.poll(reading, reading.live === 'long-poll' ? LONG_POLL_MS : 0);
    if (polled !== null) {
      await this.inTurn(reading, () => this.answer(reading, polled));
    }
  }

  private async begin(request: IncomingMessage, response: ServerResponse, caseId: string): Promise<Reading> {
    const { reader, languages, ids } = this;
    let asked: StreamRead | undefined;
    const read = () => (asked ??= readStreamQuery(request, caseId, { reader, languages, ids }));
    const rights = await this.authentication.require(request, queryOf(request), read, new Deadline());
    return { ...read(), rights, request, response };
  }

  /** @returns null if the client has left. @throws {Refusal}; {GoneException} if events before the offset are lost */
  private async poll(reading: Reading, waitMs: number): Promise<Polled | null> {
    const { feed, caseIds, from, history, rights, request } = reading;
    const polled = await this.polls.poll({
      ...{
        feed,
        caseIds,
        from,
        history,
        since: null,
        waitMs,
        firstWaitMs: FIRST_WAIT_MS,
        subject: rights.subject ?? '',
      },
      hasLeft: () => hasLeft(request),
      onLeft: (leave) => void request.once('close', leave),
    });
    if (polled === null) {
      return null;
    }
    await this.authentication.again(rights, request, queryOf(request), { feed, caseIds }, new Deadline());
    const gap = polled.notices.find((notice) => notice.kind === 'gap');
    if (gap?.kind === 'gap') {
      throw new GoneException(`events after this offset are lost (${gap.reason}): begin anew with offset=-1`);
    }
    return polled;
  }

  /** Writes while no more than the bound of reads of the subject hold answers. */
  private async inTurn({ rights, request, response }: Reading, write: () => void): Promise<void> {
    const owner = rights.subject ?? request.socket;
    const deadline = new Deadline();
    const endTurn = await this.turns.turn({ owner, deadline, hasLeft: () => hasLeft(request) });
    if (endTurn === null) {
      return;
    }
    try {
      write();
      await answerTaken(request, response);
    } finally {
      endTurn();
    }
  }

  private answer({ live, history, cursor, feed, request, response }: Reading, polled: Polled): void {
    this.headers(response, polled);
    if (live === 'long-poll') {
      response.setHeader('stream-cursor', nextCursor(cursor, Date.now(), Math.random()));
      if (polled.publications.length === 0) {
        response.setHeader('cache-control', 'no-store').writeHead(204).end();
        return;
      }
    }
    const body = Buffer.from(this.events(polled, feed));
    if (history === 0 && live === 'catch-up') {
      response.setHeader('cache-control', 'no-store'); // The end of the stream moves.
    } else {
      const tag = entityTag(`${this.ids.idOf(polled.position)} ${body.toString()}`);
      response.setHeader('etag', tag).setHeader('cache-control', 'private, no-cache');
      if (request.headers['if-none-match'] === tag) {
        response.writeHead(304).end();
        return;
      }
    }
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  }

  /** Sends events as they come, for a minute. Between two looks it holds nothing but its place. */
  private async stream(reading: Reading): Promise<void> {
    const { request, response, feed } = reading;
    const endsAt = performance.now() + SSE_MS;
    let { from, history, cursor } = reading;
    let hasTold = false;
    while (performance.now() < endsAt && !hasLeft(request)) {
      const begunAt = performance.now();
      const polled = await this.poll({ ...reading, from, history }, hasTold ? SSE_STEP_MS : 0).catch(
        (error: unknown) => {
          if (!response.headersSent) throw error;
          return null; // The right has ended, or the store is out of reach: the client asks again, and is told.
        },
      );
      if (polled === null) {
        break;
      }
      cursor = nextCursor(cursor, Date.now(), Math.random());
      const isNews = polled.publications.length > 0;
      if (!response.headersSent) {
        response.writeHead(200, STREAM_HEADERS);
      }
      response.write(isNews || !hasTold ? this.frames(polled, feed, cursor) : ':\n');
      if (!(await isRead(response))) {
        response.destroy();
        return;
      }
      if (hasTold && !isNews && performance.now() - begunAt < SSE_STEP_MS / 2) {
        break; // Too many wait already, or the gateway drains: nobody waits.
      }
      hasTold = true;
      from = { kind: 'position', position: polled.position, isProven: true };
      history = undefined;
    }
    response.end();
  }

  private frames(polled: Polled, feed: StreamRead['feed'], streamCursor: string): string {
    const control = {
      streamNextOffset: this.ids.idOf(polled.position),
      streamCursor,
      ...(!polled.isFull && { upToDate: true }),
    };
    // Without a space, as the protocol's examples are: some readers look for that.
    const data = polled.publications.length === 0 ? '' : `event: data\ndata:${this.events(polled, feed)}\n\n`;
    return `${data}event: control\ndata:${JSON.stringify(control)}\n\n`;
  }

  private events({ publications }: Polled, feed: StreamRead['feed']): string {
    return `[${publications.map((each) => eventText(each, this.ids.idOf(each), feed)).join(',')}]`;
  }

  private headers(response: ServerResponse, { position, isFull, isPending }: Polled): ServerResponse {
    response.setHeader('pollcast-backfill', isPending ? 'pending' : 'complete');
    response.setHeader('stream-next-offset', this.ids.idOf(position));
    return isFull ? response : response.setHeader('stream-up-to-date', 'true');
  }
}

/** How long a client of an event stream may read nothing, ms. */
const READ_WITHIN_MS = 10_000;

/** Resolves when what was written has left: true; or not within the time, or the client has gone: false. */
function isRead(response: ServerResponse): Promise<boolean> {
  if (response.destroyed || !response.writableNeedDrain) {
    return Promise.resolve(!response.destroyed);
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), READ_WITHIN_MS);
    const [drained, closed] = [() => end(true), () => end(false)];
    const end = (isTaken: boolean) => {
      clearTimeout(timer);
      response.off('drain', drained).off('close', closed);
      resolve(isTaken);
    };
    response.once('drain', drained).once('close', closed);
  });
}
