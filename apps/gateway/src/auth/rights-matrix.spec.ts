import type { CaseId, FeedKey } from '#core';
import { RecordingLink } from '../../../../test/harness/recording-link.js';
import { until } from '../../../../test/harness/until.js';
import { DOORS, type Answer, type Door } from '../../test/rights-matrix/doors.js';
import { EVERYTHING, MODES, type Mode } from '../../test/rights-matrix/modes.js';
import { EXISTING, GRANTS, GROUPS, REVOKED_TICKET, ROWS, type Row } from '../../test/rights-matrix/rows.js';
import { RunningGateway } from '../../test/running-gateway.js';
import type { SseStream } from '../../test/sse-stream.js';
import { TestStore } from '../../test/test-store.js';

/** A ticket of a group, or of none. */
const nameOf = (caseId: string, groupId = '') => `${groupId}/${caseId}`;
const CONTENT = /content of ([\w-]*\/[\w-]+);/g;
/** The tickets whose contents are in these bytes. */
const contentsIn = (text: string) => [...new Set([...text.matchAll(CONTENT)].map(([, name = '']) => name))].sort();

const ADMIN_TOKEN = 'an-admin-token-of-32-characters!';

const OWN: Row = { name: 'own', caseIds: ['OWN-1'] };

interface Cell {
  readonly row: Row;
  readonly link: RecordingLink;
  readonly answer: Answer;
  /** Length of what had come when the door had answered. */
  readonly before: number;
}

/** Publishes in every ticket of every group. @returns what is part of each of the contents */
async function publishEverywhere(store: TestStore, mark: string): Promise<string> {
  for (const groupId of GROUPS) {
    for (const caseId of EXISTING) {
      await store.publish(caseId, `${mark} content of ${nameOf(caseId, groupId)};`, groupId);
    }
  }
  return mark;
}

/** The upstream has answered for every ticket of every group: no read waits for its first answer. */
async function answerEverywhere(store: TestStore): Promise<void> {
  for (const groupId of GROUPS) {
    for (const caseId of EXISTING) await store.setStatus(caseId, 1, groupId);
  }
}

/** Everything that is read or wanted of a ticket from now on, `feed caseId`. */
function touchedIn({ registry, broker }: TestStore): { readonly names: Set<string>; readonly stop: () => void } {
  const names = new Set<string>();
  const note = (feed: FeedKey, caseIds: readonly CaseId[]) =>
    caseIds.forEach((caseId) => names.add(`${feed} ${caseId}`));
  const [want, hint] = [registry.want.bind(registry), registry.hint.bind(registry)];
  const [watch, history, page] = [broker.watch.bind(broker), broker.history.bind(broker), broker.page.bind(broker)];
  const spies = [
    jest.spyOn(registry, 'want').mockImplementation((feed, caseIds, now, end, reason) => {
      if (reason === 'arrival') note(feed, caseIds);
      return want(feed, caseIds, now, end, reason);
    }),
    jest.spyOn(registry, 'hint').mockImplementation((feed, caseIds, now) => {
      note(feed, caseIds);
      return hint(feed, caseIds, now);
    }),
    jest.spyOn(broker, 'watch').mockImplementation((feed, caseIds) => {
      note(feed, caseIds);
      return watch(feed, caseIds);
    }),
    jest.spyOn(broker, 'history').mockImplementation((feed, wants, known) => {
      const caseIds = wants.map(({ caseId }) => caseId);
      note(feed, caseIds);
      return history(feed, wants, known);
    }),
    jest.spyOn(broker, 'page').mockImplementation((feed, asked) => {
      note(feed, [asked.caseId]);
      return page(feed, asked);
    }),
  ];
  return { names, stop: () => spies.forEach((spy) => spy.mockRestore()) };
}

