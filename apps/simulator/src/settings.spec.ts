import { InvalidInput } from './fields.js';
import { readSettings } from './settings.js';

describe('readSettings', () => {
  it('has a default for every setting', () => {
    expect(readSettings({})).toEqual({
      host: '0.0.0.0',
      port: 3002,
      logLevel: 'info',
      token: '',
      iamUser: 'demo',
      iamPassword: 'demo',
      keyPair: undefined,
      demo: false,
      quirks: {},
      readers: {},
    });
  });

  it('reads the environment', () => {
    const settings = readSettings({
      PORT: '4000',
      SIMULATOR_DEMO: 'true',
      SIMULATOR_QUIRKS: '{"cursor_form":"number19"}',
      SIMULATOR_ACCESS_KEY: 'ak',
      SIMULATOR_SECRET_KEY: 'sk',
    });
    expect(settings).toMatchObject({
      port: 4000,
      demo: true,
      quirks: { cursor_form: 'number19' },
      keyPair: { accessKey: 'ak', secretKey: 'sk' },
    });
  });

  it('names each wrong setting without its value, because some are secrets', () => {
    const env = {
      PORT: 'http',
      LOG_LEVEL: 'loud',
      SIMULATOR_DEMO: 'yes',
      SIMULATOR_QUIRKS: '{"order":"random","seed":-1}',
      SIMULATOR_SECRET_KEY: 'hunter2',
    };
    let refusal: unknown;
    try {
      readSettings(env);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(InvalidInput);
    const { message } = refusal as InvalidInput;
    for (const name of ['PORT', 'LOG_LEVEL', 'SIMULATOR_DEMO', 'QUIRKS.order', 'QUIRKS.seed', 'SIMULATOR_ACCESS_KEY']) {
      expect(message).toContain(name);
    }
    expect(message).not.toContain('hunter2');
  });

  it('accepts the older name of SIMULATOR_QUIRKS, and not both names', () => {
    const order = '{"order":"shuffled"}';
    expect(readSettings({ SIMULATOR_ODDITIES: order }).quirks).toEqual({ order: 'shuffled' });
    expect(() => readSettings({ SIMULATOR_ODDITIES: '{"seed":-1}' })).toThrow('SIMULATOR_ODDITIES.seed must be');
    expect(() => readSettings({ SIMULATOR_ODDITIES: order, SIMULATOR_QUIRKS: order })).toThrow('set SIMULATOR_QUIRKS');
  });

  it('refuses quirks that are not JSON', () => {
    expect(() => readSettings({ SIMULATOR_QUIRKS: '{order' })).toThrow('SIMULATOR_QUIRKS must be a JSON object');
  });
});
