#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { why } from './why.mjs';

const USAGE = `usage: pollcast why CASE_ID [--group GROUP_ID] [--language LANGUAGE]

  Says why a ticket is live, or is not.

  POLLCAST_URL  address of a gateway, http://127.0.0.1:3000 unless set
  ADMIN_TOKEN   that of the gateway; of several the first one is sent`;

/** `npx pollcast`: what operators ask a gateway. Exits with 0 if it was answered. */
async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { group: { type: 'string' }, language: { type: 'string' }, help: { type: 'boolean' } },
  });
  const [command, caseId, ...more] = positionals;
  if (values.help === true) {
    console.log(USAGE);
    return;
  }
  if (command !== 'why' || caseId === undefined || more.length > 0) {
    throw new Error(USAGE);
  }
  console.log(await why(caseId, { group_id: values.group, language: values.language }));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
