import 'reflect-metadata';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { RequestMethod, type Type } from '@nestjs/common';
import Ajv2020 from 'ajv/dist/2020';
import { LOG_LEVELS } from '#ops';
import {
  AuthenticateDto,
  EVENT_NAMES,
  LOG_LEVEL_REQUEST,
  OPERATIONS,
  requestSchemas,
  REQUEST_NAMES,
  REVOCATION_REQUEST,
  StreamDto,
  SubscribeDto,
  TicketsDto,
  type JsonSchema,
} from '#protocol';
import { ENDPOINTS } from '../admin/index.controller.js';
import { LogLevelDto } from '../admin/admin.dto.js';
import { RevocationDto } from '../admin/revocation.dto.js';
import { RequestReader } from '../edge/request-reader.js';
import { GatewayModule } from '../gateway.module.js';
import { BODY_METHODS } from '../http/methods.js';
import { RunningGateway, token } from '../../test/running-gateway.js';

/** Routes in front of Nest's router: the event stream, health and metrics, the board. */
const IN_FRONT = [
  'GET /v1/events',
  ...BODY_METHODS.map((method) => `${method} /v1/events`),
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /admin/queues',
];

/** The routes that Nest has of the controllers, as `GET /v1/cases/{case_id}/messages`. */
function registeredRoutes(): string[] {
  const controllers = Reflect.getMetadata(MODULE_METADATA.CONTROLLERS, GatewayModule) as Type<object>[];
  return controllers.flatMap((Controller) => {
    const [base = ''] = [Reflect.getMetadata(PATH_METADATA, Controller) as string].flat();
    const methods = Object.getOwnPropertyNames(Controller.prototype).map((name) => Controller.prototype[name as never]);
    return methods.flatMap((method: object) => {
      const verb = Reflect.getMetadata(METHOD_METADATA, method) as RequestMethod | undefined;
      const paths = [Reflect.getMetadata(PATH_METADATA, method) as string | string[] | undefined].flat();
      // `ALL` refuses what is not served, `OPTIONS` names what is, `HEAD` is as `GET`: the document says so once for all.
      return verb === undefined ||
        verb === RequestMethod.ALL ||
        verb === RequestMethod.OPTIONS ||
        verb === RequestMethod.HEAD
        ? []
        : paths.map((path = '') => `${RequestMethod[verb]} ${pathOf(base, path)}`);
    });
  });
}

function pathOf(...parts: string[]): string {
  const path = parts.flatMap((part) => part.split('/')).filter((part) => part !== '');
  return `/${path.join('/')}`.replace(/:(\w+)/g, '{$1}');
}

