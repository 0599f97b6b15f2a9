import { InvalidInput } from './fields.js';
import { readSettings } from './settings.js';

describe('readSettings', () => {
  it('has a default for everything', () => {
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
    });
  });

  it('reads what is set', () => {
    const settings = readSettings({
      PORT: '4000',
      SIMULATOR_DEMO: 'true',
      SIMULATOR_ODDITIES: '{"cursor_form":"number19"}',
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

  it('names every wrong one, and no value: some are secrets', () => {
    const env = {
      PORT: 'http',
      LOG_LEVEL: 'loud',
      SIMULATOR_DEMO: 'yes',
      SIMULATOR_ODDITIES: '{"order":"random","seed":-1}',
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
    for (const name of [
      'PORT',
      'LOG_LEVEL',
      'SIMULATOR_DEMO',
      'ODDITIES.order',
      'ODDITIES.seed',
      'SIMULATOR_ACCESS_KEY',
    ]) {
      expect(message).toContain(name);
    }
    expect(message).not.toContain('hunter2');
  });

  it('refuses oddities that are no JSON', () => {
    expect(() => readSettings({ SIMULATOR_ODDITIES: '{order' })).toThrow('SIMULATOR_ODDITIES must be a JSON object');
  });
});
