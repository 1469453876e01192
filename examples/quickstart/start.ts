import { quickstartFile } from './backend.ts';
import { launch } from './launch.ts';

/** `npm start`: four backends, each a process of its own, and the gateway in this one. */

const tell = (line: string) => void process.stderr.write(`quickstart: ${line}\n`);

/** The variable that skein.yaml reads, and the address that goes into it. One that is set already is left alone. */
const BACKENDS = [
  { name: 'catalog', variable: 'CATALOG_URL', address: (port: number) => `http://127.0.0.1:${port}` },
  { name: 'inventory', variable: 'INVENTORY_ADDRESS', address: (port: number) => `127.0.0.1:${port}` },
  { name: 'reviews', variable: 'REVIEWS_URL', address: (port: number) => `http://127.0.0.1:${port}/graphql` },
  { name: 'stand-in', variable: 'STAND_IN_URL', address: (port: number) => `http://127.0.0.1:${port}/v1` },
];

async function start(): Promise<number> {
  const launching = BACKENDS.map(async (backend) => {
    const running = await launch(backend.name, new URL(`./${backend.name}/main.js`, import.meta.url), tell);
    return { ...running, variable: backend.variable, address: backend.address(running.port) };
  });
  // The gateway's modules load while the backends start.
  const [{ startGateway }, backends] = await Promise.all([import('../../src/main.ts'), Promise.all(launching)]);

  const env: Record<string, string | undefined> = { ...process.env };
  for (const { variable, address } of backends) env[variable] ||= address;
  env.SKEIN_CONFIG ||= quickstartFile('skein.yaml');
  try {
    const { closed } = await startGateway(env);
    return await closed;
  } finally {
    await Promise.all(backends.map((backend) => backend.stop()));
  }
}

try {
  process.exit(await start());
} catch (error) {
  tell(error instanceof Error ? error.message : String(error));
  // The backends that did start end with their channel to this process.
  process.exit(1);
}
