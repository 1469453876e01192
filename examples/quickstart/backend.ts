import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the four backends of the quickstart have in common. */
export interface Backend {
  /** Listens on 127.0.0.1; without a port, on a free one. Resolves with the port. */
  listen(port?: number): Promise<number>;
  /** Cuts what is open and stops listening. */
  close(): Promise<void>;
}

export interface BackendOptions {
  /** Told the operation's name at every call, e.g. `getProduct`. */
  readonly onCall?: (operation: string) => void;
  /** Told when a stream is over and its timer gone, whoever ended it. */
  readonly onStreamEnd?: (operation: string) => void;
}

/** From a backend to the launcher, once. */
export type ReadyMessage =
  | { readonly ready: true; readonly port: number }
  | { readonly ready: false; readonly reason: string };

/** From the launcher to a backend. */
export interface StopMessage {
  readonly stop: true;
}

export function createHttpBackend(server: Server): Backend {
  return {
    listen: (port = 0) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The main function of a backend's process. Below the launcher it listens on a free port, tells which, and lives until
 * it is told to stop or the launcher is gone. On its own it listens on `standalonePort`, the one skein.yaml names.
 */
export async function runBackend(name: string, backend: Backend, standalonePort: number): Promise<void> {
  if (!process.send) {
    await backend.listen(standalonePort).then(
      (port) => process.stdout.write(`${name}: listening on 127.0.0.1:${port}\n`),
      (error: Error) => {
        process.stderr.write(`${name}: ${error.message}\n`);
        process.exitCode = 1;
      },
    );
    return;
  }
  if (!process.connected) process.exit(0);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    if (isStop(message)) void backend.close().finally(() => process.exit(0));
  });
  // Ctrl-C reaches the whole process group, and the gateway still needs its backends while it drains.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  try {
    tell({ ready: true, port: await backend.listen() });
  } catch (error) {
    tell({ ready: false, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** Path of a file of the quickstart that is not compiled, and so stands beside the source only. */
export function quickstartFile(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The quickstart is not inside its package: no package.json above it.');
    folder = parent;
  }
  return join(folder, 'examples', 'quickstart', name);
}

function tell(message: ReadyMessage): void {
  // A launcher that is gone cannot be told; `disconnect` ends the process then.
  process.send?.(message, undefined, undefined, () => {});
}

function isStop(message: unknown): message is StopMessage {
  return typeof message === 'object' && message !== null && 'stop' in message;
}