/** Each door, in each mode, with each kind of rights: invariant 10 on the wire. */
describe('the rights matrix', () => {
  let cells = 0;
  afterAll(() => void process.stdout.write(`rights matrix: ${cells} cells\n`));

  describe.each(MODES)('with $name', (mode) => {
    let gateway: RunningGateway;
    /** They may read everything, and so they get everything. */
    let witnesses: SseStream[];
    let published = 0;
    /** Each door with a token that ends during the first tests. Asked for at the beginning, it is not waited for later. */
    let expiring: readonly Cell[] = [];
    let expiringToken = '';
    const doors = DOORS.filter(({ name }) => name !== 'authenticate' && !(mode.isPlain && name === 'hints POST'));
    const keptOpen: (() => void)[] = [];
    /** Ends what a test has opened, also if it fails. */
    const open: (() => void)[] = [];
    afterEach(() =>
      open
        .splice(0)
        .reverse()
        .forEach((close) => close()),
    );

    beforeAll(async () => {
      const store = new TestStore();
      store.clock.advance(Date.now() - store.clock.now());
      const settings = { MAX_CONNECTIONS_PER_SUBJECT: '1000', ADMIN_TOKEN: `tester:${ADMIN_TOKEN}` };
      gateway = await RunningGateway.start({ ...settings, ...(await mode.start()) }, store);
      await revoke({ jti: 'revoked' });
      await revoke({ jti: 'with a revoked ticket', case_ids: [REVOKED_TICKET] });
      await publishEverywhere(store, 'past');
      await answerEverywhere(store);
      const headers = { authorization: `Bearer ${await mode.token(EVERYTHING)}` };
      witnesses = await Promise.all(
        GROUPS.map((groupId) => {
          const query = new URLSearchParams(EXISTING.map((caseId) => ['case_ids', caseId]));
          if (groupId !== undefined) query.set('group_id', groupId);
          return gateway.read(`/v1/events?${query}`, headers);
        }),
      );
      await until(() => witnesses.every((witness) => witness.has('ready')));
      if (mode.asksForTokens && !mode.isOtherForm) {
        expiringToken = await mode.token(GRANTS, 2, 'lost');
        expiring = await askAll(expiringToken, keptOpen);
      }
    });
    afterAll(async () => {
      keptOpen.reverse().forEach((close) => close());
      await gateway.stop();
      mode.stop();
    });

    async function revoke(revocation: object): Promise<void> {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
      const body = JSON.stringify(revocation);
      const { status } = await fetch(`${gateway.url}/admin/revocations`, { method: 'POST', headers, body });
      expect(status).toBe(201);
    }

    async function ask(door: Door, row: Row, token: string | null, closes = open): Promise<Cell> {
      const link = await RecordingLink.to(Number(new URL(gateway.url).port));
      closes.push(() => link.dispose());
      const tokenForAll = await mode.token(EVERYTHING);
      const answer = await door.ask(link.url, { ...row, token, tokenForAll });
      closes.push(() => answer.close());
      return { row, link, answer, before: link.text.length };
    }

    /** Asks at every door for the own ticket. */
    function askAll(token: string, closes: (() => void)[]): Promise<Cell[]> {
      return Promise.all(doors.map((door) => ask(door, OWN, token, closes)));
    }

    /** Publishes, and resolves when everybody who may read everything has it. */
    async function publish(): Promise<string> {
      const mark = await publishEverywhere(gateway.store, `live ${(published += 1)}`);
      const last = EXISTING[EXISTING.length - 1];
      await until(() =>
        witnesses.every(({ text }) => text.includes(`${mark} content of `) && text.includes(`/${last};`)),
      );
      await until(() => witnesses.every(({ text }) => text.split(`${mark} content of `).length > EXISTING.length));
      return mark;
    }

    it.each(mode.isPlain ? DOORS.filter(({ name }) => name !== 'hints POST') : DOORS)(
      'A4: $name gives what is granted, refuses the rest in exact words, and lets no foreign byte out',
      async (door) => {
        const rows = rowsOf(mode).filter((row) => door.expected(row) !== null);
        const touched = touchedIn(gateway.store);
        const asked = await Promise.all(
          rows.map(async (row) => ask(door, row, await mode.tokenOf(row.token ?? 'good'))),
        );
        touched.stop();
        const inRows = (say: (cell: Cell) => unknown) =>
          Object.fromEntries(asked.map((cell) => [cell.row.name, say(cell)]));

        expect(inRows(({ answer }) => answer.outcome)).toEqual(inRows(({ row }) => door.expected(row)));
        const mayBeTouched = new Set(asked.flatMap(({ row }) => (isServed(door, row) ? touchedBy(row) : [])));
        expect([...touched.names].filter((name) => !mayBeTouched.has(name))).toEqual([]);

        const mark = await publish();
        const rightful = (cell: Cell) => (hasContents(door, cell.row) ? readableIn(door, cell.row) : []);
        if (door.isLive) {
          await until(() =>
            asked.every((cell) =>
              rightful(cell).every((name) => cell.link.text.includes(`${mark} content of ${name};`)),
            ),
          );
        }
        const from = (cell: Cell) => (door.hasHistory ? 0 : cell.before);
        expect(inRows((cell) => contentsIn(cell.link.text.slice(from(cell))))).toEqual(inRows(rightful));
        cells += asked.length;
      },
    );

    const ENDS: readonly (readonly [how: string, closing: string, detail: string])[] = [
      ['expires', 'token_expired', 'the token has expired'],
      ['is revoked', 'token_revoked', 'the token was revoked'],
    ];
    const ends = mode.isPlain ? ENDS.slice(0, 1) : ENDS;

    if (mode.asksForTokens) {
      it.each(mode.isOtherForm ? ENDS.slice(1) : ends)(
        'A5 A10: a right that %s while a client is connected ends at every door',
        async (how, closing, detail) => {
          const isExpiry = how === 'expires';
          const token = isExpiry ? expiringToken : await mode.token(GRANTS, 60, 'lost');
          const granted = isExpiry ? expiring : await askAll(token, open);
          expect(granted.map(({ answer }) => answer.outcome)).toEqual(doors.map(() => 'granted'));

          const live = granted.filter((_, at) => doors[at]?.isLive);
          if (how === 'is revoked') await revoke({ jti: 'lost' });
          await until(() => live.every(({ link }) => link.text.includes(closing)), 8000);
          const closed = live.map(({ link }) => link.text.length);
          await publish();
          expect(live.map(({ link }, at) => contentsIn(link.text.slice(closed[at])))).toEqual(live.map(() => []));

          const again = await askAll(token, open);
          const ended = asMode(mode, { ...OWN, refused: { code: 'unauthorized', detail } });
          expect(again.map(({ answer }) => answer.outcome)).toEqual(doors.map((door) => door.expected(ended)));
          expect(again.map(({ link }) => contentsIn(link.text))).toEqual(doors.map(() => []));
          cells += 2 * doors.length;
        },
      );
    }
  });
});

