/** How long a gateway may take to answer, ms. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * Why a ticket is live, or is not, in sentences.
 *
 * @param {string} caseId
 * @param {Record<string, string | undefined>} feed `group_id`, `language`; all feeds of the ticket unless given
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} one sentence or two on each line
 * @throws {Error} that says what to do: a setting is missing, or the gateway does not answer
 */
export async function why(caseId, feed, env = process.env) {
  const { POLLCAST_URL: base = 'http://127.0.0.1:3000', ADMIN_TOKEN = '' } = env;
  if (ADMIN_TOKEN === '') {
    throw new Error('ADMIN_TOKEN is not set: it is the one with which the gateway was started');
  }
  const query = new URLSearchParams(Object.entries(feed).filter(([, value]) => value !== undefined));
  const url = `${base.replace(/\/+$/, '')}/admin/cases/${encodeURIComponent(caseId)}?${query}`;
  const answer = await ask(url, secretOf(ADMIN_TOKEN), base);
  const { why: sentences, silent_processes: silent } = answer;
  const unheard = silent > 0 ? [`${silent} processes did not answer in time: what they have is missing here.`] : [];
  return [...sentences, ...unheard].join('\n');
}

/** The secret of the first entry: `secret`, or `name:secret`. */
function secretOf(tokens) {
  const [first = ''] = tokens.split(',');
  return first.trim().replace(/^[^:]*:/, '');
}

async function ask(url, secret, base) {
  let response;
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    response = await fetch(url, { headers: { authorization: `Bearer ${secret}` }, signal });
  } catch (error) {
    throw new Error(`no gateway answers at ${base} (POLLCAST_URL): ${error.cause?.message ?? error.message}`);
  }
  const body = await response.json().catch(() => ({ detail: 'it is no JSON' }));
  if (response.ok) {
    return body;
  }
  const hints = {
    401: ': ADMIN_TOKEN is another one than that of the gateway',
    404: ': the gateway was started without ADMIN_TOKEN, or POLLCAST_URL is not that of a gateway',
  };
  throw new Error(`the gateway answered ${response.status}${hints[response.status] ?? `: ${body.detail}`}`);
}