describe('the description of the interfaces', () => {
  const described = OPERATIONS.map(({ method, path }) => `${method.replace('x-', '').toUpperCase()} ${path}`);

  it('M2: has every route that is served over HTTP, and no other', () => {
    // QUERY is described also where Node does not know it.
    expect([...new Set([...registeredRoutes(), ...IN_FRONT, 'QUERY /v1/events'])].sort()).toEqual(described.sort());
  });

  it('has what GET /admin lists', () => {
    const admin = described.filter((route) => / \/admin\//.test(route));
    expect(ENDPOINTS.slice().sort()).toEqual(admin.sort());
  });

  it('has the log levels of the settings', () => {
    expect((LOG_LEVEL_REQUEST as { properties: { level: object } }).properties.level).toMatchObject({
      enum: LOG_LEVELS,
    });
  });

  it('names each operation once, in alphabets that generators know', () => {
    const ids = OPERATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][A-Za-z]+$/.test(id))).toEqual([]);
  });

  const LONG = 'x'.repeat(65);
  const VALUES: readonly unknown[] = [
    ...[
      null,
      '',
      'T1',
      'a,b',
      'é',
      LONG,
      '\u0000',
      '*',
      'en',
      'zh-cn',
      'en-US,en;q=0.9',
      'en_US',
      0,
      1,
      1000,
      1001,
      -1,
    ],
    ...[1.5, true, {}, [], ['T1'], ['a,b'], [''], [LONG], [1], ['T1', 'T1'], 'comment', 'event', 'info', 'loud'],
    ...['x'.repeat(256), 'x'.repeat(257), 'x'.repeat(16_385), Array.from({ length: 101 }, (_, at) => `T${at}`)],
  ];
  const SHAPES: readonly [Type<object>, JsonSchema, object][] = [
    [TicketsDto, requestSchemas.TICKETS_REQUEST, { case_ids: ['T1'] }],
    [SubscribeDto, requestSchemas.SUBSCRIBE_REQUEST, { case_ids: ['T1'] }],
    [StreamDto, requestSchemas.STREAM_REQUEST, { case_ids: ['T1'] }],
    [AuthenticateDto, requestSchemas.AUTHENTICATE_REQUEST, { token: 'x' }],
    [LogLevelDto, LOG_LEVEL_REQUEST, { level: 'info' }],
    [RevocationDto, REVOCATION_REQUEST, { sub: 'alice' }],
  ];

  it.each(SHAPES)('accepts as %p what the gateway accepts, and nothing else', (Shape, schema, good) => {
    const isDescribed = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    const reader = new RequestReader();
    const isAccepted = (body: object) => {
      try {
        reader.read(Shape, body);
        return true;
      } catch {
        return false;
      }
    };
    const members = Object.keys((schema as { properties: object }).properties);
    const differ = members.flatMap((member) =>
      VALUES.map((value) => ({ ...good, [member]: value })).filter((body) => isDescribed(body) !== isAccepted(body)),
    );
    expect(differ).toEqual([]);
    expect([isDescribed(good), isAccepted(good), isDescribed([])]).toEqual([true, true, false]);
  });

  describe('of a running gateway', () => {
    let gateway: RunningGateway;
    beforeAll(async () => void (gateway = await RunningGateway.start()));
    afterAll(() => gateway.stop());
    const read = (path: string, headers: Record<string, string> = {}) => fetch(`${gateway.url}${path}`, { headers });
    /** Its connection does not end before its body is read. */
    const statusOf = async (response: Response) => {
      await response.arrayBuffer();
      return response.status;
    };

    it('M1: is served to everybody, as documents and as pages that load nothing from elsewhere', async () => {
      for (const path of ['/openapi.json', '/docs/openapi.json']) {
        expect(await (await read(path)).json()).toMatchObject({ openapi: '3.1.0', paths: { '/v1/events': {} } });
      }
      for (const path of ['/docs/asyncapi', '/asyncapi.json', '/docs/asyncapi.json']) {
        expect(await (await read(path)).json()).toMatchObject({ asyncapi: '3.0.0' });
      }
      expect(await (await read('/docs', { accept: 'application/json' })).json()).toMatchObject({ openapi: '3.1.0' });
      for (const path of ['/docs', '/docs/', '/docs/asyncapi']) {
        const page = await read(path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
        expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
        expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
        const text = await page.text();
        expect(text.match(/<script|<style|\sstyle=|\son\w+=|(?:src|href)=.?https?:|<img/g)).toBeNull();
        const links = [...text.matchAll(/href="(\/[^"]*)"/g)].map(([, link = '']) => link);
        expect(links).toContain('/docs/style.css');
        for (const link of new Set(links)) expect([link, await statusOf(await read(link))]).toEqual([link, 200]);
        const targets = [...text.matchAll(/href="#([^"]*)"/g)].map(([, target]) => `id="${target}"`);
        expect(targets.filter((target) => !text.includes(target))).toEqual([]);
      }
    });

    it('M3: has the schema of each event', async () => {
      for (const name of EVENT_NAMES) {
        const schema = await (await read(`/schemas/${name}.json`)).json();
        expect(schema).toMatchObject({ $id: `urn:pollcast:schema:${name}`, type: 'object' });
        expect(JSON.stringify(schema)).not.toMatch(/(?:additional|unevaluated)Properties":false/);
      }
      expect(await statusOf(await read('/schemas/poem.json'))).toBe(404);
    });

    it('is not sent again to those that have it', async () => {
      const first = await read('/openapi.json');
      expect(await statusOf(first)).toBe(200);
      const etag = first.headers.get('etag') ?? '';
      const second = await read('/openapi.json', { 'if-none-match': etag });
      expect([etag.length, await statusOf(second)]).toEqual([24, 304]);
      expect(await statusOf(await fetch(`${gateway.url}/docs`, { method: 'POST' }))).toBe(405);
      const options = await fetch(`${gateway.url}/openapi.json`, { method: 'OPTIONS' });
      expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    });

    it('M1: is not there with DOCS=off', async () => {
      const closed = await RunningGateway.start({ DOCS: 'off' });
      for (const path of ['/docs', '/docs/asyncapi', '/openapi.json', '/schemas/message.json', '/llms.txt']) {
        expect([path, await statusOf(await fetch(`${closed.url}${path}`))]).toEqual([path, 404]);
      }
      await closed.stop();
    });

    it('M2: knows the requests that Socket.IO clients may send, and no other', async () => {
      const socket = await gateway.connect({ token: await token() });
      const answers = [];
      for (const name of [...REQUEST_NAMES, 'sing']) {
        answers.push((await socket.emitWithAck(name, {})) as { error: { message: string } });
      }
      expect(answers.map(({ error }) => error.message.startsWith('unknown event'))).toEqual([
        ...REQUEST_NAMES.map(() => false),
        true,
      ]);
    });
  });
});
