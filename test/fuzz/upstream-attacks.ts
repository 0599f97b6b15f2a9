import type { Fault, Posting } from '../harness/upstream/simulator-control.js';
import type { SeededRandom } from '../harness/seeded-random.js';
import type { Attack } from './attack.js';
import { deepJson, mutated, ODD_TEXTS } from './inputs.js';

const DEEP = 100_000;

/** A ticket of the honest clients whose messages have odd fields. */
export const ODD_TICKET = 'honest-odd';

/** A message with line breaks, controls and keys of objects in every field. All of it has to reach clients unchanged. */
export function oddPosting(random: SeededRandom, content: string): Posting & Record<string, unknown> {
  const odd = (longest = 60) => random.pick(ODD_TEXTS).replaceAll('<', '').slice(0, longest);
  const key = () => JSON.stringify(odd());
  return {
    case_id: ODD_TICKET,
    content: `${content} ${odd()}`,
    replier: odd(),
    replier_name: odd(),
    accessory_list: [{ accessory_id: odd() || 'x', file_actual_name: odd() }],
    extra: random.pick([
      '{}',
      `{${key()}:${key()}}`,
      '{"__proto__":{"polluted":true},"constructor":1}',
      '{"large":123456789012345678901234567890,"tiny":1e-400,"long":1.10}',
      `{"deep":${deepJson(500, true)}}`,
    ]),
  };
}

/** An answer of the upstream that is none: right in its beginning, wrong in a field. */
function wrongAnswer(random: SeededRandom): Fault {
  const odd = random.pick(ODD_TEXTS);
  const message = { type: 1, replier_type: 1, replier: odd, content: odd, create_time: odd, accessory_list: odd };
  const body = JSON.stringify({
    immsg: [
      { incident_id: random.pick(['fuzz-unasked', odd, 5]), message_list: random.pick([[message], odd, {}, [odd]]) },
    ],
    imstatus: random.pick([[{ incident_id: odd, status: odd }], odd, {}, [[]]]),
    last_message_time_id: random.pick([odd, {}, [], true]),
  });
  const deep = deepJson(DEEP, random.chance(0.6), random.pick(['[', '{"a":']));
  return {
    kind: 'status',
    times: 1,
    status: random.pick([200, 200, 200, 204, 299, 302, 400, 403, 404, 418, 500, 503]),
    body: random.pick([
      body,
      mutated(random, Buffer.from(body)).toString('utf8'),
      JSON.stringify({ error_code: `OSM.${odd}`, error_msg: `${odd}\r\nX-Injected: yes` }),
      deep,
      `{"immsg":${deep},"imstatus":[]}`,
      odd,
    ]),
    content_type: random.pick(['application/json', 'application/json;charset=utf-8', 'text/html', 'x']),
  };
}

/** Answers of the upstream to the worker. They end with one request, so that the honest clients get everything a little later. */
export const UPSTREAM_ATTACKS: readonly Attack[] = [
  {
    name: 'an answer of the upstream that is none',
    run: async ({ upstream, random }) => {
      await upstream.inject(wrongAnswer(random));
      return '';
    },
  },
];
