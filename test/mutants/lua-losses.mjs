const lua = (file) => `libs/redis/src/lua/${file}.lua`;
const lost = (test) => ({ file: 'test/contract/redis-lost-keys.spec.ts', test });

/** Scripts, each run by a real Redis: single keys that are lost. */
export const lossScripts = [
  {
    id: 'lost-names-come-again',
    file: lua('commit'),
    find: 'recover_names(ticket, case)\n    end\n  end\nend',
    put: 'note_loss(base)\n    end\n  end\nend',
    breaks: 'Invariant 3: messages whose names were lost come again, and nobody is told.',
    killedBy: lost('is read from history: nothing is told again'),
  },
  {
    id: 'lost-names-untold',
    file: lua('commit'),
    find: 'cut_history(ticket, entry.case)\n      end',
    put: 'ticket.messages = nil\n      end',
    breaks: 'Invariant 6: messages may come again without a gap.',
    killedBy: lost('is told as a gap before messages come again'),
  },
  {
    id: 'lost-ticket-promises-all',
    file: lua('_tickets'),
    find: 'previous_of(events[1]), true',
    put: "'0', true",
    breaks: 'Invariant 6: what history no longer has is not told as a gap.',
    killedBy: lost('knows of a lost ticket what its history says'),
  },
  {
    id: 'lost-ticket-read-as-whole',
    file: lua('_reads'),
    find: "string.match(newest[1], '^%d+'), previous_of(oldest)",
    put: "string.match(newest[1], '^%d+'), '0'",
    breaks: 'Invariant 6: a read before the next poll does not tell the gap.',
    killedBy: lost('knows of a lost ticket what its history says'),
  },
  {
    id: 'lost-feed-counts-from-its-sample',
    file: lua('_epoch'),
    find: 'offset = tonumber(sample) + math.ceil(HISTORY_TTL_MS / SAMPLED) * RATE',
    put: 'offset = tonumber(sample)',
    breaks: 'Invariant 6: an offset names two publications after the hash of a feed was lost.',
    killedBy: lost('begins a new epoch beyond every offset'),
  },
  {
    id: 'lost-failing-degraded-for-ever',
    file: lua('_health'),
    find: "was_failing or redis.call('HGET', base .. 'feed', 'state') == 'degraded'",
    put: 'was_failing',
    breaks: 'Invariant 5: clients are never told that polling works again.',
    killedBy: lost('tells that it is well again'),
  },
  {
    id: 'lost-place-a-second-set',
    file: lua('want'),
    find: "  return { 'lost' }\nend\n\nlocal new_tickets",
    put: 'end\n\nlocal new_tickets',
    breaks: 'Invariant 1: a ticket lies in two sets and is polled twice.',
    killedBy: lost('gives no ticket a second set to a client that comes before the sweep'),
  },
  {
    id: 'nothing-lost-told-as-a-loss',
    file: lua('audit'),
    find: 'if not is_anything_lost() then',
    put: 'if is_anything_lost() == nil then',
    breaks: 'Operators are warned of lost keys where a set has ended while its feed was looked at.',
    killedBy: lost('nothing is lost when the set of a quarantined ticket ends'),
  },
  {
    id: 'lost-interest-not-noticed',
    file: lua('audit'),
    find: "~= id or not redis.call('ZSCORE', base .. 'interest', case) then",
    put: '~= id then',
    breaks: 'A ticket whose interest was lost stays in its set for ever.',
    killedBy: lost('is in order after one sweep, and counts a loss: interest'),
  },
];
