import { describe, expect, it } from 'vitest';
import { cacheOptions } from '../sources/cache/options.ts';
import { corsOptions, type KeyOptions, limitOptions, reloadOptions, type SkeinConfig } from './config/schema.ts';
import type { Caller } from './identity/caller.ts';
import { authOptions } from './identity/options.ts';
import { createLiveSettings } from './live-settings.ts';
import { usageOptions } from './metering/options.ts';
import { ratesOptions } from './policy/rates/options.ts';

const key = (name: string, value = name): KeyOptions => ({
  ...{ name, key: value, graphiql: false, operator: false, rates: [] },
});

function config(change: Partial<SkeinConfig> = {}): SkeinConfig {
  return {
    file: '/skein.yaml',
    keys: [key('one')],
    auth: authOptions.parse({}),
    cors: corsOptions.parse({}),
    limits: limitOptions.parse({}),
    rates: ratesOptions.parse({}),
    reload: reloadOptions.parse({}),
    cache: cacheOptions.parse({}),
    usage: usageOptions.parse({}),
    sources: {},
    versions: {},
    links: {},
    types: {},
    overrides: {},
    providers: {},
    models: {},
    routes: {},
    prompts: {},
    broken: new Set(),
    ...change,
  };
}

describe('live settings', () => {
  it('take new keys and refuse old ones at once', () => {
    const settings = createLiveSettings(config());
    const { keyring } = settings;
    expect(keyring.identify({ authorization: 'Bearer one' })).toMatchObject({ name: 'one' });
    settings.use(config({ keys: [key('two')] }));
    expect(keyring.identify({ authorization: 'Bearer two' })).toMatchObject({ name: 'two' });
    expect(() => keyring.identify({ authorization: 'Bearer one' })).toThrow('The API key is not valid.');
  });

  it('give a key other limits at once, and what it has open goes on', () => {
    const settings = createLiveSettings(config({ keys: [key('one')] }));
    const before = settings.keyring.identify({ authorization: 'Bearer one' }) as Caller;
    settings.use(config({ keys: [{ ...key('one'), rates: [{ limit: 5, windowSeconds: 60 }] }] }));
    const after = settings.keyring.identify({ authorization: 'Bearer one' }) as Caller;
    expect(after.rates).toEqual([{ subject: 'config:one', name: 'key', limit: 5, windowMs: 60_000 }]);
    expect(settings.keyring.isCurrent(before)).toBe(true);
    settings.use(config({ keys: [{ ...key('one'), rates: [{ limit: 5, windowSeconds: 60 }] }] }));
    expect(settings.keyring.identify({ authorization: 'Bearer one' })).toBe(after);
  });

  it('know a caller whose key stays as the same one, for what belongs to it', () => {
    const settings = createLiveSettings(config({ keys: [key('one'), key('two')] }));
    const one = settings.keyring.identify({ authorization: 'Bearer one' });
    const two = settings.keyring.identify({ authorization: 'Bearer two' });
    settings.use(config({ keys: [key('three'), key('one'), key('two', 'other')] }));
    expect(settings.keyring.identify({ authorization: 'Bearer one' })).toBe(one);
    expect(settings.keyring.identify({ authorization: 'Bearer other' })).not.toBe(two);
  });

  it('know a key under another name, or one that comes back, as another caller', () => {
    const settings = createLiveSettings(config());
    const before = settings.keyring.identify({ authorization: 'Bearer one' });
    settings.use(config({ keys: [key('renamed', 'one')] }));
    expect(settings.keyring.identify({ authorization: 'Bearer one' })).toMatchObject({
      name: 'renamed',
      id: 'config:renamed',
      isOperator: false,
    });
    settings.use(config());
    expect(settings.keyring.identify({ authorization: 'Bearer one' })).not.toBe(before);
  });

  it('keep a key that was made at start, for its name', () => {
    const settings = createLiveSettings(config({ keys: [key('made', '')] }));
    const made = settings.keys[0]?.key as string;
    expect(settings.keys).toEqual([
      { name: 'made', key: made, graphiql: false, operator: true, generated: true, rates: [] },
    ]);
    settings.use(config({ keys: [key('one'), key('made', '')] }));
    expect(settings.keys[1]?.key).toBe(made);
    expect(settings.keyring.identify({ authorization: `Bearer ${made}` })).toMatchObject({ name: 'made' });
  });

  it('tell every limit as it is now, through the object that doors were given', () => {
    const settings = createLiveSettings(config());
    const { limits } = settings;
    expect({ ...limits }).toEqual(limitOptions.parse({}));
    const changed = {
      ...Object.fromEntries(Object.keys(limitOptions.shape).map((name, i) => [name, i + 1])),
      listSizes: { 'Query.products': 50 },
    };
    settings.use(config({ limits: limitOptions.parse(changed) }));
    expect({ ...limits }).toEqual(changed);
  });

  it('answer pages of the origins that are configured now', () => {
    const settings = createLiveSettings(config());
    const headersFor = (origin: string) => {
      const headers: Record<string, unknown> = {};
      const response = {
        setHeader: (name: string, value: unknown) => void Object.assign(headers, { [name.toLowerCase()]: value }),
        getHeader: (name: string) => headers[name.toLowerCase()],
        appendHeader: (name: string, value: unknown) => void Object.assign(headers, { [name.toLowerCase()]: value }),
      };
      cors({ method: 'POST', headers: { origin } } as never, response as never);
      return headers['access-control-allow-origin'];
    };
    const { cors } = settings;
    expect(headersFor('http://page.example')).toBeUndefined();
    settings.use(config({ cors: { origins: ['http://page.example'] } }));
    expect(headersFor('http://page.example')).toBe('http://page.example');
  });
});
