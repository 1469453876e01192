import { createServer, type Server } from 'node:http';
import { connect, type LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { transportError } from '../transport-error.ts';
import { createPublicLookup, isPrivateHost, PrivateAddressError } from './network-guard.ts';

const DETAILS = { source: 'pets', operation: 'getPet' };

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Counts who connects. */
async function listen() {
  const seen = { connections: 0, port: 0 };
  const server = createServer((_request, response) => response.writeHead(204, { connection: 'close' }).end());
  server.on('connection', () => {
    seen.connections += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address !== null && typeof address === 'object') seen.port = address.port;
  return seen;
}

/** A name server that says these, one after the other. */
function answers(...rounds: string[][]): LookupFunction {
  return (_host, options, callback) => {
    const ips = rounds.length > 1 ? rounds.shift() : rounds[0];
    const found = (ips ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
}

const connectError = (host: string, port: number, lookup: LookupFunction): Promise<unknown> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, lookup });
    socket.on('error', resolve);
    socket.on('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });

describe('a socket with a public lookup', () => {
  it.each([true, false])('refuses a name that stands for a private address (autoSelectFamily: %s)', async (all) => {
    const seen = await listen();
    const lookup = createPublicLookup(answers(['127.0.0.1']));
    const error = await new Promise<unknown>((resolve) => {
      connect({ host: 'rebound.example', port: seen.port, lookup, autoSelectFamily: all }).on('error', resolve);
    });
    expect(error).toBeInstanceOf(PrivateAddressError);
    expect(seen.connections).toBe(0);
  });

  it('refuses a name that stands for a private address among public ones', async () => {
    const error = await connectError('mixed.example', 1, createPublicLookup(answers(['93.184.216.34', '::1'])));
    expect(error).toBeInstanceOf(PrivateAddressError);
    expect(String(error)).toContain('mixed.example stands for ::1');
  });

  it('refuses what the system knows as the loopback, in any spelling that it understands', async () => {
    const seen = await listen();
    for (const host of ['localhost', '127.1', '0x7f000001', '2130706433', '0177.0.0.1']) {
      expect([host, await connectError(host, seen.port, createPublicLookup())]).toEqual([host, expect.any(Error)]);
    }
    expect(seen.connections).toBe(0);
    expect(await connectError('localhost', seen.port, createPublicLookup())).toBeInstanceOf(PrivateAddressError);
  });

  it('hands on what a lookup finds or says otherwise', async () => {
    const failing: LookupFunction = (_host, _options, callback) => callback(new Error('ENOTFOUND'), '');
    expect(await connectError('gone.example', 1, createPublicLookup(failing))).toMatchObject({ message: 'ENOTFOUND' });
    const one = await new Promise((resolve) =>
      createPublicLookup(answers(['93.184.216.34']))('a.example', {}, (...found) => resolve(found)),
    );
    expect(one).toEqual([null, '93.184.216.34', 4]);
    const all = await new Promise((resolve) =>
      createPublicLookup(answers(['93.184.216.34', '2606:4700::1111']))('a.example', { all: true }, (...found) =>
        resolve(found[1]),
      ),
    );
    expect(all).toHaveLength(2);
  });
});

describe('a socket pool with a public lookup', () => {
  it('asks anew for each connection, so that a name cannot be bound to another address in between', async () => {
    const seen = await listen();
    // The guard is given a lookup that takes the local server for a public one, and then shows what it is.
    const rounds = [['93.184.216.34'], ['127.0.0.1']];
    const guarded = createPublicLookup(answers(...rounds));
    const toServer: LookupFunction = (host, options, callback) =>
      guarded(host, options, (error, found) => {
        if (error !== null) callback(error, found);
        else callback(null, [{ address: '127.0.0.1', family: 4 }]);
      });
    const pool = new Pool(`http://rebound.example:${seen.port}`, { connect: { lookup: toServer } });
    const first = await pool.request({ path: '/', method: 'GET' });
    expect(first.statusCode).toBe(204);
    const second = await pool.request({ path: '/', method: 'GET' }).catch((error: unknown) => error);
    expect(second).toBeInstanceOf(PrivateAddressError);
    expect(seen.connections).toBe(1);
    await pool.destroy();
  });

  it('fails with a public error that says nothing of the address, and a cause that does', async () => {
    const pool = new Pool('http://rebound.example', { connect: { lookup: createPublicLookup(answers(['10.1.2.3'])) } });
    const cause = await pool.request({ path: '/', method: 'GET' }).catch((error: unknown) => error);
    const error = transportError(cause, false, DETAILS);
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
    expect(error.extensions).toEqual({ code: 'UPSTREAM_UNREACHABLE', ...DETAILS });
    expect(error.message).not.toMatch(/10\.1|rebound/);
    expect(String(error.cause)).toContain('The name rebound.example stands for 10.1.2.3');
    await pool.destroy();
  });
});

describe('a host that is an address', () => {
  it('is refused in every spelling that URLs have for it', () => {
    const texts = ['http://127.0.0.1', 'http://2130706433', 'http://0x7f.1', 'http://0177.0.0.1:8080', 'http://127.1'];
    texts.push('http://[::1]', 'http://[::ffff:127.0.0.1]', 'https://[fe80::1]:8443', 'http://127.0.0.1.', 'http://0');
    texts.push('http://①②⑦.0.0.1', 'http://user@169.254.169.254/latest');
    for (const text of texts) {
      const { hostname } = new URL(text);
      expect([text, isPrivateHost(hostname)]).toEqual([text, true]);
    }
  });

  it('is taken when it is public; names show at connect time what they stand for', () => {
    for (const host of ['93.184.216.34', '[2606:4700::1111]', '2606:4700::1111', 'localhost', 'example.com']) {
      expect([host, isPrivateHost(host)]).toEqual([host, false]);
    }
  });
});
