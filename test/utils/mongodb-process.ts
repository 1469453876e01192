import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

const CLASSES = '.ci/cache/mongodb/classes';

/** Whether `.ci/mongodb/build` has made the server that `startMongodbProcess` starts. */
export const hasMongodbProcess = existsSync(CLASSES) && process.env.SKEIN_TEST_MONGODB_URI !== undefined;

export interface MongodbProcess {
  readonly uri: string;
  kill(signal: NodeJS.Signals): void;
}

/** A server of MongoDB's protocol in a process of its own, for a test that stops it. */
export async function startMongodbProcess(port: number): Promise<MongodbProcess> {
  const server = spawn('java', ['-Xmx256m', '-cp', `${CLASSES}:.ci/cache/mongodb/lib/*`, 'Serve', String(port)]);
  let text = '';
  for (;;) {
    const [chunk] = (await once(server.stdout, 'data')) as [Buffer];
    text += String(chunk);
    const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (found !== undefined)
      return { uri: `mongodb://127.0.0.1:${found}/skein`, kill: (signal) => void server.kill(signal) };
  }
}