/** Kinds of tokens that are told apart by what stands in them. */
const WITH_CLAIMS: readonly (string | undefined)[] = ['revoked', 'with a revoked ticket', 'without hints'];

function rowsOf(mode: Mode): readonly Row[] {
  const rows = mode.isPlain ? ROWS.filter(({ token }) => !WITH_CLAIMS.includes(token)) : ROWS;
  return rows.map((row) => asMode(mode, row));
}

/** What the row is in a mode. Where nobody asks for tokens everything is granted. */
function asMode(mode: Mode, row: Row): Row {
  if (mode.asksForTokens) {
    return row.refused === undefined || mode.refusal === undefined
      ? row
      : { ...row, refused: mode.refusal(row.refused) };
  }
  return { ...row, token: row.token === 'none' ? 'none' : 'good', refused: undefined };
}

const isGranted = (door: Door, row: Row) => door.expected(row) === 'granted';

/** Whether tickets of the row may be touched: at `authenticate`, the token before allowed everything. */
const isServed = (door: Door, row: Row) => isGranted(door, row) || door.name === 'authenticate';

const touchedBy = ({ caseIds, groupId }: Row) =>
  caseIds.map((caseId) => `zh-cn${groupId === undefined ? '' : `/${encodeURIComponent(groupId)}`} ${caseId}`);

const hasContents = (door: Door, row: Row) => isServed(door, row) && (door.isLive || door.hasHistory);

/** Existing tickets of the row that its client may read at last. */
function readableIn(door: Door, { caseIds, groupId, refused }: Row): string[] {
  const isIn = (names: readonly (string | undefined)[], name: string | undefined) => names.includes(name);
  const lost = door.name === 'authenticate' && refused?.code === 'forbidden' ? (refused.caseIds ?? []) : [];
  return caseIds
    .filter((caseId) => isIn(EXISTING, caseId) && isIn(GROUPS, groupId) && !lost.includes(caseId))
    .map((caseId) => nameOf(caseId, groupId))
    .sort();
}
