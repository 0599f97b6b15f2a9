const lua = (file) => `libs/redis/src/lua/${file}.lua`;
const killedBy = (test) => ({ file: 'test/contract/redis-credential-attempts.spec.ts', test });

/** The scripts of refused credentials. */
export const attemptScripts = [
  {
    id: 'refusals-of-one-password-only',
    file: lua('begin-attempt'),
    find: "local refused = redis.call('ZCARD', KEYS[1])",
    put: 'local refused = 0',
    breaks: 'Refused credentials: nobody counts what others were refused, and the account locks.',
    killedBy: killedBy('lets three be refused'),
  },
  {
    id: 'corrected-password-waits',
    file: lua('begin-attempt'),
    find: 'if is_tried and refused >= args.refusals then',
    put: 'if refused >= args.refusals then',
    breaks: 'Refused credentials: a corrected password is not tried for a quarter of an hour.',
    killedBy: killedBy('lets new credentials be tried at once'),
  },
  {
    id: 'accepted-password-stays-suspect',
    file: lua('end-attempt'),
    find: "redis.call('ZREM', KEYS[1], attempt)",
    put: '',
    breaks: 'Refused credentials: two refusals of long ago leave an accepted password one attempt only.',
    killedBy: killedBy('forgets what was refused'),
  },
];
